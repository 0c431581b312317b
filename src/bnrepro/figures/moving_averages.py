"""The moving averages: how far they lag behind by momentum, what that costs, and what comes of forgotten updates."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables

CAPTION = "The moving averages: their lag by momentum, what it costs, and what forgotten updates cost"
LEGEND = (
    "Lines are means over seeds, bands reach from the lowest seed to the highest; dotted: by population statistics."
)
STUDIES: Needs = {"momentum": ("momentum",), "updates": ("updates",)}


def from_tables(tables: Tables) -> Figure:
    """Of studies `momentum` and `updates`."""
    looks = tables.rows("layers/momentum", "momentum", "momentum")
    updates = tables.curves("updates", "implementation", "updates")
    return draw(tables.curves("momentum", "momentum"), looks, updates, tables.budget("momentum"))


def draw(momentum: pd.DataFrame, looks: pd.DataFrame, updates: pd.DataFrame, budget: int) -> Figure:
    """Left: the lag; middle: error by momentum; right: error with the updates run and omitted.

    Args:
        momentum, updates: rows of curves/momentum.csv and curves/updates.csv: one depth and learning rate.
        looks: rows of layers/momentum.csv.
        budget: the steps of a run.
    """
    figure, (lag, learning, forgotten) = plt.subplots(1, 3, figsize=(style.FULL_WIDTH, 2.7))
    values = sorted(momentum["momentum"].unique())
    colors = dict(zip(values, plt.get_cmap("plasma")(np.linspace(0.85, 0.05, len(values))), strict=True))
    by_run = looks.groupby(["momentum", "seed", "step"], as_index=False)["lag"].mean()
    for value, color in colors.items():
        panels.over_seeds(lag, by_run[by_run["momentum"] == value], "step", "lag", color=color)
        own = momentum[momentum["momentum"] == value]
        panels.errors(learning, own, "accuracy", color=color)
    panels.errors(learning, momentum, "population_accuracy", 0, color="0.35", linestyle=":")
    panels.log_axis(lag)
    lag.set_title("lag of the moving means")
    lag.set_ylabel("standard deviations")
    learning.set_title("test error by momentum")
    forgotten.set_title("test error by updates")
    _updates(forgotten, updates)
    for ax in (lag, learning, forgotten):
        panels.steps_axis(ax, budget)
    panels.error_axis((learning, forgotten))
    forgotten.tick_params(labelleft=False)
    learning.set_xlabel("training iterations")
    handles = [panels.key(f"momentum {value:g}", color=color) for value, color in colors.items()]
    handles.append(panels.key("population statistics", color="0.35", linestyle=":"))
    panels.legend(figure, handles)
    figure.subplots_adjust(left=0.085, right=0.985, bottom=0.155, top=0.82, wspace=0.22)
    return figure


def _updates(ax: Axes, updates: pd.DataFrame) -> None:
    arms = (("run", style.WITH, "updates run"), ("omitted", style.VERMILION, "updates omitted"))
    for value, color, label in arms:
        own = updates[updates["updates"] == value]
        panels.errors(ax, own, "accuracy", color=color, label=label)
    panels.errors(ax, updates, "population_accuracy", 0, color="0.35", linestyle=":")
    ax.legend(loc="center right", fontsize=6.5)
