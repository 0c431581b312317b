"""The ratio of iterations as a function of the target: one target can mislead."""

from collections.abc import Iterable
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from bnrepro.figures import panels

_BOUNDS = {"lower": ("^", "at least"), "upper": ("v", "at most")}


def against_target(ax: Axes, ratios: pd.DataFrame, **line: Any) -> None:
    """Ratios in their intervals, joined where they are known. A bound is a mark, and one both ways is not drawn.

    Args:
        ratios: target, ratio and censored, sorted by target; low and high, if there are intervals.
    """
    known = ratios["censored"] == "none"
    if "low" in ratios:
        ax.fill_between(
            ratios["target"],
            ratios["low"].where(known),
            ratios["high"].where(known),
            color=line["color"],
            alpha=0.18,
            linewidth=0,
        )
    ax.plot(ratios["target"], ratios["ratio"].where(known), **line)
    for censored, (marker, _) in _BOUNDS.items():
        bound = ratios[ratios["censored"] == censored]
        ax.plot(bound["target"], bound["ratio"], color=line["color"], linestyle="", marker=marker, markersize=2.6)


def axes(panels_of_one_scale: Iterable[Axes], lowest: float) -> None:
    """Targets from the lowest to 100% across, ratios on a log scale up, and a line at one."""
    for ax in panels_of_one_scale:
        ax.axhline(1, color="0.6", linewidth=0.7, zorder=0)
        ax.set_yscale("log")
        ax.set_xlim(lowest, 1.0)
        ax.yaxis.set_major_locator(plt.LogLocator(subs=(1, 2, 5), numticks=20))
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}×")
        ax.yaxis.set_minor_formatter(NullFormatter())
        ax.xaxis.set_major_locator(plt.MultipleLocator(0.05))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: "" if value > 0.99 else f"{100 * value:.0f}%"))


def keys(censored: Iterable[str]) -> list[plt.Line2D]:
    """The entries in a legend of the bounds that there are."""
    there = set(censored)
    return [
        panels.key(told, color="0.3", linestyle="", marker=marker, markersize=3)
        for bound, (marker, told) in _BOUNDS.items()
        if bound in there
    ]
