"""Arms at their own best learning rates: chosen on held-out images, for each seed by the other seeds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bnrepro.claims import prose
from bnrepro.claims.engine import Part
from bnrepro.claims.evidence import CHANCE, Evidence, fewer
from bnrepro.claims.statistics import Sample

# What rules say of it.
WORDS = (
    "Each has, for each seed, the learning rate with which the other seeds take the fewest mean iterations to the same "
    "accuracy on held-out images (of equals, that of the higher accuracy there). If that is the lowest or the highest "
    "of its grid, a better one may lie beyond: where it could turn the answer, the part is undecided."
)
AT_AN_EDGE = "at an edge of the grid"  # ends a part's note where a chosen rate is


@dataclass(frozen=True)
class Tuned:
    """An arm, each run of it at the learning rate that was best for the other seeds.

    Attributes:
        factors: that make the arm.
        rates: its learning rates by seed.
        at_edge: whether one of them is the lowest or the highest of its grid, beyond which a better one may lie. Not so
            of an arm that stays at chance at all of them: it has no best rate.
        chosen_by: the networks of all rates (`bnrepro.analysis.curves.network`), since all of them chose.
    """

    factors: Mapping[str, Any]
    rates: pd.Series
    at_edge: bool
    chosen_by: frozenset[str]

    @property
    def usual_rate(self) -> float:
        """The learning rate of most seeds."""
        return float(self.rates.mode()[0])

    def sample(self, measure: Callable[..., Sample], **factors: Any) -> Sample:
        """What the arm has, by seed.

        Args:
            measure: from factors to what the runs with them have.
            factors: of which it has other values than those that its rates were chosen at.
        """
        own = {rate: measure(**{**self.factors, **factors, "learning_rate": rate}) for rate in self.rates.unique()}
        bounds = [
            pd.Series({seed: getattr(own[rate], name).get(seed, np.nan) for seed, rate in self.rates.items()})
            for name in ("at", "low", "high")
        ]
        return Sample(bounds[0], bounds[1], bounds[2], self.chosen_by.union(*(sample.runs for sample in own.values())))


class Comparison(NamedTuple):
    """Of two tuned arms."""

    part: Part
    first: Tuned
    second: Tuned


@dataclass(frozen=True)
class Grid:
    """An arm of a study at every learning rate that the study has of it.

    Attributes:
        factors: that make the arm.
    """

    runs: Evidence
    study: str
    factors: Mapping[str, Any]

    def choose(self, target: float) -> Tuned:
        """The arm at the learning rates with which the other seeds take the fewest mean steps to a held-out accuracy.

        Of equals, as where no run arrives, that of the higher accuracy there (`Evidence.best`), and then the lower. A
        seed's own luck on the images that are held out so has no part in the choice of its rate.
        """
        steps = self._held_out(partial(self.runs.steps, self.study, target, "validation_accuracy"))
        best = self._best
        chosen = {seed: _fastest(steps.drop(index=seed), best.drop(index=seed)) for seed in steps.index}
        ends = {steps.columns.min(), steps.columns.max()}
        at_edge = not ends.isdisjoint(chosen.values()) and bool(best.max(axis=None) >= CHANCE)
        networks = self.runs.rows(self.study, **self.factors)["network"]
        return Tuned(self.factors, pd.Series(chosen), at_edge, frozenset(networks.unique()))

    @cached_property
    def _best(self) -> pd.DataFrame:
        return self._held_out(partial(self.runs.best, self.study, "validation_accuracy"))

    def _held_out(self, measure: Callable[..., Sample]) -> pd.DataFrame:
        """[seeds, learning rates]"""
        rates = map(float, self.runs.values(self.study, "learning_rate", **self.factors))
        return pd.DataFrame({rate: measure(**self.factors, learning_rate=rate).at for rate in rates})


def fewer_steps(target: float, *arms: Grid, column: str = "accuracy") -> list[Comparison]:
    """Whether the first of two arms takes fewer steps to a test accuracy: see `bnrepro.claims.evidence.fewer`.

    Beyond an edge of its grid an arm may have a better rate. Where that could turn the answer, it is undecided: "so" if
    the second arm is at an edge, "not so" if the first is.
    """
    chosen = [arm.choose(target) for arm in arms]
    steps = [
        own.sample(partial(arm.runs.steps, arm.study, target, column)) for arm, own in zip(arms, chosen, strict=True)
    ]
    return [Comparison(_noted(part, target, *chosen), *chosen) for part in fewer(*steps)]


def _noted(part: Part, target: float, first: Tuned, second: Tuned) -> Part:
    turns = (part.so is True and second.at_edge) or (part.so is False and first.at_edge)
    chosen = " and ".join(prose.span(arm.rates, "{:g}") for arm in (first, second))
    told = [part.note, f"learning rates {chosen}", AT_AN_EDGE if first.at_edge or second.at_edge else ""]
    return replace(part, so=None if turns else part.so, note=", ".join(filter(None, told)), at={"target": target})


def _fastest(steps: pd.DataFrame, best: pd.DataFrame) -> float:
    """The rate of the fewest mean steps, of equals that of the highest mean accuracy, then the lowest rate.

    Args:
        steps, best: [seeds, rates].
    """
    means = pd.DataFrame({"steps": steps.mean(), "missed": -best.mean()})
    return float(means.sort_index().sort_values(["steps", "missed"]).index[0])
