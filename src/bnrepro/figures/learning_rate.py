"""Which learning rates can be used: iterations to the target, and the accuracy in the end, against the rate."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables

CAPTION = "Iterations to a target test accuracy, and the accuracy in the end, by learning rate"
STUDIES: Needs = {"learning_rate": ("learning_rate", "learning_rate_times")}


def from_tables(tables: Tables) -> Figure:
    """At the headline's target."""
    steps = tables.at_target(tables.rows("steps_to_target", "learning_rate", "learning_rate"))
    finals = tables.rows("finals", "learning_rate", "learning_rate")
    return draw(steps, finals, tables.learning_rate, tables.target, tables.budget("learning_rate"))


def draw(steps: pd.DataFrame, finals: pd.DataFrame, usual: float, target: float, budget: int) -> Figure:
    """Left: iterations; right: accuracy, the mean over seeds in the range of all.

    Args:
        steps: rows of steps_to_target.csv: one study, implementation and depth, one target.
        finals: rows of finals.csv of the same runs.
        usual: the dataset's learning rate, which is marked.
        target: the accuracy (share of 1).
        budget: the steps of a run.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(style.FULL_WIDTH, 2.9))
    panels.budget_line(left, budget, above=11)  # over the arrows of what is near it
    for arm in style.ARMS:
        own = steps[(steps["normalization"] == arm.normalization) & (steps["mode"] == arm.mode)]
        own = own.sort_values("learning_rate")
        panels.steps_to_target(left, own, own["learning_rate"].tolist(), arm)
        ends = finals[finals["normalization"] == arm.normalization]
        panels.over_seeds(right, ends, "learning_rate", arm.column, **arm.look)
    for arm, height in zip(style.ARMS[:2], (0.04, 0.14), strict=True):
        _tell_diverged(right, finals[finals["normalization"] == arm.normalization], height, arm.color)
    rates = sorted(steps["learning_rate"].unique())
    for ax in (left, right):
        ax.set_xscale("log")
        ax.axvline(usual, color="0.75", linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=0)
        ax.set_xticks(rates, [f"{float(f'{rate / usual:.2g}'):g}×" for rate in rates])
        ax.xaxis.set_minor_locator(plt.NullLocator())
        ax.set_xlabel(f"learning rate (1× is {usual:g})")
    left.set_yscale("log")
    panels.counts(left.yaxis)
    left.set_ylabel(f"iterations to {100 * target:g}% test accuracy")
    left.set_ylim(steps["low"].min() * 0.6, budget * 2.2)
    panels.share_axis(right)
    right.set_ylabel("test accuracy in the end")
    panels.arm_legend(figure, markers=True)
    figure.subplots_adjust(left=0.115, right=0.985, bottom=0.15, top=0.88, wspace=0.22)
    return figure


def _tell_diverged(ax: Axes, ends: pd.DataFrame, height: float, color: str) -> None:
    """How many runs of an arm diverged at each rate, where some did; their accuracy is nowhere."""
    for rate, lost in ends.groupby("learning_rate")["diverged"].sum().items():
        if lost:
            ax.annotate(f"{lost} diverged", (rate, height), color=color, fontsize=6, ha="center")
