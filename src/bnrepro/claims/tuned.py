"""Two arms, each at its own best learning rate: chosen on held-out images, for each seed by the other seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd

from bnrepro.claims import prose
from bnrepro.claims.engine import Part
from bnrepro.claims.evidence import Evidence, fewer
from bnrepro.claims.statistics import Sample

AT_AN_EDGE = "at an edge of the grid"  # ends a part's note where a chosen rate is


class Tuned(NamedTuple):
    """A comparison of two arms.

    Attributes:
        rates: of each arm, the learning rates by seed.
        at_edge: of each arm, whether one of them is the lowest or the highest of its grid.
    """

    part: Part
    rates: Sequence[pd.Series]
    at_edge: Sequence[bool]


def fewer_steps(
    runs: Evidence, study: str, target: float, first: Mapping[str, Any], second: Mapping[str, Any]
) -> list[Tuned]:
    """Whether the first of two arms takes fewer steps to a test accuracy: see `bnrepro.claims.evidence.fewer`.

    Beyond an edge of its grid an arm may have a better rate. Where that could turn the answer, it is undecided: "so" if
    the second arm is at an edge, "not so" if the first is.
    """
    arms, at_edge = (first, second), []
    rates = [runs.rates_by_others(study, target, **arm) for arm in arms]
    for arm, chosen in zip(arms, rates, strict=True):
        grid = runs.values(study, "learning_rate", **arm)
        at_edge.append(bool(chosen.isin([grid[0], grid[-1]]).any()))
    found = []
    for part in fewer(*(_steps(runs, study, target, arm, chosen) for arm, chosen in zip(arms, rates, strict=True))):
        open_answer = (part.so is True and at_edge[1]) or (part.so is False and at_edge[0])
        found.append(Tuned(_noted(part, rates, any(at_edge), None if open_answer else part.so, target), rates, at_edge))
    return found


def _noted(part: Part, rates: Sequence[pd.Series], at_edge: bool, so: bool | None, target: float) -> Part:
    chosen = " and ".join(prose.span(own, "{:g}") for own in rates)
    told = [part.note, f"learning rates {chosen}", AT_AN_EDGE if at_edge else ""]
    return replace(part, so=so, note=", ".join(filter(None, told)), at={"target": target})


def _steps(runs: Evidence, study: str, target: float, arm: Mapping[str, Any], rates: pd.Series) -> Sample:
    """Steps of every seed at its rate. The networks are those of all rates, since all of them chose."""
    at = {rate: runs.steps(study, target, **arm, learning_rate=rate) for rate in rates.unique()}
    own = {seed: [bound[seed] for bound in at[rate][:3]] for seed, rate in rates.items()}
    bounds = pd.DataFrame.from_dict(own, orient="index")
    return Sample(bounds[0], bounds[1], bounds[2], frozenset(runs.rows(study, **arm)["network"].unique()))
