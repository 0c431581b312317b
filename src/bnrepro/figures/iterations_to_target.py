"""The headline: training iterations to a target accuracy against depth, with and without batch normalization."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bnrepro.analysis import ratios
from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables
from bnrepro.study.params import HEADLINE_STUDY

CAPTION = "Training iterations to a target test accuracy by depth, with and without batch normalization"
LEGEND = (
    "Black: without batch normalization; dark blue: with it, by moving averages; light blue, dashed: with it, "
    "by population statistics. Marks are means over seeds, bars reach from the lowest seed to the highest; a "
    "cross: no run arrives; an arrow: a bound; small marks: the custom estimators. At the foot: iterations "
    "without over with it, paired by seed."
)
STUDIES: Needs = {HEADLINE_STUDY: ()}
_BESIDE = (0.085, 0.13)  # an axis's units: where the marks of the other implementations of a network stand
_SMALL = 2.2  # points: their size


def from_tables(tables: Tables) -> Figure:
    """Of the headline's study and target."""
    steps, speedup = (tables.at_target(tables.headline(name)) for name in ("steps_to_target", "speedup"))
    speedup = speedup[speedup["normalization"] == "batch"]
    return draw(steps, speedup, tables.target, tables.budget(HEADLINE_STUDY))


def draw(steps: pd.DataFrame, speedup: pd.DataFrame, target: float, budget: int) -> Figure:
    """One panel for each network; implementations that are the same one have small marks beside the first's.

    Args:
        steps, speedup: rows of steps_to_target.csv and speedup.csv: one study, one learning rate, one target.
        target: the accuracy (share of 1).
        budget: steps at which a run that has not arrived was ended.
    """
    networks = style.networks(steps["implementation"].unique())
    depths = sorted(steps["depth"].unique())
    figure, axes = plt.subplots(
        1, len(networks), figsize=(style.FULL_WIDTH, 3.1), sharex=True, sharey=True, squeeze=False
    )
    for ax, (title, implementations) in zip(axes[0], networks.items(), strict=True):
        ax.set_title(title)
        panels.budget_line(ax, budget, labeled=ax is axes[0, 0])
        for offset, arm in zip((-0.2, 0.0, 0.2), style.ARMS, strict=True):
            series = steps[(steps["normalization"] == arm.normalization) & (steps["mode"] == arm.mode)]
            first, *others = (series[series["implementation"] == name] for name in implementations)
            panels.steps_to_target(ax, first, [depths.index(depth) + offset for depth in first["depth"]], arm)
            for beside, other in zip(_BESIDE, others, strict=False):
                _mark(ax, other, [depths.index(depth) + offset + beside for depth in other["depth"]], arm)
        _write_ratios(ax, speedup[speedup["implementation"] == implementations[0]], depths)
        ax.set_xticks(range(len(depths)), [str(depth) for depth in depths])
        ax.set_xlim(-0.5, len(depths) - 0.5)
        ax.set_yscale("log")
    lowest = min(steps["low"].min(), budget / 10)  # a decade at least, or the log scale has nothing to say
    axes[0, 0].set_ylim(lowest * (lowest / budget) ** 0.42, budget * 1.5)  # the ratios stand below, the budget above
    panels.counts(axes[0, 0].yaxis)
    axes[0, 0].set_ylabel(f"iterations to {100 * target:g}% test accuracy")
    axes[0, 0].annotate(
        "iterations without / with:",
        (0.02, 0.165),
        xycoords="axes fraction",
        va="center",
        color="0.3",
        fontsize=6.5,
    )
    figure.supxlabel("hidden layers", fontsize=8, y=0.015)
    small = [panels.key("custom estimators", color="0.4", linestyle="", marker="o", markersize=_SMALL)]
    panels.arm_legend(figure, markers=True, more=small if max(map(len, networks.values())) > 1 else [])
    figure.subplots_adjust(left=0.095, right=0.995, bottom=0.135, top=0.845, wspace=0.05)
    return figure


def _mark(ax: Axes, series: pd.DataFrame, x: list[float], arm: style.Arm) -> None:
    """Small marks, without those of runs that never arrived, which have a cross already."""
    means = series["mean_restricted_steps"].where(series["reached"] > 0)
    ax.plot(x, means, **arm.look | {"linestyle": "", "markersize": _SMALL}, zorder=3)


def _write_ratios(ax: Axes, speedup: pd.DataFrame, depths: list[int]) -> None:
    """The paired ratios in two rows at the foot: with moving averages, and with population statistics."""
    for arm, height in zip(style.ARMS[1:], (0.105, 0.035), strict=True):
        for row in speedup[speedup["mode"] == arm.mode].itertuples():
            ax.annotate(
                ratios.text(row.ratio, row.censored),
                (depths.index(row.depth), height),
                xycoords=("data", "axes fraction"),
                ha="center",
                va="center",
                color=arm.ink,
                fontsize=6.5,
                fontweight="bold" if arm.filled else "normal",
            )
