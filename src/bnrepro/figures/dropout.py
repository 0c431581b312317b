"""What dropout costs, and what it does inside."""

from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables

CAPTION = "Dropout: accuracy against training iterations, the travel of inputs and the turn of gradients"
STUDIES: Needs = {"dropout": ("dropout",)}
_ARMS = (
    ("none", "sigmoid", style.WITHOUT, "o"),
    ("batch", "sigmoid, batch normalization", style.WITH, "s"),
    ("self", "SELU, alpha dropout", style.GREEN, "D"),
)


def from_tables(tables: Tables) -> Figure:
    """Of study `dropout`."""
    looks = tables.rows("layers", "dropout", "dropout")
    return draw(tables.curves("dropout", "dropout"), looks, tables.budget("dropout"))


def draw(curves: pd.DataFrame, looks: pd.DataFrame, budget: int) -> Figure:
    """Test and training accuracy against iterations, a column for each rate; and against the rate, what it does inside.

    Args:
        curves, looks: rows of curves/dropout.csv and of layers.csv: one study, depth and learning rate.
        budget: the steps of a run.
    """
    rates = sorted(curves["dropout"].unique())
    figure = plt.figure(figsize=(style.FULL_WIDTH, 2.9))
    outer = figure.add_gridspec(
        1, 2, width_ratios=(len(rates), 0.85), left=0.085, right=0.99, bottom=0.15, top=0.83, wspace=0.18
    )
    axes = outer[0].subgridspec(1, len(rates), wspace=0.08).subplots(sharey=True, squeeze=False)[0]
    inside = outer[1].subgridspec(2, 1, hspace=0.45).subplots(sharex=True)
    shown = {rate: curves[curves["dropout"] == rate] for rate in rates}
    for ax, rate in zip(axes, rates, strict=True):
        ax.set_title(f"dropout {rate:g}" if rate else "no dropout")
        for normalization, _, color, _ in _ARMS:
            own = shown[rate][shown[rate]["normalization"] == normalization]
            panels.over_seeds(ax, own, "step", "accuracy", color=color, linewidth=1.2)
            panels.over_seeds(ax, own, "step", "training_accuracy", 0, color=color, linewidth=0.9, linestyle=":")
        panels.steps_axis(ax, budget)
        panels.share_axis(ax)
    axes[0].set_ylabel("accuracy")
    axes[len(rates) // 2].set_xlabel("training iterations")
    _inside(inside, looks)
    handles = [panels.key(label, color=color) for _, label, color, _ in _ARMS]
    handles += [panels.key("on training images", color="0.4", linestyle=":")]
    panels.legend(figure, handles)
    return figure


def _inside(axes: Any, looks: pd.DataFrame) -> None:
    """Run by run: how far inputs travel, the mean over layers; and how far the last layer's gradient is turned."""
    by_run = looks.assign(turned=1 - looks["gradient_cosine"])
    by_run = by_run.groupby(["normalization", "dropout", "seed"], as_index=False)[["travelled", "turned"]].mean()
    for ax, quantity, title in zip(
        axes, ("travelled", "turned"), ("travel of inputs", "turn of the gradient"), strict=True
    ):
        for normalization, _, color, marker in _ARMS:
            own = by_run[by_run["normalization"] == normalization]
            panels.over_seeds(ax, own, "dropout", quantity, color=color, marker=marker, markersize=3.2)
        ax.set_title(title)
        panels.log_axis(ax)
    axes[-1].set_xlabel("dropout")
    axes[-1].set_xticks(sorted(by_run["dropout"].unique()))
