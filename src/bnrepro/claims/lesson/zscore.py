"""Does batch normalization give every unit mean 0 and variance 1 over the mini-batch?"""

from collections.abc import Iterator

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Found, NotTested, Part, Rule
from bnrepro.claims.evidence import Evidence
from bnrepro.claims.lesson import LECTURE

TOLERANCE = 0.01  # float32 over 60 values rounds to 1e-6 or so; a missing term would show in tenths
MEDIAN_TOLERANCE = 0.05  # of the variance that half of the units exceed
MEAN, VARIANCE = "mean farthest from 0, {implementation}", "variance farthest off, {implementation}"
MEDIAN = "median variance, {implementation}"


def compare(runs: Evidence) -> list[Part]:
    parts = []
    finals = runs.finals[runs.finals["normalization"] == "batch"]
    if "zscore_mean" not in finals:
        raise NotTested("study depth has no runs with batch normalization")
    for implementation, group in finals.dropna(subset="zscore_mean").groupby("implementation", sort=False):
        mean, error = group["zscore_mean"].max(), group["zscore_variance_error"].max()
        median = group["zscore_variance_median"].min()
        parts += [
            Part(MEAN.format(implementation=implementation), mean, 0.0, bool(mean <= TOLERANCE)),
            Part(VARIANCE.format(implementation=implementation), error, 0.0, bool(error <= TOLERANCE)),
            Part(MEDIAN.format(implementation=implementation), median, 1.0, bool(abs(median - 1) <= MEDIAN_TOLERANCE)),
        ]
    return parts


def remarks(found: Found) -> Iterator[str]:
    formula = [part for form in (MEAN, VARIANCE) for _, part in found.like(form)]
    if formula and all(part.met for part in formula):
        yield "The mean is 0 to rounding, and the variance v / (v + epsilon), in every implementation."
    short = [(at["implementation"], part) for at, part in found.like(MEDIAN) if part.met is False and part.first < 1]
    if short:
        medians = prose.listed(f"{prose.number(part.first)} ({implementation})" for implementation, part in short)
        yield f"Half of the units have a variance of at most {medians}: they vary little beside epsilon."


CLAIM = Claim(
    id="zscore",
    place=2.1,
    title="Z-scores",
    source=f"{LECTURE}; arXiv:1502.03167, Algorithm 1",
    statement="Batch normalization gives each unit mean 0 and variance 1 over the mini-batch, before gamma and beta.",
    rule=Rule(
        words="Over every mini-batch, what batch normalization gives before gamma and beta has mean 0 and variance v / "
        "(v + e). v: the unit's own variance, e: epsilon. Within 0.01, for every unit of every layer and 20 "
        "mini-batches of training images, with the parameters that the runs of study `depth` end with, computed in one "
        "place for all implementations; and the median of the variances is within 0.05 of 1. Parts for each "
        "implementation. Holds: in all. Fails: in none. Mixed: in some.",
        compare=compare,
        reads={"depth": ("implementation", "normalization", "depth")},
        thresholds={"tolerance": TOLERANCE, "median_tolerance": MEDIAN_TOLERANCE},
    ),
    remarks=remarks,
    wording="Not quite variance 1: v / (v + epsilon), where v is the unit's own variance (arXiv:1502.03167, Algorithm "
    "1). A unit that varies little falls short of 1. And after gamma and beta, mean and variance are whatever training "
    "makes of them.",
)
