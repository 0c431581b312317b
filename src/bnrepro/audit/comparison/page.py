"""A comparison as one page that opens from disk: its tables, and curves laid over each other."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bnrepro import paths
from bnrepro.audit.comparison.parts import Comparison, Overlay, Table
from bnrepro.explorer import standalone

MOST_PANELS = 12  # what a reader looks through
_FEW_ROWS = 20  # of a table that is open at first
_LEAST_ERROR = 1e-9  # accuracies are counts of images: a smaller error is 0


def write(file: Path, title: str, comparison: Comparison, tables: Sequence[Table]) -> None:
    """Write the page. The same tables and libraries give the same bytes.

    Args:
        title: of the dataset.
        tables: those of the comparison at a target.

    Raises:
        BadInput: a table of curves is damaged.
    """
    paths.write_text(file, page(title, comparison.names, tables, comparison.overlays()))


def page(title: str, names: tuple[str, str], tables: Sequence[Table], overlays: Sequence[Overlay]) -> str:
    """The page of these tables and of the curves that differ most."""
    told = sorted(((_distance(one), one) for one in overlays), key=lambda pair: -pair[0])  # stable: ties stay in order
    drawn, left_out = told[:MOST_PANELS], told[MOST_PANELS:]
    library, own = standalone.assets("bnrepro.explorer"), standalone.assets("bnrepro.audit.comparison")
    return standalone.page(
        own["comparison.html.j2"],
        library["page.css"] + own["comparison.css"],
        [library["chart.js"], own["comparison.js"]],
        {"names": names, "panels": [_panel(one) for _, one in drawn]},
        title=title,
        names=names,
        tables=tables,
        few=_FEW_ROWS,
        panels=[(one.name, _words(distance, one, names)) for distance, one in drawn],
        left_out=[(one.name, _words(distance, one, names)) for distance, one in left_out],
    )


def _distance(overlay: Overlay) -> float:
    """By what factor the errors of two mean curves differ, on average over the steps of both; 0: there is one alone."""
    if overlay.before is None or overlay.after is None:
        return 0.0
    floor = _floor(overlay)
    before, after = (np.log(_errors(runs, floor).mean(axis=1)) for runs in (overlay.before, overlay.after))
    apart = (before - after).dropna().abs()
    return float(np.exp(apart.mean())) if len(apart) else 0.0


def _words(distance: float, overlay: Overlay, names: tuple[str, str]) -> str:
    for runs, other in ((overlay.before, names[1]), (overlay.after, names[0])):
        if runs is None:
            return f"only in {other}"
    if not distance:
        return "no step in common"
    digits = 2 if distance < 9.995 else 0
    return f"errors differ by a factor of {distance:.{digits}f} on average"


def _floor(overlay: Overlay) -> float:
    """Half of the smallest error that is not 0: no error is drawn below it on a logarithmic axis."""
    errors = np.concatenate(
        [1 - runs.to_numpy(float).ravel() for runs in (overlay.before, overlay.after) if runs is not None]
    )
    positive = errors[errors > _LEAST_ERROR]
    return float(positive.min(initial=1.0)) / 2


def _errors(runs: pd.DataFrame, floor: float) -> pd.DataFrame:
    """Errors up to where the first run diverges."""
    return (1 - runs.dropna()).clip(lower=floor)


def _panel(overlay: Overlay) -> dict[str, Any]:
    """What the chart of a panel is drawn from: points of mean, lowest and highest error, and the range of the axis."""
    floor = _floor(overlay)
    points: list[dict[str, Any]] = []
    for side, runs in (("before", overlay.before), ("after", overlay.after)):
        errors = _errors(pd.DataFrame() if runs is None else runs, floor)
        spread = pd.DataFrame({"error": errors.mean(axis=1), "low": errors.min(axis=1), "high": errors.max(axis=1)})
        for step, *values in spread.map(lambda error: float(f"{error:.4g}")).itertuples():
            points.append({"side": side, "step": int(step)} | dict(zip(spread, values, strict=True)))
    return {"points": points, "range": [floor, max([0.1, *(point["high"] for point in points)])]}
