"""Effects: what two arms differ by over the same seeds, with a 95% interval.

A ratio of positive quantities is the geometric mean of the ratios by seed, with Student's t interval on the logarithms.
A difference is the mean of the seeds' differences, with the t interval. Some quantities are known between two bounds
alone: iterations to a target lie between two evaluations, or beyond the budget. Each end of an interval then takes the
bounds that move it farthest out. Accuracies are counts of images: where all seeds agree, the mean is known to one image
over the square root of their number, and no better.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from bnrepro.analysis.steps_to_target import bound

CONFIDENCE = 0.95
LEAST_PAIRS = 3  # the t quantile of two pairs is 12.7: their interval says nothing
THRESHOLDS = {"confidence": CONFIDENCE, "least_pairs": LEAST_PAIRS}  # of every rule that asks for effects


_confidence = ContextVar("confidence", default=CONFIDENCE)


@contextmanager
def widened(comparisons: int) -> Iterator[None]:
    """Intervals that so many comparisons need, to err in any of them as rarely as one does (Bonferroni)."""
    token = _confidence.set(1 - (1 - CONFIDENCE) / comparisons)
    try:
        yield
    finally:
        _confidence.reset(token)


class TooFew(Exception):
    """There are too few pairs for an interval."""


class Sample(NamedTuple):
    """A quantity of the runs of one arm, by seed.

    Attributes:
        at: its values; where only bounds are known, the one that is finite.
        low, high: bounds. A value that is known lies on both.
        runs: the networks that it was measured on (`bnrepro.analysis.curves.network`).
        unit: of which its values are multiples, as accuracies are of one image; 0 where they may be any.
    """

    at: pd.Series
    low: pd.Series
    high: pd.Series
    runs: frozenset[str] = frozenset()
    unit: float = 0.0

    @classmethod
    def known(cls, values: pd.Series, runs: frozenset[str] = frozenset(), unit: float = 0.0) -> "Sample":
        return cls(values, values, values, runs, unit)


@dataclass(frozen=True)
class Effect:
    """A ratio or a difference over pairs of seeds.

    Attributes:
        estimate: of values that are known, or of the finite bounds of others.
        low, high: ends of the interval; 0 or infinite where the bounds leave them open.
        pairs: seeds.
        runs: the networks that were compared.
    """

    estimate: float
    low: float
    high: float
    pairs: int
    runs: frozenset[str] = frozenset()

    @property
    def inverse(self) -> "Effect":
        """A ratio the other way round."""
        low, high = (np.inf if end == 0 else 1 / end for end in (self.high, self.low))
        return Effect(1 / self.estimate, low, high, self.pairs, self.runs)

    @property
    def tabulated(self) -> tuple[float, float, float, str]:
        """A positive quantity as tables have it: estimate, low and high (NaN where open), and its kind of bound."""
        low, high = (np.nan if end in (0, np.inf) else end for end in (self.low, self.high))
        return self.estimate, low, high, bound(bool(np.isinf(self.high)), self.low == 0)

    def exceeds(self, null: float, least: float) -> bool | None:
        """Whether it is above `null`, and large enough to matter.

        True where the interval lies above `null` and the estimate is no smaller than `least`; False where the interval
        lies below `least`; None otherwise.

        Args:
            least: the smallest effect that matters, at or above `null`.
        """
        if self.high < least:
            return False
        return True if self.low > null and self.estimate >= least else None

    def falls_short(self, null: float, least: float) -> bool | None:
        """The opposite of `exceeds`, a test of equivalence: True where the interval lies below `least`."""
        above = self.exceeds(null, least)
        return None if above is None else not above

    def within(self, low: float, high: float) -> bool | None:
        """Whether it lies between two bounds: None where its interval lies neither inside nor outside."""
        if low < self.low and self.high < high:
            return True
        return False if self.high < low or high < self.low else None


def ratio(first: Sample, second: Sample) -> Effect:
    """How many times the second is larger than the first, for positive quantities.

    Raises:
        TooFew: there are fewer than three pairs.
    """
    effect = difference(_logarithms(first), _logarithms(second))
    estimate, low, high = np.exp([effect.estimate, effect.low, effect.high]).tolist()
    return Effect(estimate, low, high, effect.pairs, effect.runs)


def _logarithms(sample: Sample) -> Sample:
    with np.errstate(divide="ignore"):
        return Sample(np.log(sample.at), np.log(sample.low), np.log(sample.high), sample.runs)


def difference(first: Sample, second: Sample) -> Effect:
    """By how much the second is larger than the first.

    Raises:
        TooFew: there are fewer than three pairs.
    """
    seeds = first.at.index.intersection(second.at.index)
    if len(seeds) < LEAST_PAIRS:
        raise TooFew(f"a comparison needs {LEAST_PAIRS} seeds at least")

    def pairs(of_first: pd.Series, of_second: pd.Series) -> np.ndarray:
        return (of_second[seeds] - of_first[seeds]).to_numpy(float)

    unit = max(first.unit, second.unit)
    low, _ = interval(pairs(first.high, second.low), unit)
    _, high = interval(pairs(first.low, second.high), unit)
    return Effect(float(pairs(first.at, second.at).mean()), low, high, len(seeds), first.runs | second.runs)


def mean(sample: Sample) -> Effect:
    """What one arm has, over its seeds.

    Raises:
        TooFew: there are fewer than three.
    """
    nothing = pd.Series(0.0, sample.at.index)
    return difference(Sample.known(nothing), sample)


def typical(sample: Sample) -> Effect:
    """The geometric mean of a positive quantity over its seeds.

    Raises:
        TooFew: there are fewer than three.
    """
    return ratio(Sample.known(pd.Series(1.0, sample.at.index)), sample)


def quotient(first: Sample, second: Sample) -> Sample:
    """How many times the second is larger than the first, seed by seed, for positive quantities."""
    bounds = second.at / first.at, second.low / first.high, second.high / first.low
    return Sample(*bounds, first.runs | second.runs)


def interval(values: np.ndarray, unit: float = 0.0) -> tuple[float, float]:
    """Student's t interval of a mean; it ends nowhere where a value is infinite, or no number.

    Args:
        unit: of which the values are multiples; the interval reaches one over the square root of their number at least.
    """
    if not np.isfinite(values).all():
        return -np.inf, np.inf
    spread = stats.t.ppf((1 + _confidence.get()) / 2, len(values) - 1) * stats.sem(values)
    reach = max(spread, unit / np.sqrt(len(values)))
    return float(values.mean() - reach), float(values.mean() + reach)


def share(counted: int, of: int, pairs: int, runs: frozenset[str] = frozenset()) -> Effect:
    """A share of images, with its exact 95% interval (Clopper and Pearson).

    Of the images on which two classifiers differ, the share that one has right is above or below one half by the same
    measure as in the exact form of McNemar's test.

    Args:
        pairs, runs: the seeds over which images were counted, and their networks.
    """
    if not of:
        return Effect(np.nan, 0.0, 1.0, pairs, runs)
    found = stats.binomtest(counted, of).proportion_ci(_confidence.get(), method="exact")
    return Effect(counted / of, float(found.low), float(found.high), pairs, runs)
