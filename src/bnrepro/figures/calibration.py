"""The calibration's surface: how far each setting is from the paper's curve without batch normalization."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from bnrepro.figures import style
from bnrepro.figures.selection import Needs, Tables
from bnrepro.study.params import CALIBRATION_STUDY

CAPTION = "Distance from Ioffe & Szegedy (2015), Figure 1(a) without batch normalization, by setting"
LEGEND = "Root mean square over the paper's points, in percentage points; framed: the nearest setting."
STUDIES: Needs = {CALIBRATION_STUDY: ()}


def from_tables(tables: Tables) -> Figure | None:
    """None where no setting was compared with the paper."""
    surface = tables.read("calibration") if tables.has("paper") else pd.DataFrame()
    return draw(surface) if len(surface) else None


def draw(surface: pd.DataFrame) -> Figure:
    """A panel for each kind of pixels: learning rates across, standard deviations of the initial weights up.

    Args:
        surface: calibration.csv, nearest setting first.
    """
    kinds = sorted(surface["pixels"].unique())
    rates, deviations = (sorted(surface[name].unique()) for name in ("learning_rate", "initial_stddev"))
    shade = LogNorm(100 * surface["distance"].min(), 100 * surface["distance"].max())
    figure, axes = plt.subplots(
        1, len(kinds), figsize=(style.FULL_WIDTH, 1.3 + 0.42 * len(deviations)), sharey=True, squeeze=False
    )
    for ax, kind in zip(axes[0], kinds, strict=True):
        own = surface[surface["pixels"] == kind]
        grid = 100 * own.pivot_table(index="initial_stddev", columns="learning_rate", values="distance")
        grid = grid.reindex(index=deviations, columns=rates)
        ax.pcolormesh(grid, cmap="Blues_r", norm=shade)  # shapes, where an image would weigh megabytes in a PDF
        for row in own.itertuples():
            place = (rates.index(row.learning_rate) + 0.5, deviations.index(row.initial_stddev) + 0.5)
            color = "white" if shade(100 * row.distance) < 0.35 else "black"
            _write(ax, place, 100 * row.distance, color, best=row.Index == 0)
        ax.set_title(f"{kind} pixels")
        ax.set_xticks(np.arange(len(rates)) + 0.5, [f"{rate:g}" for rate in rates])
        ax.set_yticks(np.arange(len(deviations)) + 0.5, [f"{deviation:g}" for deviation in deviations])
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    axes[0, 0].set_ylabel("standard deviation of\nthe initial weights")
    figure.supxlabel("learning rate", fontsize=8, y=0.015)
    figure.suptitle("distance to the paper's curve without batch normalization, percentage points", fontsize=8, y=0.98)
    height = figure.get_figheight()
    figure.subplots_adjust(left=0.1, right=0.995, bottom=0.42 / height, top=1 - 0.5 / height, wspace=0.04)
    return figure


def _write(ax: Axes, place: tuple[float, float], points: float, color: str, best: bool) -> None:
    """The distance in percentage points; the best setting framed."""
    x, y = place
    ax.text(x, y, f"{points:.2f}", ha="center", va="center", color=color, fontweight="bold" if best else "normal")
    if best:
        ax.add_patch(plt.Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, fill=False, edgecolor=style.PAPER, linewidth=1.8))
