"""The paper's Figure 1(b, c): what a sigmoid of the last hidden layer gets, for the paper's unit and one of ours."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from bnrepro.analysis import reference
from bnrepro.analysis.reference import PERCENTILES
from bnrepro.figures import style
from bnrepro.figures.selection import Needs, Tables
from bnrepro.study.params import PAPER_STUDY

CAPTION = "Percentiles of a sigmoid's input: Ioffe & Szegedy (2015), Figure 1(b, c), and ours"
LEGEND = "Median and 15th and 85th percentiles of one unit: the paper's, and ours of median movement."
STUDIES: Needs = {PAPER_STUDY: ()}


def from_tables(tables: Tables) -> Figure | None:
    """None where no run was looked into."""
    if not tables.has("paper") or not tables.has("sigmoid_inputs"):
        return None
    papers = {arm.normalization: reference.sigmoid_inputs(arm.normalization) for arm in style.PAPER_ARMS}
    return draw(tables.read("sigmoid_inputs"), papers, tables.budget(PAPER_STUDY))


def draw(inputs: pd.DataFrame, papers: dict[str, pd.DataFrame], budget: int) -> Figure:
    """Rows: without and with batch normalization; columns: the paper's unit, and the one chosen by the rule.

    Args:
        inputs: rows of sigmoid_inputs.csv.
        papers: by normalization, the paper's percentiles (columns 15, 50, 85) by share of training.
        budget: the steps of a run.
    """
    figure, axes = plt.subplots(2, 2, figsize=(style.FULL_WIDTH, 4.2), sharex=True, sharey=True)
    for (left, right), arm, panel in zip(axes, style.PAPER_ARMS, "bc", strict=True):
        paper = papers[arm.normalization]
        own = inputs[inputs["normalization"] == arm.normalization]
        ours = own.set_index(own["step"] / budget)[[f"percentile_{p}" for p in PERCENTILES]]
        ours.columns = list(PERCENTILES)
        for ax, values in ((left, paper), (right, ours)):
            ax.axhline(0, color="0.8", linewidth=0.7, zorder=0)
            ax.fill_between(values.index, values[15], values[85], color=arm.color, alpha=0.12, linewidth=0)
            for percentile in PERCENTILES:
                width = 1.5 if percentile == 50 else 0.8
                ax.plot(values.index, values[percentile], color=arm.color, linewidth=width)
        for percentile in PERCENTILES:
            end = (1.0, ours[percentile].iloc[-1])
            right.annotate(
                f"{percentile}%", end, (3, 0), textcoords="offset points", va="center", fontsize=6.5, color="0.3"
            )
        left.set_ylabel(f"({panel}) {arm.label}\ninput of a sigmoid")
    axes[0, 0].set_title("the paper's unit")
    axes[0, 1].set_title("ours: the unit of median movement")
    axes[0, 0].set_xlim(0, 1)
    axes[0, 0].xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f}%")
    figure.supxlabel("share of training", fontsize=8, y=0.01)
    figure.subplots_adjust(left=0.095, right=0.955, bottom=0.1, top=0.935, wspace=0.11, hspace=0.12)
    return figure
