"""What several figures share: a mean over seeds in the range of all of them, and axes of steps and of shares."""

from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bnrepro.figures import style


def over_seeds(ax: Axes, runs: pd.DataFrame, x: str, y: str, band: bool = True, **line: Any) -> None:
    """The mean over seeds of a column against another, in the range from the lowest to the highest seed."""
    grouped = runs.dropna(subset=y).groupby(x)[y]
    mean = grouped.mean()
    if band:
        ax.fill_between(mean.index, grouped.min(), grouped.max(), color=line["color"], alpha=0.16, linewidth=0)
    ax.plot(mean.index, mean, **line)


def steps_axis(ax: Axes, budget: int) -> None:
    ax.set_xlim(0, budget)
    ax.xaxis.set_major_locator(plt.MaxNLocator(3, prune="upper"))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")


def share_axis(ax: Axes, low: float = 0.0, high: float = 1.02) -> None:
    """Shares of 1 as percent."""
    ax.set_ylim(low, high)
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")


def learning_range(tables: list[pd.Series], floor: float = 0.5) -> float:
    """Where an axis of accuracies begins so that the top is seen: at `floor`, or below all that is shown at the end."""
    lowest = min((float(values.min()) for values in tables if len(values)), default=0.0)
    return 0.0 if lowest < floor else floor


def legend(figure: Figure, handles: list[plt.Line2D], columns: int | None = None) -> None:
    """Above the panels."""
    figure.legend(
        handles=handles, loc="upper center", ncols=columns or len(handles), columnspacing=1.4, handlelength=2.2
    )


def key(label: str, **line: Any) -> plt.Line2D:
    """An entry of a legend."""
    return plt.Line2D([], [], label=label, **line)


def hidden_layers(depth: int) -> str:
    return f"{depth} hidden layer{'s' if depth > 1 else ''}"


WITHOUT, WITH = style.ARMS[0].color, style.ARMS[1].color
