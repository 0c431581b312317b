"""What is left of Figure 2 for someone who tunes: steps to one accuracy against the learning rate."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables

CAPTION = "Steps to the accuracy of the tuned baseline, by learning rate: Inception modules"
LEGEND = (
    "Black: without batch normalization; dark blue: with it, by moving averages; light blue, dashed: with it, by "
    "population statistics. Marks are means over seeds, bars reach from the lowest seed to the highest; a cross: "
    "no run arrives; an arrow: a bound; a ring: the rate that held-out images choose."
)
STUDIES: Needs = {"inception_rates": ("learning_rate",)}


def from_tables(tables: Tables) -> Figure | None:
    """None where no accuracy is shared by all seeds of the baseline."""
    steps = tables.read("inception_rates")
    return draw(steps, tables.budget("inception_rates")) if len(steps) else None


def draw(steps: pd.DataFrame, budget: int) -> Figure:
    """One panel; the rate that held-out images choose for an arm is marked.

    Args:
        steps: inception_rates.csv.
        budget: the steps of a run.
    """
    figure, ax = plt.subplots(figsize=(style.FULL_WIDTH, 2.7))
    panels.budget_line(ax, budget, above=11)
    for arm in style.ARMS:
        own = steps[(steps["normalization"] == arm.normalization) & (steps["mode"] == arm.mode)]
        own = own.sort_values("learning_rate")
        panels.steps_to_target(ax, own, panels.dodged(own["learning_rate"], arm), arm)
        marked = own[own["chosen"]]
        panels.ring(ax, marked, panels.dodged(marked["learning_rate"], arm))
    rates = sorted(steps["learning_rate"].unique())
    ax.set_xscale("log")
    ax.set_xticks(rates, [f"{rate:g}" for rate in rates])
    ax.xaxis.set_minor_locator(plt.NullLocator())
    panels.scale_of_steps(ax, steps["low"].min(), budget)
    ax.set_xlabel("learning rate")
    ax.set_ylabel(f"steps to {100 * steps['target'].iloc[0]:g}% test accuracy")
    panels.arm_legend(figure, markers=True, more=[panels.ring_key()])
    figure.subplots_adjust(left=0.09, right=0.99, bottom=0.155, top=0.88)
    return figure
