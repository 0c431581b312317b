"""Does batch normalization turn a layer's weights into z-scores, or what its units get?"""

from collections.abc import Iterator, Sequence

import numpy as np

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import MATTERS, NORMALIZED, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS, mean

TOLERANCE = 0.01  # float32 over 60 values rounds to 1e-6 or so; a missing term would show in tenths
MEDIAN_TOLERANCE = 0.05  # of the variance that half of the units exceed
MEDIAN = "median variance"
BOUNDS = {
    "zscore_mean": ("mean farthest from 0", -np.inf, TOLERANCE),
    "zscore_variance_error": ("variance farthest off", -np.inf, TOLERANCE),
    "zscore_variance_median": (MEDIAN, 1 - MEDIAN_TOLERANCE, 1 + MEDIAN_TOLERANCE),
}


def compare_weights(runs: Evidence) -> list[Part]:
    parts = []
    for depth in runs.values("depth", "depth", **NORMALIZED):
        if depth > 1:  # the first layer's inputs are as many as pixels
            looks = runs.look("depth", "weight_size", runs.moment("depth", 1), depth=depth, **NORMALIZED)
            size = mean(runs.seen(looks.mean(axis=1), "depth", depth=depth, **NORMALIZED))
            parts.append(Part(size, size.within(1 / MATTERS, MATTERS), {"depth": depth}))
    return parts


def compare(runs: Evidence) -> list[Part]:
    parts = []
    for depth in runs.values("depth", "depth", **NORMALIZED):
        for column, (name, low, high) in BOUNDS.items():
            effect = mean(runs.final("depth", column, depth=depth, **NORMALIZED))
            parts.append(Part(effect, effect.within(low, high), {"depth": depth}, name))
    return parts


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    if all(part.so for part in parts if part.name != MEDIAN):
        yield "The mean is 0 to rounding, and the variance v / (v + epsilon), at every depth."
    if medians := [part.effect.estimate for part in parts if part.name == MEDIAN]:
        yield f"The median unit has a variance of {prose.span(medians, '{:.3f}')}."


CLAIM = Claim(
    id="zscore",
    place=2.1,
    title="Z-scores",
    source=f"{LECTURE}; arXiv:1502.03167, Algorithm 1",
    stated=Rule(
        statement="Batch normalization normalizes the weights of all the neurons in a layer: it turns them into "
        "z-scores.",
        words="Z-scores have a mean square of 1. Keras models with batch normalization, study `depth`, at the last "
        "look: the root mean square of a kernel's weights, the mean over layers from the second on, lies between 1 / "
        "1.1 and 1.1. A part for each depth.",
        measure="root mean square of the weights",
        compare=compare_weights,
        reads={"depth": ("implementation", "normalization", "depth")},
        thresholds={"matters": MATTERS, **THRESHOLDS},
    ),
    meant=Rule(
        statement="Batch normalization gives each unit mean 0 and variance 1 over the mini-batch, before gamma and "
        "beta.",
        words="Over every mini-batch, what batch normalization gives before gamma and beta has mean 0 and variance v / "
        "(v + e). v: the unit's own variance, e: epsilon. Keras models of study `depth` with their last parameters: "
        "the value farthest off, over every unit of every layer and 20 mini-batches of training images, is within "
        "0.01; and the median of the variances is within 0.05 of 1. Parts for each depth.",
        compare=compare,
        reads={"depth": ("implementation", "normalization", "depth")},
        thresholds={"tolerance": TOLERANCE, "median_tolerance": MEDIAN_TOLERANCE, **THRESHOLDS},
    ),
    findings={
        "holds": "Before gamma and beta a unit has mean 0 and variance 1 over the mini-batch, nearly.",
        "depends": "Before gamma and beta a unit does not have mean 0 and variance 1 at every depth.",
        "undecided": "These runs do not tell whether a unit has mean 0 and variance 1 over the mini-batch, before "
        "gamma and beta.",
        "fails": "Before gamma and beta a unit has neither mean 0 nor variance 1 over the mini-batch.",
    },
    remarks=remarks,
    wording="The weights stay as they are; scaling them changes nothing, BN(aWu) = BN(Wu) (arXiv:1502.03167, section "
    "3.3). Before gamma and beta a unit has a variance of v / (v + epsilon), where v is its own (Algorithm 1): a unit "
    "that varies little falls short of 1. And after gamma and beta, mean and variance are whatever training makes of "
    "them.",
)
