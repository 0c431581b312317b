"""What came after, beside batch normalization: error against iterations, by depth and kind of unit."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables

CAPTION = "Test error against training iterations: batch normalization and what came after"
LEGEND = (
    "Lines are means over seeds, bands reach from the lowest seed to the highest; batch normalization by "
    "population statistics."
)
STUDIES: Needs = {"alternatives": ("activation",)}
_ARMS = (
    ("none", "without normalization", style.NORMALIZATIONS["none"], "-"),
    ("batch", "batch", style.NORMALIZATIONS["batch"], "-"),
    ("layer", "layer", style.NORMALIZATIONS["layer"], (0, (5, 1.2))),
    ("weight", "weight", style.NORMALIZATIONS["weight"], (0, (3, 1, 1, 1))),
    ("self", "self-normalizing (SELU)", style.NORMALIZATIONS["self"], (0, (1.5, 1))),
)
_COLORS = {name: color for name, _, color, _ in _ARMS}
_ROWS = (("sigmoid", "sigmoid units, and SELU"), ("relu", "ReLU units, and SELU"))


def from_tables(tables: Tables) -> Figure:
    """Of study `alternatives`."""
    ended = tables.rows("final_accuracy", "alternatives", "depth", "activation")
    return draw(tables.curves("alternatives", "depth", "activation"), ended, tables.budget("alternatives"))


def draw(curves: pd.DataFrame, finals: pd.DataFrame, budget: int) -> Figure:
    """A column for every depth, a row for sigmoid and one for ReLU units; SELU units are in both.

    Batch normalization by population statistics, which show what was learned.

    Args:
        curves, finals: rows of curves/alternatives.csv and of final_accuracy.csv: one study and learning rate.
        budget: the steps of a run.
    """
    depths = sorted(curves["depth"].unique())
    figure, axes = plt.subplots(
        len(_ROWS), len(depths), figsize=(style.FULL_WIDTH, 4.2), sharex=True, sharey="row", squeeze=False
    )
    for row, (activation, label) in zip(axes, _ROWS, strict=True):
        row[0].set_ylabel(f"{label}\ntest error")
        for ax, depth in zip(row, depths, strict=True):
            own = curves[(curves["depth"] == depth) & curves["activation"].isin([activation, "selu"])]
            for normalization, _, color, line in _ARMS:
                arm = own[own["normalization"] == normalization]
                panels.errors(ax, arm, "population_accuracy", color=color, linestyle=line)
            ended = finals[(finals["depth"] == depth) & finals["activation"].isin([activation, "selu"])]
            panels.tell_diverged(ax, ended, _COLORS)
            panels.log_steps_axis(ax, curves, budget)
        panels.error_axis(row)
    for ax, depth in zip(axes[0], depths, strict=True):
        ax.set_title(panels.hidden_layers(depth))
    figure.supxlabel("training iterations (log scale)", fontsize=8, y=0.01)
    panels.legend(figure, [panels.key(label, color=color, linestyle=line) for _, label, color, line in _ARMS])
    figure.subplots_adjust(left=0.11, right=0.985, bottom=0.1, top=0.885, wspace=0.1, hspace=0.12)
    return figure
