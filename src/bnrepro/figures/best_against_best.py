"""The headline of the tuned comparison: the ratio of iterations with each network at its own best learning rate."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from bnrepro.figures import panels, ratios, style
from bnrepro.figures.selection import Needs, Tables
from bnrepro.study.factors import FACTORS

CAPTION = "Iterations without over iterations with batch normalization, each network at its own best learning rate"
LEGEND = (
    "Lines are ratios of geometric means over seeds, bands their 95% intervals; triangles are bounds. Each "
    "network has, for each target, the learning rate at which it arrives first on held-out images; a gray dot: "
    "that is the lowest or highest of its grid."
)
STUDIES: Needs = {"learning_rate": ("learning_rate", "learning_rate_times"), "tuned_momentum": (), "tuned_adam": ()}
WHERE_THERE = ("tuned_momentum", "tuned_adam")


def from_tables(tables: Tables) -> Figure | None:
    """None where no rate could be chosen, or nothing arrived."""
    compared = tables.read("best_against_best")
    return draw(compared) if len(compared) else None


def draw(compared: pd.DataFrame) -> Figure:
    """A panel for each optimizer.

    Args:
        compared: best_against_best.csv.
    """
    optimizers = list(dict.fromkeys(compared["optimizer"]))
    figure, axes = plt.subplots(
        1, len(optimizers), figsize=(style.FULL_WIDTH, 2.7), sharex=True, sharey=True, squeeze=False
    )
    for ax, optimizer in zip(axes[0], optimizers, strict=True):
        own = compared[compared["optimizer"] == optimizer]
        ax.set_title(FACTORS["optimizer"].words[optimizer])
        ratios.against_target(ax, own, color=style.WITH, linewidth=1.4)
        at_edge = own.loc[own["at_edge"], "target"]
        ax.plot(at_edge, [0.03] * len(at_edge), ".", color="0.55", transform=ax.get_xaxis_transform())
    ratios.axes(axes.flat, compared["target"].min())
    axes[0, 0].set_ylabel("iterations without / with")
    for side, said in ((4, "saves iterations"), (-4, "costs iterations")):
        axes[0, 0].annotate(
            said,
            (0.02, 1),
            xycoords=("axes fraction", "data"),
            xytext=(0, side),
            textcoords="offset points",
            va="bottom" if side > 0 else "top",
            color="0.4",
            fontsize=6,
        )
    figure.supxlabel("target: test accuracy", fontsize=8, y=0.015)
    handles = [panels.key("ratio, 95% interval", color=style.WITH, linewidth=1.4), *ratios.keys(compared["censored"])]
    if compared["at_edge"].any():
        handles.append(panels.key("a chosen rate is at an edge of its grid", color="0.55", linestyle="", marker="."))
    panels.legend(figure, handles)
    figure.subplots_adjust(left=0.088, right=0.995, bottom=0.155, top=0.82, wspace=0.06)
    return figure
