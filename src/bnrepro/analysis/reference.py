"""The paper's own results as numbers: Figures 1 to 3 of arXiv:1502.03167, from data/reference.

Between the points of Figures 1(a) and 2 the authors drew straight lines, and so does interpolation here.
"""

import numpy as np
import pandas as pd

from bnrepro import paths, reading
from bnrepro.errors import BadInput

DATASET = "mnist"
PERCENTILES = (15, 50, 85)  # that Figure 1(b, c) shows
_CURVES = {"none": "without_bn", "batch": "with_bn"}
_PANELS = {"none": "b_without_bn", "batch": "c_with_bn"}
BASELINE = "Inception"  # of Figures 2 and 3: the network without batch normalization


def test_accuracy(normalization: str) -> pd.Series:
    """The curve of Figure 1(a): test accuracy (a share of 1) by training step.

    Raises:
        BadInput: data/reference does not have it.
    """
    table = _read("figure_1a.csv", "series", "step", "test_accuracy")
    own = table[table["series"] == _CURVES[normalization]]
    return own.set_index("step")["test_accuracy"].sort_index()


def sigmoid_inputs(normalization: str) -> pd.DataFrame:
    """Figure 1(b, c): rows are shares of training (0 to 1), columns the percentiles 15, 50 and 85 of a sigmoid's input.

    Raises:
        BadInput: data/reference does not have it.
    """
    table = _read("figure_1bc.csv", "panel", "percentile", "fraction_of_training", "preactivation")
    own = table[table["panel"] == _PANELS[normalization]]
    by_share = own.pivot_table(index="fraction_of_training", columns="percentile", values="preactivation")
    return by_share.interpolate("index", limit_area="inside").dropna()


def validation_accuracy(network: str) -> pd.Series:
    """A curve of Figure 2, of a network as Figure 3 names it: ImageNet accuracy (a share of 1) by training step.

    Raises:
        BadInput: data/reference does not have it.
    """
    table = _read("figure_2.csv", "series", "step", "validation_accuracy")
    own = table[table["series"] == network]
    return own.set_index("step")["validation_accuracy"].sort_index()


def figure_3() -> pd.DataFrame:
    """Figure 3, a row for each network: `steps` to the baseline's best accuracy (NaN: never) and `best` accuracy.

    Raises:
        BadInput: data/reference does not have it.
    """
    table = _read("figure_3.csv", "model", "steps_to_72.2_percent", "max_accuracy")
    return table.set_index("model").set_axis(["steps", "best"], axis=1)


def at(curve: pd.Series, steps: np.ndarray) -> np.ndarray:
    """A curve's test accuracy [n] at training steps [n]; NaN where it does not go."""
    return np.interp(steps, curve.index, curve, left=np.nan, right=np.nan)


def crossing(curve: pd.Series, target: float) -> tuple[float, bool]:
    """The step at which a curve first crosses a test accuracy (NaN: never), and whether it starts above it."""
    above = curve.to_numpy() >= target
    if not above.any():
        return np.nan, False
    place = int(above.argmax())
    if place == 0:
        return float(curve.index[0]), True
    steps, accuracy = curve.index[place - 1 : place + 1], curve.to_numpy()[place - 1 : place + 1]
    return float(np.interp(target, accuracy, steps)), False


def steps_to(normalization: str, target: float) -> tuple[float, bool]:
    """Where the paper's curve crosses a test accuracy; see `crossing`."""
    return crossing(test_accuracy(normalization), target)


def last_point(normalization: str) -> tuple[float, float]:
    """The step at which the paper's curve ends, and its test accuracy there."""
    curve = test_accuracy(normalization)
    return float(curve.index[-1]), float(curve.iloc[-1])


def last_step() -> float:
    """The last step that either of the paper's curves shows."""
    return max(last_point(normalization)[0] for normalization in _CURVES)


def speedup(target: float) -> tuple[float, str]:
    """How many times fewer steps the paper's network takes with batch normalization in Figure 1(a): see `fewer`."""
    return fewer(test_accuracy("none"), test_accuracy("batch"), target)


def fewer(baseline: pd.Series, curve: pd.Series, target: float) -> tuple[float, str]:
    """How many times fewer steps than the baseline another curve takes, and what kind of bound that is.

    `lower`: the curve starts above the target, or the baseline ends below it; `none`: it is the ratio. NaN and `both`
    where the curve never arrives, or the baseline starts above the target.
    """
    (slow, slow_at_first), (fast, at_first) = crossing(baseline, target), crossing(curve, target)
    if np.isnan(fast) or slow_at_first:
        return np.nan, "both"
    if np.isnan(slow):
        return float(baseline.index[-1]) / fast, "lower"
    return slow / fast, "lower" if at_first else "none"


def _read(name: str, *columns: str) -> pd.DataFrame:
    path = paths.reference() / name
    try:
        return reading.table(path, columns)
    except reading.Unreadable as error:
        raise BadInput(f"{path}: not readable ({error}); it belongs to the repository: git checkout it") from error
