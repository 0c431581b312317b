"""Test accuracy against training iterations: how the networks learn, by implementation and depth."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables
from bnrepro.study.params import HEADLINE_STUDY

CAPTION = "Test accuracy against training iterations by depth, with and without batch normalization"
STUDIES: Needs = {HEADLINE_STUDY: ()}


def from_tables(tables: Tables) -> Figure:
    """Of the headline's study."""
    return draw(tables.headline(f"curves/{HEADLINE_STUDY}"), tables.target, tables.budget(HEADLINE_STUDY))


def draw(curves: pd.DataFrame, target: float, budget: int) -> Figure:
    """A grid of panels, implementations across and depths down; the mean over seeds in the range of all seeds.

    Args:
        curves: rows of curves/<study>.csv, of one learning rate.
        target: an accuracy (share of 1) that a thin line marks.
        budget: the steps of a run.
    """
    implementations = list(dict.fromkeys(curves["implementation"]))
    depths = sorted(curves["depth"].unique())
    figure, axes = plt.subplots(
        len(depths),
        len(implementations),
        figsize=(style.FULL_WIDTH, 1.0 + 1.35 * len(depths)),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for row, depth in zip(axes, depths, strict=True):
        for ax, implementation in zip(row, implementations, strict=True):
            panels.target_line(ax, target)
            own = curves[(curves["implementation"] == implementation) & (curves["depth"] == depth)]
            for arm in style.ARMS:
                runs = own[own["normalization"] == arm.normalization]
                panels.over_seeds(ax, runs, "step", arm.column, color=arm.color, linestyle=arm.line, linewidth=1.1)
        row[-1].annotate(
            panels.hidden_layers(depth),
            (1.03, 0.5),
            xycoords="axes fraction",
            rotation=270,
            va="center",
        )
    for ax, implementation in zip(axes[0], implementations, strict=True):
        ax.set_title(style.IMPLEMENTATIONS[implementation])
    panels.log_steps_axis(axes[0, 0], curves, budget)
    axes[0, 0].xaxis.set_minor_locator(plt.NullLocator())  # ticks of sixteen panels would weigh more than their curves
    panels.share_axis(axes[0, 0])
    axes[0, 0].yaxis.set_major_locator(plt.MultipleLocator(0.25))
    figure.supylabel("test accuracy", fontsize=8, x=0.012)
    figure.supxlabel("training iterations (log scale)", fontsize=8, y=0.01)
    height = figure.get_figheight()
    panels.arm_legend(figure, markers=False)
    figure.subplots_adjust(
        left=0.095, right=0.965, bottom=0.42 / height, top=1 - 0.5 / height, wspace=0.08, hspace=0.14
    )
    return figure
