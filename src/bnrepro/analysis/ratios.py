"""Ratios of iterations in words, as figures and report have them."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

import pandas as pd


def text(ratio: float, censored: str) -> str:
    """`4.1×`; `≥4.1×` or `≤4.1×` where it is a bound; `?` where it says nothing; `–` where there is no ratio."""
    if pd.isna(ratio):
        return "–"
    if censored == "both":
        return "?"
    return {"none": "", "lower": "≥", "upper": "≤"}[censored] + times(ratio, censored) + "×"


def times(ratio: float, censored: str) -> str:
    """A ratio to two digits or so (`0.06`, `4.1`, `25`), a bound rounded to the side on which it stays true."""
    rounding = {"lower": ROUND_FLOOR, "upper": ROUND_CEILING}.get(censored, ROUND_HALF_EVEN)
    digit = "0.01" if ratio < 0.995 else "0.1" if ratio < 9.95 else "1"
    return str(Decimal(repr(float(ratio))).quantize(Decimal(digit), rounding))
