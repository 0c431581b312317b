"""Do networks without batch normalization fail at the higher rates?"""

import numpy as np

from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import CHANCE, Evidence
from bnrepro.claims.figure_2 import CHANGED, OWN_BEST, SECTION
from bnrepro.claims.inception import (
    ACCURACY_MATTERS,
    BASELINE,
    FASTER,
    MODE,
    RATES,
    READS,
    STUDY,
    X5,
    X30,
    alone,
    best,
)
from bnrepro.claims.statistics import THRESHOLDS, Sample, difference, mean

ALONE = "rate alone"


def compare(runs: Evidence) -> list[Part]:
    found = []
    for name, times, sample in _networks(runs):
        effect = mean(sample)
        found.append(Part(effect, effect.within(-np.inf, CHANCE), {"times": times}, name))
    return found


def compare_with_the_baseline(runs: Evidence) -> list[Part]:
    found, own = [], best(runs, BASELINE)
    for name, times, sample in _networks(runs):
        lost = difference(sample, own)
        found.append(Part(lost, lost.exceeds(0, ACCURACY_MATTERS), {"times": times}, name))
    return found


def _networks(runs: Evidence) -> list[tuple[str, int, Sample]]:
    """Name, times the rate and best accuracies of each, without batch normalization."""
    changed = [("as in the paper", arm.times, best(runs, arm)) for arm in (X5, X30)]
    return [
        *((name, int(times), sample) for name, times, sample in changed),
        *((ALONE, times, runs.best(RATES, MODE, **alone(runs, "none", times))) for times in (5, 30)),
    ]


CLAIM = Claim(
    id="inception-without",
    place=6,
    title="Higher rates without batch normalization",
    source=f"{SECTION}.1",
    stated=Rule(
        statement="Without batch normalization the network does not train at 5 and 30 times the rate.",
        words=f"Its best accuracy is below 30%. Four parts: 5 and 30 times the rate, {CHANGED} and with the rate alone "
        f"changed. {OWN_BEST}",
        measure="best accuracy",
        compare=compare,
        reads={STUDY: READS[STUDY], FASTER: READS[FASTER], RATES: READS[RATES]},
        thresholds={"chance": CHANCE, **THRESHOLDS},
    ),
    meant=Rule(
        statement="Without batch normalization the network is worse at 5 and 30 times its best rate than at that.",
        words="The best accuracy of `Inception` less that of each of the same four networks.",
        measure="accuracy lost",
        compare=compare_with_the_baseline,
        reads={STUDY: READS[STUDY], FASTER: READS[FASTER], RATES: READS[RATES]},
        thresholds={"accuracy": ACCURACY_MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "Without batch normalization the network is worse at both multiples of its best rate.",
        "fails": "Without batch normalization the network is no worse at multiples of its best rate.",
        "depends": "Without batch normalization the network is worse at some multiples of its best rate, and not at "
        "others.",
        "undecided": "These runs do not tell everywhere whether the network without batch normalization is worse at "
        "multiples of its best rate.",
    },
    caution="That a network is worse above its best rate is what makes that rate the best: the statement is about how "
    "near the two are.",
)
