"""Noise after batch normalization, so that inputs shift again: what it does to them, and to learning."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables

CAPTION = "Noise after batch normalization: test accuracy against iterations, and the travel of inputs"
STUDIES: Needs = {"noise": ("noise",)}
_ARMS = (
    ("none", "none", "without batch normalization", style.WITHOUT, "-"),
    ("batch", "none", "with", style.WITH, "-"),
    ("batch", "steady", "with, and steady noise", style.GREEN, (0, (5, 1.2))),
    ("batch", "shifting", "with, and shifting noise", style.VERMILION, (0, (2, 1))),
)


def from_tables(tables: Tables) -> Figure:
    """Of study `noise`."""
    looks = tables.rows("layers", "noise", "noise")
    return draw(tables.curves("noise", "noise"), looks, tables.budget("noise"))


def draw(curves: pd.DataFrame, looks: pd.DataFrame, budget: int) -> Figure:
    """Left: accuracy; middle: travel by layer; right: how much one step of the layers before turns a gradient.

    Args:
        curves, looks: rows of curves/noise.csv and of layers.csv: one study, depth and learning rate.
        budget: the steps of a run.
    """
    figure, (learning, travel, change) = plt.subplots(1, 3, figsize=(style.FULL_WIDTH, 2.7))
    for place, (normalization, noise, _, color, line) in enumerate(_ARMS):
        own, seen = (
            table[(table["normalization"] == normalization) & (table["noise"] == noise)] for table in (curves, looks)
        )
        panels.over_seeds(learning, own, "step", "population_accuracy", color=color, linestyle=line)
        by_layer = seen.drop_duplicates(["seed", "layer"]).groupby("layer")["travelled"]
        mean = by_layer.mean()
        errors = panels.reach(mean, by_layer.min(), by_layer.max())
        travel.bar(mean.index + 0.2 * (place - 1.5), mean, 0.18, yerr=errors, color=color, error_kw={"elinewidth": 0.7})
        turned = seen.assign(turned=1 - seen["gradient_cosine"])
        panels.over_seeds(change, turned, "step", "turned", color=color, linestyle=line)
    learning.set_title("test accuracy")
    panels.share_axis(learning)
    travel.set_title("travel of inputs")
    travel.set_xlabel("layer")
    travel.xaxis.set_major_locator(plt.MaxNLocator(integer=True))
    change.set_title("turn of the gradient (1 − cosine)")
    panels.log_axis(change)
    panels.log_steps_axis(learning, curves, budget)
    learning.set_xlabel("training iterations (log scale)")
    panels.steps_axis(change, budget)
    change.set_xlabel("training iterations")
    panels.legend(figure, [panels.key(label, color=color, linestyle=line) for *_, label, color, line in _ARMS])
    figure.subplots_adjust(left=0.065, right=0.985, bottom=0.16, top=0.82, wspace=0.32)
    return figure
