"""The paper's Figures 2 and 3 with a small network: its arms by the paper's names, and what they are compared by.

The paper's targets are the baseline's own: how many steps another network takes to the best accuracy that the baseline
reaches. Here each seed has its own baseline. Accuracies are those by population statistics (the paper's Algorithm 2),
of two evaluations in a row.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bnrepro.claims.evidence import Evidence
from bnrepro.claims.statistics import Effect, Sample, difference, ratio

STUDY, FASTER, SIGMOIDS = "inception", "inception_faster", "inception_sigmoid"
RATES, CHANGES = "inception_rates", "inception_changes"
READS = {
    STUDY: ("normalization", "activation"),
    FASTER: ("normalization", "learning_rate"),
    SIGMOIDS: (),
    RATES: ("normalization", "learning_rate"),
}
MODE = "population_accuracy"
ACCURACY_MATTERS = 0.005  # test accuracy: what the paper's Figure 3 puts BN-Baseline above Inception by


class Arm(NamedTuple):
    """A network of Figure 2, or one that the paper only mentions.

    Attributes:
        study: that has its runs.
        times: its learning rate, as a multiple of the baseline's.
    """

    study: str
    normalization: str
    activation: str
    times: float


BASELINE = Arm(STUDY, "none", "relu", 1)
BN_BASELINE = Arm(STUDY, "batch", "relu", 1)
BN_X5, BN_X30 = (Arm(FASTER, "batch", "relu", times) for times in (5, 30))
BN_X5_SIGMOID = Arm(SIGMOIDS, "batch", "sigmoid", 5)
X5, X30 = (Arm(FASTER, "none", "relu", times) for times in (5, 30))
SIGMOID = Arm(STUDY, "none", "sigmoid", 1)
ARMS = {
    "Inception": BASELINE,
    "BN-Baseline": BN_BASELINE,
    "BN-x5": BN_X5,
    "BN-x30": BN_X30,
    "BN-x5-Sigmoid": BN_X5_SIGMOID,
    "x5": X5,
    "x30": X30,
    "Sigmoid": SIGMOID,
}


def rate(runs: Evidence, times: float = 1) -> float:
    """A multiple of the baseline's learning rate."""
    return times * float(runs.rows(STUDY)["learning_rate"].iloc[0])


def alone(runs: Evidence, normalization: str, times: float) -> dict[str, Any]:
    """The factors of a network of study `inception_rates`: the rate changes, and nothing else does."""
    return {"normalization": normalization, "learning_rate": rate(runs, times)}


def best(runs: Evidence, arm: Arm) -> Sample:
    """The highest accuracy of every seed."""
    return runs.best(arm.study, MODE, **_of(runs, arm))


def steps(runs: Evidence, arm: Arm, target: float | pd.Series) -> Sample:
    """Steps to an accuracy: of all seeds, or by seed."""
    return runs.steps(arm.study, target, MODE, **_of(runs, arm))


def speedup(runs: Evidence, arm: Arm, than: Arm = BASELINE) -> Effect:
    """How many times fewer steps than another network it takes to the baseline's best accuracy, seed by seed."""
    target = best(runs, BASELINE).at
    return ratio(steps(runs, arm, target), steps(runs, than, target))


def gain(runs: Evidence, arm: Arm, than: Arm = BASELINE) -> Effect:
    """By how much its best accuracy is higher than another network's."""
    return difference(best(runs, than), best(runs, arm))


def reached(runs: Evidence) -> float:
    """The highest whole percent of accuracy that the baseline reaches in every seed, at its best rate."""
    rates = map(float, runs.values(RATES, "learning_rate", normalization="none"))
    lowest = [runs.best(RATES, MODE, normalization="none", learning_rate=own).at.min() for own in rates]
    return float(np.floor(100 * max(lowest)) / 100)


def _of(runs: Evidence, arm: Arm) -> dict[str, Any]:
    """The factors that single its runs out in its study."""
    named = {"normalization": arm.normalization, "learning_rate": rate(runs, arm.times)}
    return named | ({"activation": arm.activation} if arm.study == STUDY else {})
