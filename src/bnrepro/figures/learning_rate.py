"""Which learning rates can be used: iterations to the target, and the accuracy in the end, against the rate."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from bnrepro.figures import panels, style

NAME = "learning_rate"


def draw(steps: pd.DataFrame, finals: pd.DataFrame, usual: float, target: float, budget: int) -> Figure:
    """Left: iterations; right: accuracy.

    Args:
        steps: rows of steps_to_target.csv: one study and depth, one target.
        finals: rows of final_accuracy.csv of the same study.
        usual: the dataset's learning rate, which is marked.
        target: the accuracy (share of 1).
        budget: the steps of a run.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(style.FULL_WIDTH, 2.9))
    for ax in (left, right):
        ax.set_xscale("log")
        ax.axvline(usual, color="0.75", linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=0)
        rates = sorted(steps["learning_rate"].unique())
        ax.set_xticks(rates, [f"{rate / usual:.2g}×" for rate in rates])
        ax.xaxis.set_minor_locator(plt.NullLocator())
        ax.set_xlabel(f"learning rate (1× is {usual:g})")
    left.axhline(budget, color="0.55", linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=0)
    for arm in style.ARMS:
        own = steps[(steps["normalization"] == arm.normalization) & (steps["mode"] == arm.mode)]
        own = own.sort_values("learning_rate")
        face = arm.color if arm.filled else "white"
        look = {"color": arm.color, "linestyle": arm.line, "marker": arm.marker, "markerfacecolor": face}
        arrived = own[own["reached"] > 0]
        mean = arrived["mean_restricted_steps"]
        errors = [mean - arrived["low"], arrived["high"] - mean]
        left.errorbar(arrived["learning_rate"], mean, yerr=errors, elinewidth=0.8, capsize=1.8, **look)
        never = own[own["reached"] == 0]
        left.plot(never["learning_rate"], never["mean_restricted_steps"], "x", color=arm.color, markeredgewidth=1.5)
        ends = finals[finals["normalization"] == arm.normalization].sort_values("learning_rate")
        right.plot(ends["learning_rate"], ends[arm.column], **look)
        lost = ends[ends["diverged"] > 0]
        for row in lost.itertuples():
            right.annotate(f"{row.diverged} diverged", (row.learning_rate, 0.02), rotation=90, fontsize=6, ha="center")
    left.set_yscale("log")
    left.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    left.yaxis.set_minor_formatter(lambda *_: "")
    left.set_ylabel(f"iterations to {100 * target:g}% test accuracy")
    left.annotate(
        f"× not reached within {budget:,}",
        (0.02, budget),
        xycoords=("axes fraction", "data"),
        xytext=(0, 4),
        textcoords="offset points",
        color="0.3",
        fontsize=6.5,
    )
    left.set_ylim(top=budget * 1.6)
    panels.share_axis(right)
    right.set_ylabel("test accuracy in the end")
    style.arm_legend(figure, markers=True)
    figure.subplots_adjust(left=0.1, right=0.99, bottom=0.15, top=0.88, wspace=0.22)
    return figure
