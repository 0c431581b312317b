"""Inside the layers: the shift of what they get, the share of saturated sigmoids, and the size of gradients."""

from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables
from bnrepro.study.params import HEADLINE_STUDY

CAPTION = "Inside the hidden layers: the shift of what they get, saturated activations, and gradients"
LEGEND = (
    "Black: without batch normalization; blue: with it. Lines are means over seeds, bands reach from the lowest "
    "seed to the highest. In the last row a full line is the first hidden layer, a dashed one the last; dotted: "
    "a tenth of the budget."
)
STUDIES: Needs = {HEADLINE_STUDY: ()}
_ARMS = (("none", "without", style.WITHOUT, "o"), ("batch", "with", style.WITH, "s"))
_LINES = (("first", "-"), ("last", (0, (2, 1.2))))  # hidden layers, and how each one's gradient is drawn


def from_tables(tables: Tables) -> Figure | None:
    """Of the headline's study; None where no run was looked into."""
    looks = tables.rows(f"layers/{HEADLINE_STUDY}", HEADLINE_STUDY, "depth")
    return draw(looks, tables.budget(HEADLINE_STUDY)) if len(looks) else None


def draw(looks: pd.DataFrame, budget: int) -> Figure:
    """A column for every depth: by layer, the shift at the end; against steps, saturation and gradients.

    Args:
        looks: rows of layers/depth.csv: one implementation, one learning rate.
        budget: the steps of a run.
    """
    depths = sorted(looks["depth"].unique())
    figure, axes = plt.subplots(3, len(depths), figsize=(style.FULL_WIDTH, 5.4), sharey="row", squeeze=False)
    for column, depth in zip(axes.T, depths, strict=True):
        shift, saturated, gradient = column
        shift.set_title(panels.hidden_layers(depth))
        for normalization, _, color, marker in _ARMS:
            arm = looks[(looks["depth"] == depth) & (looks["normalization"] == normalization)]
            _shift(shift, arm, color=color, marker=marker, markersize=3.5)
            by_run = arm.groupby(["seed", "step"], as_index=False)["saturated"].mean()
            panels.over_seeds(saturated, by_run, "step", "saturated", color=color, linewidth=1.2)
            for layer, (_, line) in zip(dict.fromkeys((1, depth)), _LINES, strict=False):
                shown = arm[arm["layer"] == layer]
                shown = shown.assign(scaled=shown["gradient"] * shown["weights"])
                panels.over_seeds(gradient, shown, "step", "scaled", color=color, linestyle=line, linewidth=1.2)
        _axis_of_layers(shift, depth, max(depths))
        for ax in (saturated, gradient):
            panels.steps_axis(ax, budget)
        gradient.axvline(budget / 10, color="0.6", linewidth=0.7, linestyle=(0, (1, 1.5)), zorder=0)
        saturated.tick_params(labelbottom=False)
    axes[0, 0].set_ylabel("shift of a layer's inputs,\nin their own spread")
    panels.log_axis(axes[0, -1])
    most = max(0.1, 1.15 * float(looks["saturated"].max()))
    panels.share_axis(axes[1, 0], -0.02 * most, min(most, 1.02))
    axes[1, 0].set_ylabel("saturated\nactivations")
    panels.log_axis(axes[2, 0])
    axes[2, 0].set_ylabel("kernel's gradient\ntimes the kernel's norm")
    figure.supxlabel("training iterations", fontsize=8, y=0.01)
    handles = [panels.key(f"{label} batch normalization", color=color) for _, label, color, _ in _ARMS]
    handles += [panels.key(f"{name} hidden layer", color="0.4", linestyle=line) for name, line in _LINES]
    panels.legend(figure, handles)
    figure.align_ylabels(axes[:, 0])
    figure.subplots_adjust(left=0.13, right=0.99, bottom=0.085, top=0.9, wspace=0.08, hspace=0.32)
    return figure


def _shift(ax: Axes, looks: pd.DataFrame, **look: Any) -> None:
    """Since step 0, at the last look; the first layer gets images, which do not shift."""
    last = looks[(looks["step"] == looks["step"].max()) & (looks["layer"] > 1)]
    panels.over_seeds(ax, last, "layer", "shift", **look)


def _axis_of_layers(ax: Axes, depth: int, most: int) -> None:
    ax.set_xlim(1.5, max(most, 2) + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("layer", labelpad=1)
    if depth == 1:
        ax.annotate("images do not shift", (0.5, 0.5), xycoords="axes fraction", ha="center", color="0.4", fontsize=6.5)
