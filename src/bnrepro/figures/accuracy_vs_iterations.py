"""Test error against training iterations: how the networks learn, by implementation and depth."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables
from bnrepro.study.params import HEADLINE_STUDY

CAPTION = "Test error against training iterations by depth, with and without batch normalization"
LEGEND = (
    "Black: without batch normalization; dark blue: with it, by moving averages; light blue, dashed: with it, by "
    "population statistics. Lines are means over seeds, bands reach from the lowest seed to the highest; dotted: "
    "the target."
)
STUDIES: Needs = {HEADLINE_STUDY: ()}


def from_tables(tables: Tables) -> Figure:
    """Of the headline's study."""
    return draw(tables.headline(f"curves/{HEADLINE_STUDY}"), tables.target, tables.budget(HEADLINE_STUDY))


def draw(curves: pd.DataFrame, target: float, budget: int) -> Figure:
    """A grid of panels, networks down and depths across; the mean over seeds in the range of all seeds.

    Of implementations that are one network, the first is drawn.

    Args:
        curves: rows of curves/<study>.csv, of one learning rate.
        target: an accuracy (share of 1) that a thin line marks.
        budget: the steps of a run.
    """
    networks = style.networks(curves["implementation"].unique())
    depths = sorted(curves["depth"].unique())
    height = 0.95 + 1.6 * len(networks)
    figure, axes = plt.subplots(
        len(networks), len(depths), figsize=(style.FULL_WIDTH, height), sharex=True, sharey=True, squeeze=False
    )
    for row, implementations in zip(axes, networks.values(), strict=True):
        row[0].set_ylabel(f"{style.IMPLEMENTATIONS[implementations[0]]}\ntest error")
        for ax, depth in zip(row, depths, strict=True):
            own = curves[(curves["implementation"] == implementations[0]) & (curves["depth"] == depth)]
            for arm in style.ARMS:
                runs = own[own["normalization"] == arm.normalization]
                panels.errors(ax, runs, arm.column, color=arm.color, linestyle=arm.line, linewidth=1.2)
    for ax, depth in zip(axes[0], depths, strict=True):
        ax.set_title(panels.hidden_layers(depth))
    panels.log_steps_axis(axes[0, 0], curves, budget)
    panels.error_axis(axes.flat, target)
    figure.supxlabel("training iterations (log scale)", fontsize=8, y=0.01)
    panels.arm_legend(figure, markers=False)
    figure.subplots_adjust(
        left=0.105, right=0.985, bottom=0.42 / height, top=1 - 0.5 / height, wspace=0.08, hspace=0.12
    )
    return figure
