"""The ratio of iterations without and with batch normalization, as a function of the target: one target can mislead."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from bnrepro.analysis import reference
from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables
from bnrepro.study.params import HEADLINE_STUDY, PAPER_DEPTH

CAPTION = "Iterations without over iterations with batch normalization, against the target accuracy"
STUDIES: Needs = {HEADLINE_STUDY: ()}
_BOUNDS = {"lower": "^", "upper": "v"}


def from_tables(tables: Tables) -> Figure | None:
    """Of the headline's study; None for one arm alone, which has no ratios."""
    speedup = tables.headline("speedup_by_target")
    speedup = speedup[speedup["normalization"] == "batch"]
    if speedup.empty:
        return None
    if tables.dataset != reference.DATASET:
        return draw(speedup)
    rows = [(target, *reference.speedup(target)) for target in sorted(speedup["target"].unique())]
    return draw(speedup, pd.DataFrame(rows, columns=["target", "ratio", "censored"]), PAPER_DEPTH)


def draw(speedup: pd.DataFrame, paper: pd.DataFrame | None = None, paper_depth: int | None = None) -> Figure:
    """One panel for each depth, of the implementation that the table names first.

    Args:
        speedup: rows of speedup_by_target.csv, of one learning rate.
        paper: target, ratio and censored of the paper's own curves, drawn at `paper_depth`.
    """
    own = speedup[speedup["implementation"] == speedup["implementation"].iloc[0]]
    depths = sorted(own["depth"].unique())
    figure, axes = plt.subplots(
        1, len(depths), figsize=(style.FULL_WIDTH, 2.7), sharex=True, sharey=True, squeeze=False
    )
    for ax, depth in zip(axes[0], depths, strict=True):
        ax.set_title(panels.hidden_layers(depth))
        ax.axhline(1, color="0.6", linewidth=0.7, zorder=0)
        for arm in style.ARMS[1:]:
            _line(ax, own[(own["depth"] == depth) & (own["mode"] == arm.mode)], arm)
        if paper is not None and depth == paper_depth:
            known = paper[paper["ratio"].notna()]
            ax.plot(known["target"], known["ratio"], color=style.PAPER, linewidth=2.2, zorder=1)
            _bounds(ax, known, style.PAPER)
    ax = axes[0, 0]
    ax.set_yscale("log")
    ax.set_xlim(own["target"].min(), 1.0)
    ax.yaxis.set_major_locator(plt.LogLocator(subs=(1, 2, 5), numticks=20))
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}×")
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_locator(plt.MultipleLocator(0.05))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: "" if value > 0.99 else f"{100 * value:.0f}%"))
    ax.set_ylabel("iterations without / with")
    figure.supxlabel("target: test accuracy", fontsize=8, y=0.015)
    _legend(figure, paper is not None and paper_depth in depths)
    figure.subplots_adjust(left=0.088, right=0.995, bottom=0.155, top=0.8, wspace=0.06)
    return figure


def _line(ax: Axes, series: pd.DataFrame, arm: style.Arm) -> None:
    """The ratio in its interval, over the targets at which it says something."""
    known = series[series["ratio"].notna() & (series["censored"] != "both")]
    ax.fill_between(known["target"], known["low"], known["high"], color=arm.color, alpha=0.18, linewidth=0)
    ax.plot(known["target"], known["ratio"], color=arm.color, linestyle=arm.line, linewidth=1.1)
    _bounds(ax, known, arm.color)


def _bounds(ax: Axes, known: pd.DataFrame, color: str) -> None:
    for censored, marker in _BOUNDS.items():
        bound = known[known["censored"] == censored]
        ax.plot(bound["target"], bound["ratio"], color=color, linestyle="", marker=marker, markersize=2.6)


def _legend(figure: Figure, with_paper: bool) -> None:
    handles = [panels.arm_key(arm, markers=False) for arm in style.ARMS[1:]]
    if with_paper:
        handles.append(panels.key("the paper's curves", color=style.PAPER, linewidth=2.2))
    for censored, marker in _BOUNDS.items():
        what = {"lower": "at least", "upper": "at most"}[censored]
        handles.append(panels.key(what, color="0.3", linestyle="", marker=marker, markersize=3))
    panels.legend(figure, handles)
