"""The specification curve: the ratio of iterations without and with batch normalization, at every setting tried."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bnrepro.analysis import reference
from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables
from bnrepro.study.factors import FACTORS

CAPTION = "Iterations without over iterations with batch normalization at every setting tried, sorted"
LEGEND = (
    "A column is a setting. Points are ratios with 95% intervals, triangles bounds; red: the paper's curves; "
    "orange: the chosen setting."
)
STUDIES: Needs = {"specifications": ()}
_STRIP = ("pixels", "optimizer")  # factors with a row for each value, beside the initial weights


def from_tables(tables: Tables) -> Figure | None:
    """None where no setting has a ratio."""
    settings = tables.read("specifications") if tables.has("specifications") else pd.DataFrame()
    if settings.empty or settings["ratio"].isna().all():
        return None
    return draw(settings, {target: reference.speedup(target)[0] for target in settings["target"].unique()})


def draw(settings: pd.DataFrame, paper: dict[float, float]) -> Figure:
    """A panel of ratios for each target, and below them which setting each column is.

    Args:
        settings: rows of specifications.csv. All panels are sorted by the ratio to the first target.
        paper: the ratio of the paper's own curves, by target.
    """
    targets = list(paper)
    names = [name for name in FACTORS if name in settings]
    first = settings[settings["target"] == targets[0]].dropna(subset="ratio").sort_values("ratio", kind="stable")
    order = first[[*names, "chosen"]].reset_index(drop=True)
    rows = _rows(order)
    heights = [*(1.7 for _ in targets), 0.105 * len(rows), 0.75]
    figure, axes = plt.subplots(
        len(targets) + 2, 1, figsize=(style.FULL_WIDTH, sum(heights) + 0.9), sharex=True, height_ratios=heights
    )
    for ax, target in zip(axes, targets, strict=False):
        own = settings[settings["target"] == target]
        _ratios(ax, order.merge(own.drop(columns="chosen"), on=names, how="left"), paper[target])
        ax.set_ylabel(f"to {100 * target:g}%")
    _strip(axes[-2], order, rows)
    _rates(axes[-1], order)
    for ax in axes:
        for place in np.flatnonzero(order["chosen"]):
            ax.axvspan(place - 0.5, place + 0.5, color=style.ORANGE, alpha=0.25, linewidth=0, zorder=0)
        ax.set_xlim(-0.8, len(order) - 0.2)
        ax.tick_params(axis="x", bottom=False, labelbottom=False)
    figure.supylabel("iterations without / with batch normalization", fontsize=8, x=0.012, y=0.68)
    panels.legend(
        figure,
        [
            panels.key("ratio, 95% interval", color=style.WITH, marker="o", markersize=3, linewidth=0.8),
            panels.key("at least", color=style.WITH, marker="^", markersize=3.5, linestyle=""),
            panels.key("at most", color=style.WITH, marker="v", markersize=3.5, linestyle=""),
            panels.key("the paper's curves", color=style.PAPER, linewidth=1.2),
            panels.key("the chosen setting", color=style.ORANGE, alpha=0.35, linewidth=6),
        ],
    )
    figure.subplots_adjust(left=0.17, right=0.995, bottom=0.02, top=0.955, hspace=0.07)
    return figure


def _ratios(ax: Axes, settings: pd.DataFrame, paper: float) -> None:
    """Ratios in their intervals, in order; a bound without the end that it does not know."""
    known = settings.dropna(subset="ratio")
    at_least, at_most = np.isinf(known["high"]), known["low"] == 0
    for bound, marker in ((~at_least & ~at_most, "o"), (at_least, "^"), (at_most, "v")):
        own = known[bound]
        low, high = (
            own["low"].where(own["low"] > 0, own["ratio"]),
            own["high"].where(np.isfinite(own["high"]), own["ratio"]),
        )
        ax.vlines(own.index, low, high, color=style.WITH, linewidth=0.8)
        ax.plot(own.index, own["ratio"], color=style.WITH, linestyle="", marker=marker, markersize=3)
    ax.axhline(1, color="0.6", linewidth=0.7, zorder=0)
    ax.axhline(paper, color=style.PAPER, linewidth=1.2, zorder=1)
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(plt.LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}×")
    ax.yaxis.set_minor_formatter(plt.NullFormatter())


def _rows(order: pd.DataFrame) -> list[tuple[str, pd.Series]]:
    """The rows of the strip: what each says, and of which columns it is so."""
    rows = []
    for name in _STRIP:
        rows += [(told, order[name] == value) for value, told in FACTORS[name].words.items()]
    gaussian = order["initial_scheme"] == "gaussian"
    for value in sorted(order.loc[gaussian, "initial_stddev"].unique()):
        rows.append((f"N(0, {value:g}²)", gaussian & (order["initial_stddev"] == value)))
    for value, told in FACTORS["initial_scheme"].words.items():
        if value != "gaussian":
            rows.append((told.replace("initial ", ""), order["initial_scheme"] == value))
    return [(told, so) for told, so in rows if so.any()]


def _strip(ax: Axes, order: pd.DataFrame, rows: list[tuple[str, pd.Series]]) -> None:
    for height, (_, so) in enumerate(rows):
        ax.plot(order.index[so], np.full(so.sum(), height), color="0.25", linestyle="", marker="s", markersize=2.6)
        if height % 2:
            ax.axhspan(height - 0.5, height + 0.5, color="0.95", linewidth=0, zorder=-1)
    ax.set_yticks(range(len(rows)), [text for text, _ in rows], fontsize=6)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)


def _rates(ax: Axes, order: pd.DataFrame) -> None:
    ax.plot(order.index, order["learning_rate"], color="0.25", linestyle="", marker="s", markersize=2.6)
    panels.log_axis(ax)
    ax.set_ylabel("learning rate", fontsize=6.5)
    ax.tick_params(axis="y", labelsize=6)
