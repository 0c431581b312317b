"""The ratio of steps as a function of the target, for the networks of the paper's Figure 2: ours and the paper's."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from bnrepro.figures import panels, ratios, style
from bnrepro.figures.figure_2 import ARMS
from bnrepro.figures.figure_2 import STUDIES as STUDIES
from bnrepro.figures.figure_2 import WHERE_THERE as WHERE_THERE
from bnrepro.figures.selection import Tables

CAPTION = "Steps of the baseline over those of each network of the paper's Figure 2, against the target accuracy"
LEGEND = "Thin: ours, with 95% intervals; thick and pale: the paper's, one run each; triangles are bounds."


def from_tables(tables: Tables) -> Figure | None:
    """None where there are too few seeds."""
    by_target = tables.read("figure_2_by_target")
    return draw(by_target) if len(by_target) else None


def draw(by_target: pd.DataFrame) -> Figure:
    """A panel for each arm.

    Args:
        by_target: figure_2_by_target.csv.
    """
    arms = list(dict.fromkeys(by_target["arm"]))
    figure, axes = plt.subplots(1, len(arms), figsize=(style.FULL_WIDTH, 2.6), sharex=True, sharey=True, squeeze=False)
    for ax, name in zip(axes[0], arms, strict=True):
        ours = by_target[by_target["arm"] == name]
        papers = ours[["target"]].assign(ratio=ours["paper_ratio"], censored=ours["paper_censored"])
        color = ARMS[name]["color"]
        ratios.against_target(ax, papers, color=color, linewidth=4, alpha=0.35, solid_capstyle="butt")
        ratios.against_target(ax, ours, color=color, linewidth=1.4)
        ax.set_title(name, color=color)
    ratios.axes(axes[0], by_target["target"].min())
    axes[0, 0].xaxis.set_major_locator(plt.MultipleLocator(0.1))
    axes[0, 0].set_ylabel("steps of Inception / of the network")
    figure.supxlabel("target: share of the best accuracy of Inception", fontsize=8, y=0.015)
    handles = [
        panels.key("ours, 95% interval", color="0.3", linewidth=1.4),
        panels.key("the paper's curves", color="0.3", linewidth=4, alpha=0.35),
        *ratios.keys(by_target["censored"]),
    ]
    panels.legend(figure, handles)
    figure.subplots_adjust(left=0.08, right=0.99, bottom=0.165, top=0.8, wspace=0.08)
    return figure
