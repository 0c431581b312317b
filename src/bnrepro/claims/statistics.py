"""Comparisons of runs paired by seed, each with three answers: so, not so, and cannot be told."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from bnrepro.claims.engine import NotTested

STANDARD_ERRORS = 2  # a difference within so many is no difference
LEAST_PAIRS = 2
PAIRED = {
    "standard_errors": STANDARD_ERRORS,
    "least_pairs": LEAST_PAIRS,
}  # thresholds of every rule that compares pairs


def less(first: pd.Series, second: pd.Series, standard_error: float = 0.0, resolution: float = 0.0) -> bool | None:
    """Whether the first is smaller, paired by seed: True, False where it is larger, None where neither can be said.

    Neither can be said where pairs disagree about the sign, where the mean difference is within two standard errors or
    the resolution of what was measured, or where a run has no such number.

    Args:
        standard_error: of the measurement itself; the scatter over pairs is added.

    Raises:
        NotTested: there are fewer than two pairs.
    """
    pairs = pd.concat([first, second], axis=1)
    if len(pairs) < LEAST_PAIRS:
        raise NotTested("a comparison needs two seeds at least")
    difference = (pairs.iloc[:, 0] - pairs.iloc[:, 1]).to_numpy(float)
    if np.isnan(difference).any() or (np.any(difference < 0) and np.any(difference > 0)):
        return None
    error = np.hypot(difference.std(ddof=1) / np.sqrt(len(difference)), standard_error)
    if abs(difference.mean()) <= max(STANDARD_ERRORS * error, resolution):
        return None
    return bool(difference.mean() < 0)


def no_less(
    first: pd.Series, second: pd.Series, margin: float, standard_error: float = 0.0, resolution: float = 0.0
) -> bool | None:
    """Whether the first is as large, or larger: True where its mean is no farther below than the margin.

    Args:
        standard_error, resolution: see `less`; where that says that the first is smaller, the answer is False.

    Raises:
        NotTested: as `less`.
    """
    if less(first, second, standard_error, resolution):
        return False
    return True if (first - second).mean(skipna=False) >= -margin else None


def every(runs: Iterable[bool]) -> bool | None:
    """Of several runs: True where it is so of all, False where of none, None in between."""
    runs = list(runs)
    return True if all(runs) else None if any(runs) else False
