"""Does a network of sigmoids train with batch normalization alone?"""

import numpy as np

from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import CHANCE, Evidence
from bnrepro.claims.figure_2 import OWN_BEST, SECTION
from bnrepro.claims.inception import BN_X5_SIGMOID, READS, SIGMOID, SIGMOIDS, STUDY, best
from bnrepro.claims.statistics import THRESHOLDS, mean


def compare(runs: Evidence) -> list[Part]:
    with_it, without = mean(best(runs, BN_X5_SIGMOID)), mean(best(runs, SIGMOID))
    return [
        Part(with_it, with_it.within(CHANCE, np.inf), name="BN-x5-Sigmoid"),
        Part(without, without.within(-np.inf, CHANCE), name="Inception with sigmoids"),
    ]


CLAIM = Claim(
    id="inception-sigmoid",
    place=5,
    title="Sigmoids",
    source=f"{SECTION}.2",
    stated=Rule(
        statement="With batch normalization the network trains with sigmoids; without it, it stays at chance.",
        words="Two parts: the best accuracy of `BN-x5-Sigmoid` is above 30%; that of `Inception` with sigmoids below. "
        f"{OWN_BEST}",
        measure="best accuracy",
        compare=compare,
        reads={STUDY: READS[STUDY], SIGMOIDS: READS[SIGMOIDS]},
        thresholds={"chance": CHANCE, **THRESHOLDS},
    ),
    findings={
        "holds": "Sigmoids train with batch normalization, and stay at chance without it.",
        "fails": "Sigmoids do not train with batch normalization, and do without it.",
        "depends": "Of sigmoids one half of the statement is so, and the other is not.",
        "undecided": "These runs do not tell whether batch normalization decides if sigmoids train.",
    },
    caution="Initial weights are those of Glorot and Bengio; other weights might let the network without batch "
    "normalization leave chance ([sigmoid-trains](#sigmoid-trains)).",
)
