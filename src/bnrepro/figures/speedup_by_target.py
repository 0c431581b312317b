"""The ratio of iterations without and with batch normalization, as a function of the target: one target can mislead."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from bnrepro.analysis import reference
from bnrepro.figures import panels, ratios, style
from bnrepro.figures.selection import Needs, Tables
from bnrepro.study.params import HEADLINE_STUDY, PAPER_DEPTH

CAPTION = "Iterations without over iterations with batch normalization, against the target accuracy"
LEGEND = (
    "Dark blue: by moving averages; light blue, dashed: by population statistics; red: the paper's curves. "
    "Ratios of geometric means over seeds, bands from the lowest seed to the highest; triangles are bounds."
)
STUDIES: Needs = {HEADLINE_STUDY: ()}


def from_tables(tables: Tables) -> Figure | None:
    """Of the headline's study; None for one arm alone, which has no ratios."""
    speedup = tables.headline("speedup_by_target")
    speedup = speedup[speedup["normalization"] == "batch"]
    if speedup.empty:
        return None
    if tables.dataset != reference.DATASET:
        return draw(speedup)
    begins = reference.test_accuracy("batch").iloc[0]  # below it the paper's curves say next to nothing
    rows = [(target, *reference.speedup(target)) for target in sorted(speedup["target"].unique()) if target > begins]
    return draw(speedup, pd.DataFrame(rows, columns=["target", "ratio", "censored"]), PAPER_DEPTH)


def draw(speedup: pd.DataFrame, paper: pd.DataFrame | None = None, paper_depth: int | None = None) -> Figure:
    """A column for each depth, a row for each network; of implementations that are the same one, the first.

    Args:
        speedup: rows of speedup_by_target.csv, of one learning rate.
        paper: target, ratio and censored of the paper's own curves, drawn at `paper_depth` of the first network.
    """
    networks = style.networks(speedup["implementation"].unique())
    depths = sorted(speedup["depth"].unique())
    height = 0.85 + 1.7 * len(networks)
    figure, axes = plt.subplots(
        len(networks), len(depths), figsize=(style.FULL_WIDTH, height), sharex=True, sharey="row", squeeze=False
    )
    for row, implementations in zip(axes, networks.values(), strict=True):
        row[0].set_ylabel(f"{style.IMPLEMENTATIONS[implementations[0]]}\niterations without / with")
        own = speedup[speedup["implementation"] == implementations[0]]
        for ax, depth in zip(row, depths, strict=True):
            for arm in style.ARMS[1:]:
                series = own[(own["depth"] == depth) & (own["mode"] == arm.mode)]
                ratios.against_target(ax, series, color=arm.color, linestyle=arm.line, linewidth=1.1)
    for ax, depth in zip(axes[0], depths, strict=True):
        ax.set_title(panels.hidden_layers(depth))
        if paper is not None and depth == paper_depth:
            ratios.against_target(ax, paper, color=style.PAPER, linewidth=2.2, zorder=1)
    ratios.axes(axes.flat, speedup["target"].min())
    figure.supxlabel("target: test accuracy", fontsize=8, y=0.012)
    handles = [panels.arm_key(arm, markers=False) for arm in style.ARMS[1:]]
    if paper is not None and paper_depth in depths:
        handles.append(panels.key("the paper's curves", color=style.PAPER, linewidth=2.2))
    panels.legend(figure, [*handles, *ratios.keys(speedup["censored"])])
    figure.subplots_adjust(left=0.12, right=0.995, bottom=0.42 / height, top=1 - 0.5 / height, wspace=0.06, hspace=0.1)
    return figure
