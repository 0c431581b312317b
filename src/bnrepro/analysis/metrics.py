"""A dataset's headline numbers, few enough for a line of `dvc metrics show`."""

from typing import Any

import pandas as pd

from bnrepro.analysis.curves import series
from bnrepro.study.params import HEADLINE_STUDY

MODE = "ema"  # what users get
ROOM = 86  # characters of a line of 120, beside the longest name of a file; DVC puts four blanks between columns


def headline(speedup: pd.DataFrame, steps: pd.DataFrame, target: float) -> dict[str, dict[str, float]]:
    """What normalization saves in study `depth`; if that trains one arm alone, in the first study that trains both.

    Of several implementations the Keras model counts, of several normalizations batch normalization, where they are
    there; of more networks than fit a line the first.

    Args:
        speedup, steps: see `steps_to_target.speedup` and `steps_to_target.summary`.
        target: a test accuracy.

    Returns:
        `with`: mean iterations to the target with normalization, by network; `ratio`: iterations without over with,
        the geometric mean over seeds. A run that never arrives counts with its whole budget. Both describe the runs;
        claims.json has intervals. What the study varies names a network, such as its depth. Empty without such a study.
    """
    rows = speedup[(speedup["mode"] == MODE) & (speedup["target"] == target)].dropna(subset="ratio")
    for column, preferred in (("study", HEADLINE_STUDY), ("implementation", "keras"), ("normalization", "batch")):
        found = rows[column].unique()
        rows = rows[rows[column] == (preferred if preferred in found else next(iter(found), None))]
    if rows.empty:
        return {}
    own = [name for name in series(rows) if rows[name].notna().all()]
    varied = [name for name in own if rows[name].nunique() > 1] or ["depth"]
    names = ["_".join(map(_text, row)) for row in rows[varied].itertuples(index=False)]
    most = ROOM // max(len(f"    ratio.{name}    with.{name}") for name in names)
    found = rows.merge(steps, on=[*own, "mode", "target"])
    columns = {"with": found["mean_restricted_steps"], "ratio": found["ratio"]}
    return {key: dict(zip(names[:most], map(_number, column), strict=False)) for key, column in columns.items()}


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _number(value: float) -> float:
    return float(f"{value:.4g}")
