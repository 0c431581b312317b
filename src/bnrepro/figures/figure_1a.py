"""The paper's Figure 1(a): test accuracy with and without batch normalization, our curves over the authors' own."""

from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from bnrepro.analysis import against_paper, reference
from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables
from bnrepro.study.params import PAPER_STUDY

CAPTION = "Test accuracy against training iterations: Ioffe & Szegedy (2015), Figure 1(a), and ours"
LEGEND = (
    "Thick: the paper's curves, one run each. Thin: means over seeds in the range of all of them, by population "
    "statistics; dots: every 4,000th step. Without batch normalization the curve was fitted, with it predicted. "
    "Orange, dashed: without it, at the rate nearest to the paper's curve with it."
)
STUDIES: Needs = {PAPER_STUDY: ()}
_OURS = {"none": "fitted", "batch": "predicted"}
_PAPER: Any = {"linewidth": 3.4, "alpha": 0.42, "solid_capstyle": "butt"}


def from_tables(tables: Tables) -> Figure | None:
    """None on another dataset than the paper's."""
    if not tables.has("paper"):
        return None
    papers = {arm.normalization: reference.test_accuracy(arm.normalization) for arm in style.PAPER_ARMS}
    return draw(tables.read(f"curves/{PAPER_STUDY}"), papers, tables.budget(PAPER_STUDY), _null(tables))


def _null(tables: Tables) -> pd.DataFrame:
    """The curves without batch normalization at the learning rate that brings them nearest to the paper's with it."""
    distances = tables.read("null").dropna(subset="distance")
    distances = distances[distances["normalization"] == "none"]
    if distances.empty:
        return distances
    curves = tables.read("curves/learning_rate")
    rate = distances.loc[distances["distance"].idxmin(), "learning_rate"]
    return curves[(curves["normalization"] == "none") & (curves["learning_rate"] == rate)]


def draw(curves: pd.DataFrame, papers: dict[str, pd.Series], budget: int, null: pd.DataFrame) -> Figure:
    """The same curves twice: in the paper's range, and where the arms part.

    Args:
        curves: rows of curves/paper.csv.
        papers: the paper's test accuracy (a share of 1) by step, by normalization.
        budget: the steps of a run.
        null: rows of curves/learning_rate.csv, of one rate without batch normalization; drawn where the arms part.
    """
    figure, (whole, close) = plt.subplots(1, 2, figsize=(style.FULL_WIDTH, 3.1), sharex=True)
    for ax in (whole, close):
        for arm in style.PAPER_ARMS:
            papers_curve = papers[arm.normalization]
            ax.plot(papers_curve.index, papers_curve, color=arm.color, **_PAPER, zorder=2)
            ours = curves[curves["normalization"] == arm.normalization]
            panels.over_seeds(ax, ours, "step", arm.column, 0.15, color=arm.color, linewidth=1.2, zorder=3)
            points = ours[ours["step"] % against_paper.POINTS_EVERY == 0].groupby("step")[arm.column].mean()
            ax.plot(points.index, points, color=arm.color, linestyle="", marker="o", markersize=3, zorder=3)
        ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
        panels.counts(ax.xaxis)
    if len(null):
        told = f"without, learning rate {null['learning_rate'].iloc[0]:g}"
        look = {"color": style.ORANGE, "linewidth": 1.0, "linestyle": (0, (2, 1)), "zorder": 2.5}
        panels.over_seeds(close, null, "step", "population_accuracy", 0, **look, label=told)
        close.legend(loc="lower right")
    whole.set_ylim(0.7, 1.0)
    whole.set_ylabel("test accuracy")
    close.set_ylim(0.94, 0.99)
    close.set_title("closer", loc="left")
    whole.set_title("in the range of the paper's figure", loc="left")
    whole.set_xlim(0, budget)
    figure.supxlabel("training iterations", fontsize=8, y=0.015)
    handles = [panels.key("Batch normalization", linestyle="")]
    for arm in style.PAPER_ARMS:
        handles.append(panels.key(f"{arm.label}: the paper", color=arm.color, **_PAPER))
        handles.append(
            panels.key(
                f"{arm.label}: ours, {_OURS[arm.normalization]}",
                color=arm.color,
                linewidth=1.2,
                marker="o",
                markersize=3,
            )
        )
    panels.legend(figure, handles, columnspacing=0.9, handlelength=1.6)
    figure.subplots_adjust(left=0.088, right=0.965, bottom=0.14, top=0.83, wspace=0.17)
    return figure
