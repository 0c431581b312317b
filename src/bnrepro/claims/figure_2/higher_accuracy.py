"""Do networks with batch normalization reach a higher accuracy than the baseline?"""

from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import Evidence
from bnrepro.claims.figure_2 import OWN_BEST
from bnrepro.claims.inception import ACCURACY_MATTERS, ARMS, FASTER, READS, STUDY, gain
from bnrepro.claims.statistics import THRESHOLDS

HIGHER = ("BN-Baseline", "BN-x5", "BN-x30")


def compare(runs: Evidence) -> list[Part]:
    gained = {name: gain(runs, ARMS[name]) for name in HIGHER}
    return [Part(effect, effect.exceeds(0, ACCURACY_MATTERS), name=name) for name, effect in gained.items()]


CLAIM = Claim(
    id="inception-accuracy",
    place=4,
    title="Higher accuracy",
    source="arXiv:1502.03167, Figure 3",
    stated=Rule(
        statement="BN-Baseline, BN-x5 and BN-x30 reach a higher accuracy than Inception.",
        words=f"The best accuracy of each less that of `Inception`, within the same budget. {OWN_BEST}",
        measure="accuracy gained",
        compare=compare,
        reads={STUDY: READS[STUDY], FASTER: READS[FASTER]},
        thresholds={"accuracy": ACCURACY_MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "All three networks with batch normalization reach a higher accuracy than the baseline.",
        "fails": "No network with batch normalization reaches a higher accuracy than the baseline.",
        "depends": "Some of the networks with batch normalization reach a higher accuracy than the baseline, and some "
        "do not.",
        "undecided": "These runs do not tell of each network with batch normalization whether it reaches a higher "
        "accuracy than the baseline.",
    },
    caution="The paper's networks were trained until they gained no more; these have a budget.",
)
