"""Inside the layers: how far their inputs travel, how many sigmoids are saturated, and how large gradients are."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables
from bnrepro.study.params import HEADLINE_STUDY

CAPTION = "Inside the hidden layers: how far inputs travel, saturated activations, and gradients"
STUDIES: Needs = {HEADLINE_STUDY: ()}
_ARMS = (("none", "without", style.WITHOUT, "o"), ("batch", "with", style.WITH, "s"))
_LINES = (("first", (0, (2, 1.2))), ("last", "-"))  # hidden layers, and how each is drawn


def from_tables(tables: Tables) -> Figure | None:
    """Of the headline's study; None where no run was looked into."""
    looks = tables.rows(f"layers/{HEADLINE_STUDY}", HEADLINE_STUDY, "depth")
    return draw(looks, tables.budget(HEADLINE_STUDY)) if len(looks) else None


def draw(looks: pd.DataFrame, budget: int) -> Figure:
    """A column for every depth; the last hidden layer in full, the first dashed.

    Args:
        looks: rows of layers/depth.csv: one implementation, one learning rate.
        budget: the steps of a run.
    """
    depths = sorted(looks["depth"].unique())
    figure, axes = plt.subplots(3, len(depths), figsize=(style.FULL_WIDTH, 5.4), sharey="row", squeeze=False)
    for column, depth in zip(axes.T, depths, strict=True):
        own = looks[looks["depth"] == depth]
        column[0].set_title(panels.hidden_layers(depth))
        for normalization, _, color, marker in _ARMS:
            arm = own[own["normalization"] == normalization]
            travelled = arm.drop_duplicates(["seed", "layer"])
            panels.over_seeds(column[0], travelled, "layer", "travelled", color=color, marker=marker, markersize=3.5)
            for layer, line in zip(dict.fromkeys((1, depth)), _LINES[-min(depth, 2) :], strict=True):
                shown = arm[arm["layer"] == layer]
                for ax, quantity in zip(column[1:], ("saturated", "gradient"), strict=True):
                    panels.over_seeds(ax, shown, "step", quantity, color=color, linestyle=line[1], linewidth=1.1)
        column[0].set_xlim(0.5, max(depths) + 0.5)
        column[0].xaxis.set_major_locator(MaxNLocator(integer=True))
        column[0].set_xlabel("layer", labelpad=1)
        for ax in column[1:]:
            panels.steps_axis(ax, budget)
        column[1].tick_params(labelbottom=False)
    axes[0, 0].set_ylabel("travel of a unit's\nmedian input")
    panels.log_axis(axes[0, 0])
    most = max(0.1, 1.15 * float(looks["saturated"].max()))
    panels.share_axis(axes[1, 0], -0.02 * most, min(most, 1.02))
    axes[1, 0].set_ylabel("saturated\nactivations")
    panels.log_axis(axes[2, 0])
    axes[2, 0].set_ylabel("norm of the\nkernel's gradient")
    figure.supxlabel("training iterations", fontsize=8, y=0.01)
    handles = [panels.key(f"{label} batch normalization", color=color) for _, label, color, _ in _ARMS]
    handles += [panels.key(f"{name} hidden layer", color="0.4", linestyle=line) for name, line in _LINES]
    panels.legend(figure, handles)
    figure.align_ylabels(axes[:, 0])
    figure.subplots_adjust(left=0.13, right=0.99, bottom=0.085, top=0.9, wspace=0.08, hspace=0.32)
    return figure
