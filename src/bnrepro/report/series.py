"""A study's series as a table of the report: what they cross, what they took, and what they end with."""

from typing import Any

import pandas as pd

from bnrepro.analysis import curves, tables
from bnrepro.figures import layout
from bnrepro.report import wording
from bnrepro.study.factors import FACTORS


def of(steps: pd.DataFrame, finals: pd.DataFrame) -> dict[str, Any]:
    """The factors that a study crosses, each with its values in words, and a row for each series.

    Args:
        steps: rows of steps_to_target.csv for one target.
        finals: the study's rows of final_accuracy.csv.
    """
    if finals.empty:
        return {"crossed": {}, "rows": []}
    crossed = ["normalization"] * (finals["normalization"].nunique() > 1) + layout.crossed(finals)
    rows = []
    for row in finals.to_dict("records"):
        own = {name: row[name] for name in curves.series(finals)}
        taken = {mode: wording.steps(tables.row(steps, mode=mode, **own)) for mode in ("ema", "population")}
        rows.append({"factors": [FACTORS[name].tell_value(row[name]) for name in crossed], **taken, **row})
    values = {name: [FACTORS[name].tell_value(value) for value in layout.values(finals, name)] for name in crossed}
    return {"crossed": {FACTORS[name].title: own for name, own in values.items()}, "rows": rows}
