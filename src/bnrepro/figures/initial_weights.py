"""Initial weights: from which of them networks learn, at which learning rate, with and without batch normalization."""

import textwrap

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables
from bnrepro.study.factors import FACTORS

CAPTION = "Iterations to a target test accuracy by learning rate, depth and initial weights"
LEGEND = (
    "Black: without batch normalization; dark blue: with it, by moving averages. Marks are means over seeds, bars "
    "reach from the lowest seed to the highest; a cross: no run arrives; an arrow: a bound."
)
STUDIES: Needs = {"initial_weights": ("initial_scheme",)}


def from_tables(tables: Tables) -> Figure:
    """Of study `initial_weights`, at the headline's target.

    Raises:
        BadInput: the target is not in the tables.
    """
    steps = tables.read("steps_to_target", "initial_scheme")
    steps = tables.at_target(steps[steps["study"] == "initial_weights"])
    steps = steps[steps["implementation"] == steps["implementation"].iloc[0]]
    return draw(steps, tables.target, tables.budget("initial_weights"))


def draw(steps: pd.DataFrame, target: float, budget: int) -> Figure:
    """A row for every depth, a column for every kind of initial weights.

    Args:
        steps: rows of steps_to_target.csv: one study and implementation, one target.
        target: the accuracy (share of 1).
        budget: the steps of a run.
    """
    depths = sorted(steps["depth"].unique())
    schemes = [scheme for scheme in FACTORS["initial_scheme"].words if scheme in set(steps["initial_scheme"])]
    height = 0.95 + 1.6 * len(depths)
    figure, axes = plt.subplots(
        len(depths), len(schemes), figsize=(style.FULL_WIDTH, height), sharex=True, sharey=True, squeeze=False
    )
    for row, depth in zip(axes, depths, strict=True):
        row[0].set_ylabel(f"{panels.hidden_layers(depth)}\niterations to {100 * target:g}%")
        for ax, scheme in zip(row, schemes, strict=True):
            panels.budget_line(ax, budget, labeled=False)
            for arm in style.ARMS[:2]:
                own = steps[(steps["normalization"] == arm.normalization) & (steps["mode"] == arm.mode)]
                own = own[(own["depth"] == depth) & (own["initial_scheme"] == scheme)].sort_values("learning_rate")
                panels.steps_to_target(ax, own, panels.dodged(own["learning_rate"], arm), arm)
    for ax, scheme in zip(axes[0], schemes, strict=True):
        words = FACTORS["initial_scheme"].words[scheme].replace("initial ", "")
        ax.set_title(textwrap.fill(words, 18), fontsize=7.5)
    axes[0, 0].set_xscale("log")
    panels.scale_of_steps(axes[0, 0], steps["low"].min(), budget)
    rates = sorted(steps["learning_rate"].unique())
    axes[0, 0].set_xticks(rates, [f"{rate:.2g}" for rate in rates])
    axes[0, 0].xaxis.set_minor_locator(plt.NullLocator())
    for ax in axes[-1]:
        ax.tick_params("x", labelsize=6, labelrotation=45)
    figure.supxlabel("learning rate", fontsize=8, y=0.01)
    arms = [panels.arm_key(arm, markers=True) for arm in style.ARMS[:2]]
    never = panels.key(f"not reached within {budget:,}", color="0.3", linestyle="", marker="x", markersize=4.5)
    panels.legend(figure, [panels.key("Batch normalization:", linestyle=""), *arms, never])
    figure.subplots_adjust(left=0.125, right=0.99, bottom=0.55 / height, top=1 - 0.58 / height, wspace=0.07, hspace=0.1)
    return figure
