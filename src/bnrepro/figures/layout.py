"""What the figure of any study shows of it: which factor is along an axis, which has panels, and what is left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from bnrepro.analysis.curves import series

MOST_ROWS = 5  # of panels

Scale = Literal["linear", "log", "side by side"]


@dataclass(frozen=True)
class Layout:
    """How a study's factors are drawn.

    Attributes:
        arms: the normalizations.
        across: the factor along the axis of iterations to the target; None where a study crosses normalizations alone.
        values: its values.
        down: the factor that has a row of panels for each value; None where there is no second one.
        rows: those of its values that are drawn.
        left_out: those that are not, in `MOST_ROWS` rows.
        fixed: the value at which each further factor is drawn.
    """

    arms: list[str]
    across: str | None
    values: list[Any]
    down: str | None
    rows: list[Any]
    left_out: list[Any]
    fixed: dict[str, Any]

    @property
    def by_value(self) -> bool:
        """Whether a panel of curves is one value, with a line for each arm; otherwise it is an arm."""
        return len(self.arms) > len(self.values)

    @property
    def in_words(self) -> bool:
        """Whether the values are words, which have no order."""
        return isinstance(self.values[0], str)

    @property
    def scale(self) -> Scale:
        """Of the axis: logarithmic over a decade; words, and numbers that would touch, stand side by side."""
        if len(self.values) < 2 or self.in_words:
            return "side by side"
        if self.values[0] > 0 and self.values[-1] >= 10 * self.values[0]:
            return "log"
        apart = min(np.diff(self.values)) >= 0.06 * (self.values[-1] - self.values[0])
        return "linear" if apart else "side by side"

    @property
    def places(self) -> dict[Any, float]:
        """Where each value stands on the axis."""
        beside = self.scale == "side by side"
        return {value: float(index if beside else value) for index, value in enumerate(self.values)}


def crossed(table: pd.DataFrame) -> list[str]:
    """The factors of a study, other than normalization, of which the same network has several values.

    Numbers come first, then what has most values. A factor that another one decides is not crossed, such as the
    placement that the canned estimator has.
    """
    decisive = ["normalization", "implementation"]
    within = table.groupby(decisive)
    factors = [name for name in series(table)[1:] if name not in decisive and within[name].nunique().max() > 1]
    factors += ["implementation"] * (table["implementation"].nunique() > 1)
    return sorted(factors, key=lambda name: (not is_numeric_dtype(table[name]), -table[name].nunique()))


def of(table: pd.DataFrame) -> Layout:
    """How to draw a study.

    Args:
        table: rows of one study, one or more for each of its series.
    """
    factors = crossed(table)
    across, down = [*factors, None, None][:2]
    fixed = {name: table[name].dropna().iloc[0] for name in factors[2:]}
    shown = at(table, fixed)
    rows = values(shown, down)
    arms = list(dict.fromkeys(shown["normalization"]))
    return Layout(arms, across, values(shown, across), down, rows[:MOST_ROWS], rows[MOST_ROWS:], fixed)


def at(table: pd.DataFrame, values: Mapping[str, Any]) -> pd.DataFrame:
    """The rows that have these values of factors, and those to which a factor does not apply."""
    for factor, value in values.items():
        table = table[(table[factor] == value) | table[factor].isna()]
    return table


def values(table: pd.DataFrame, factor: str | None) -> list[Any]:
    """A factor's values: numbers sorted, words in their order; of no factor None, which stands for all rows."""
    if factor is None:
        return [None]
    found = table[factor].dropna().unique().tolist()
    return sorted(found) if is_numeric_dtype(table[factor]) else found
