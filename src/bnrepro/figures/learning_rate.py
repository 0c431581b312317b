"""Which learning rates can be used: iterations to the target against the rate, by optimizer."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from bnrepro.figures import panels, style
from bnrepro.figures.best_against_best import STUDIES as STUDIES
from bnrepro.figures.best_against_best import WHERE_THERE as WHERE_THERE
from bnrepro.figures.selection import Tables
from bnrepro.study.factors import FACTORS

CAPTION = "Iterations to a target test accuracy by learning rate and optimizer"
LEGEND = (
    "Black: without batch normalization; dark blue: with it, by moving averages; light blue, dashed: with it, "
    "by population statistics. Marks are means over seeds, bars reach from the lowest seed to the highest; a "
    "cross: no run arrives; an arrow: a bound; a ring: the rate that held-out images choose. Dotted lines: the "
    "budget, and the dataset's own rate."
)
_OPTIMIZERS = {"learning_rate": "sgd", "tuned_momentum": "momentum", "tuned_adam": "adam"}
_CHOSEN = {"none": "rate_without", "batch": "rate_with"}


def from_tables(tables: Tables) -> Figure:
    """At the headline's target."""
    shown = [study for study in STUDIES if tables.meet({study: ()})]
    steps = {study: tables.at_target(tables.rows("steps_to_target", study, "learning_rate")) for study in shown}
    chosen = tables.read("best_against_best")
    chosen = chosen[chosen["target"] == float(f"{tables.target:.6g}")]
    budgets = {study: tables.budget(study) for study in shown}
    return draw(steps, chosen, tables.learning_rate, tables.target, budgets)


def draw(
    steps: dict[str, pd.DataFrame], chosen: pd.DataFrame, usual: float, target: float, budgets: dict[str, int]
) -> Figure:
    """A panel for each optimizer; the rate that held-out images choose for an arm is marked.

    Args:
        steps: by study, rows of steps_to_target.csv: one implementation and depth, one target.
        chosen: rows of best_against_best.csv for the same target.
        usual: the dataset's learning rate, which is marked where it is one of a study's.
        target: the accuracy (share of 1).
        budgets: by study, the steps of a run.
    """
    figure, axes = plt.subplots(1, len(steps), figsize=(style.FULL_WIDTH, 2.9), sharey=True, squeeze=False)
    for ax, (study, table) in zip(axes[0], steps.items(), strict=True):
        ax.set_title(FACTORS["optimizer"].words[_OPTIMIZERS[study]])
        panels.budget_line(ax, budgets[study], above=11)  # over the arrows of what is near it
        for arm in style.ARMS:
            own = table[(table["normalization"] == arm.normalization) & (table["mode"] == arm.mode)]
            own = own.sort_values("learning_rate")
            panels.steps_to_target(ax, own, panels.dodged(own["learning_rate"], arm), arm)
            if arm.mode == "ema":
                best = chosen.loc[chosen["study"] == study, _CHOSEN[arm.normalization]]
                marked = own[own["learning_rate"].isin(best)]
                panels.ring(ax, marked, panels.dodged(marked["learning_rate"], arm))
        rates = sorted(table["learning_rate"].unique())
        ax.set_xscale("log")
        if _OPTIMIZERS[study] == "sgd":
            ax.axvline(usual, color="0.75", linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=0)
        ax.set_xticks(rates, [f"{rate:.3g}" for rate in rates], rotation=0 if len(steps) == 1 else 45)
        ax.xaxis.set_minor_locator(plt.NullLocator())
    lowest = min(table["low"].min() for table in steps.values())
    panels.scale_of_steps(axes[0, 0], lowest, max(budgets.values()))
    axes[0, 0].set_ylabel(f"iterations to {100 * target:g}% test accuracy")
    figure.supxlabel("learning rate", fontsize=8, y=0.012)
    panels.arm_legend(figure, markers=True, more=[panels.ring_key()])
    figure.subplots_adjust(left=0.11, right=0.99, bottom=0.15 if len(steps) == 1 else 0.2, top=0.83, wspace=0.06)
    return figure
