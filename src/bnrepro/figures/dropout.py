"""What dropout costs, and what it does to the last layer's gradient at equal training accuracy."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables

CAPTION = "Dropout: error against training iterations, and the turn of the gradient at equal training accuracy"
LEGEND = (
    "Above: test error, means over seeds in the range of all of them; dotted: on training images. Below: each run "
    "without batch normalization, and the median of each rate."
)
STUDIES: Needs = {"dropout": ("dropout",)}
_ARMS = (
    ("none", "without normalization", style.WITHOUT),
    ("batch", "batch normalization", style.WITH),
)
_COLORS = {name: color for name, _, color in _ARMS}


def from_tables(tables: Tables) -> Figure:
    """Of study `dropout`, at its first learning rate."""
    curves, ended = (tables.rows(name, "dropout", "dropout") for name in ("curves/dropout", "final_accuracy"))
    return draw(curves, ended, tables.read("dropout"), tables.budget("dropout"))


def draw(curves: pd.DataFrame, ended: pd.DataFrame, turns: pd.DataFrame, budget: int) -> Figure:
    """Above, errors against iterations, a column for each rate; below, turns against the rate, for each level.

    Args:
        curves, ended: rows of curves/dropout.csv and of final_accuracy.csv: one depth and learning rate.
        turns: dropout.csv.
        budget: the steps of a run.
    """
    rates, levels = sorted(curves["dropout"].unique()), sorted(turns["level"].unique())
    figure = plt.figure(figsize=(style.FULL_WIDTH, 4.6 if levels else 2.7))
    rows = figure.add_gridspec(
        2 if levels else 1, 1, height_ratios=(1.5, 1)[: 2 if levels else 1], hspace=0.52, left=0.115, right=0.985
    )
    rows.update(bottom=0.095 if levels else 0.16, top=0.89 if levels else 0.82)
    axes = rows[0].subgridspec(1, len(rates), wspace=0.12).subplots(sharey=True, squeeze=False)[0]
    for ax, rate in zip(axes, rates, strict=True):
        ax.set_title(f"dropout {rate:g}" if rate else "no dropout")
        for normalization, _, color in _ARMS:
            own = curves[(curves["dropout"] == rate) & (curves["normalization"] == normalization)]
            panels.errors(ax, own, "accuracy", color=color, linewidth=1.2)
            panels.errors(ax, own, "training_accuracy", 0, color=color, linewidth=0.9, linestyle=":")
        panels.tell_diverged(ax, ended[ended["dropout"] == rate], _COLORS)
        panels.log_steps_axis(ax, curves, budget)
    panels.error_axis(axes)
    axes[0].set_ylabel("error")
    axes[len(rates) // 2].set_xlabel("training iterations (log scale)")
    if levels:
        below = rows[1].subgridspec(1, len(levels), wspace=0.12).subplots(sharex=True, sharey=True, squeeze=False)
        _turns(below[0], turns)
    handles = [panels.key(label, color=color) for _, label, color in _ARMS]
    panels.legend(figure, [*handles, panels.key("on training images", color="0.4", linestyle=":")])
    return figure


def _turns(axes: list[Axes], turns: pd.DataFrame) -> None:
    """Every run, and the median of each rate."""
    rates = sorted(turns["dropout"].unique())
    for ax, (level, own) in zip(axes, turns.groupby("level"), strict=True):
        ax.set_title(f"at {100 * level:g}% training accuracy")
        places = own["dropout"].map(rates.index)
        ax.plot(places, own["turn"], ".", color="0.6", markersize=3.5)
        middle = own.groupby(places)["turn"].median()
        ax.plot(middle.index, middle, color=style.WITHOUT, linestyle="", marker="o")
        ax.set_xticks(range(len(rates)), [f"{rate:g}" for rate in rates])
        ax.set_xlim(-0.5, len(rates) - 0.5)
    panels.log_axis(axes[0])
    axes[0].set_ylabel("turn of the gradient\n(1 − cosine)")
    axes[len(axes) // 2].set_xlabel("dropout")
