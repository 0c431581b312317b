"""Numbers as the report writes them: with their ranges, and with the signs of what is only a bound."""

from typing import Any

import pandas as pd

from bnrepro.analysis import ratios

SIGNS = {"none": "", "lower": "≥", "upper": "≤", "both": "?"}


def percent(share: float, digits: int = 1) -> str:
    return "–" if pd.isna(share) else f"{100 * share:.{digits}f}%"


def points(share: float) -> str:
    """A difference of accuracies, in percentage points."""
    return "–" if pd.isna(share) else f"{100 * share:.2f}"


def steps(row: dict[str, Any] | None) -> str:
    """A row of steps_to_target.csv: `600 (500–750)`; where not all arrived, as a bound and with how many did."""
    if row is None:
        return "–"
    mean, low, high = (f"{row[name]:,.0f}" for name in ("mean_restricted_steps", "low", "high"))
    if row["reached"] == 0:
        return f"not within {mean}"
    late, early = row["reached"] < row["runs"], row["at_first"] > 0
    sign = "" if late and early else "≥" if late else "≤" if early else ""
    text = f"{sign}{mean} ({'≤' if early else ''}{low}–{'>' if late else ''}{high})"
    return f"{text}, {row['reached']} of {row['runs']}" if late else text


def ratio(row: dict[str, Any] | None) -> str:
    """A row of speedup.csv: `4.1× (3.0–5.2)`; of a bound, the end of the range that is one too."""
    if row is None or pd.isna(row["ratio"]):
        return "–"
    low, high = (ratios.times(row[end], row["censored"]) for end in ("low", "high"))
    brackets = {"none": f" ({low}–{high})", "lower": f" (from {low})", "upper": f" (to {high})", "both": ""}
    return ratios.text(row["ratio"], row["censored"]) + brackets[row["censored"]]


def bounded(value: float, censored: str, none: str = "–") -> str:
    """A number of steps with the sign of its bound; `none` where there is none."""
    return none if pd.isna(value) else f"{SIGNS[censored]}{value:,.0f}"
