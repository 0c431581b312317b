"""What several figures share: a mean over seeds in the range of all of them, axes of steps and of shares, legends."""

from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from bnrepro.figures import style

# Of error axes: shares of 1. Nine in ten is chance among ten classes. Errors below the least leave the panel.
_ERROR_TICKS = (0.9, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005)
_LEAST_ERROR = 0.004
_DODGE = 1.13  # times, from one arm to the next
_RING: dict[str, Any] = {
    "marker": "o",
    "markersize": 9,
    "markerfacecolor": "none",
    "markeredgecolor": style.VERMILION,
    "markeredgewidth": 1.2,
}


def over_seeds(ax: Axes, runs: pd.DataFrame, x: str, y: str, opacity: float = 0.18, **line: Any) -> None:
    """The mean over seeds of a column against another, in the range of all seeds; an opacity of 0 leaves it out.

    It ends where one of the runs does: a mean over those that are left would be of other runs.
    """
    grouped = runs.dropna(subset=y).astype({x: float, y: float}).groupby(x)[y]  # an empty table is of objects
    whole = grouped.count() == grouped.count().max()
    mean, low, high = (part[whole] for part in (grouped.mean(), grouped.min(), grouped.max()))
    if opacity:
        ax.fill_between(mean.index, low, high, color=line["color"], alpha=opacity, linewidth=0)
    ax.plot(mean.index, mean, **line)


def errors(ax: Axes, runs: pd.DataFrame, column: str, opacity: float = 0.18, **line: Any) -> None:
    """The error (1 - accuracy) over seeds, against steps; `column` is an accuracy's."""
    over_seeds(ax, runs.assign(error=1 - runs[column]), "step", "error", opacity, **line)


def error_axis(axes: Iterable[Axes], target: float | None = None) -> None:
    """A log scale of errors for panels that share it, over what their lines show; dotted, a target accuracy."""
    axes = list(axes)
    drawn = np.concatenate([np.asarray(line.get_ydata(), float) for ax in axes for line in ax.lines] or [np.ones(1)])
    positive = drawn[drawn > 0]
    lowest, highest = (positive.min(), positive.max()) if len(positive) else (0.1, 1.0)
    for ax in axes:
        ax.set_yscale("log", nonpositive="clip")
        ax.set_ylim(max(0.8 * lowest, _LEAST_ERROR), min(1.25 * highest, 1.0))
        ax.yaxis.set_major_locator(plt.FixedLocator(_ERROR_TICKS))
        ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
        ax.yaxis.set_minor_locator(plt.NullLocator())
        if target is not None:
            ax.axhline(1 - target, color="0.6", linewidth=0.7, linestyle=(0, (1, 1.5)), zorder=0)


def tell_diverged(ax: Axes, series: pd.DataFrame, colors: dict[str, str]) -> None:
    """In words, below the top, where a curve would be missed.

    Args:
        series: with the columns normalization, runs and diverged (how many).
        colors: by normalization; others are not told.
    """
    lost = series[(series["diverged"] > 0) & series["normalization"].isin(colors)]
    for place, row in enumerate(lost.to_dict("records")):
        ax.annotate(
            f"{row['normalization']}: {row['diverged']} of {row['runs']} diverged",
            (0.98, 0.91 - 0.09 * place),
            xycoords="axes fraction",
            ha="right",
            va="top",
            color=colors[row["normalization"]],
            fontsize=6.5,
        )


def steps_to_target(ax: Axes, series: pd.DataFrame, x: Sequence[float], arm: style.Arm) -> None:
    """Means with intervals. A line joins neighbors that are known: a bound has an arrow, and no run arrived at a cross.

    Args:
        series: rows of steps_to_target.csv, in order.
        x: where each of them stands.
    """
    placed = series.assign(x=list(x))
    known = (placed["reached"] == placed["runs"]) & (placed["at_first"] == 0)
    ax.plot(placed["x"], placed["mean_restricted_steps"].where(known), **arm.look | {"marker": ""}, zorder=2)
    arrived = placed[placed["reached"] > 0]
    mean = arrived["mean_restricted_steps"]
    ax.errorbar(
        arrived["x"],
        mean,
        yerr=reach(mean, arrived["low"], arrived["high"]),
        elinewidth=0.8,
        capsize=1.8,
        zorder=3,
        **arm.look | {"linestyle": ""},
    )
    for row in arrived.to_dict("records"):
        if row["reached"] < row["runs"]:
            _arrow(ax, "↑", row["x"], row["high"], 5, arm)
        elif row["at_first"]:
            _arrow(ax, "↓", row["x"], row["low"], -6, arm)
    never = placed[placed["reached"] == 0]
    at = (never["x"], never["mean_restricted_steps"])
    ax.plot(*at, color=arm.color, linestyle="", marker="x", markersize=4.5, markeredgewidth=1.5, zorder=3)


def dodged(rates: Iterable[float], arm: style.Arm) -> list[float]:
    """Where an arm stands on a log scale of learning rates: a little aside, so that no mark hides another's."""
    return [rate * _DODGE ** (style.ARMS.index(arm) - 1) for rate in rates]


def ring(ax: Axes, series: pd.DataFrame, x: Sequence[float]) -> None:
    """Around the points of a chosen learning rate."""
    ax.plot(x, series["mean_restricted_steps"], linestyle="", zorder=4, **_RING)


def ring_key() -> plt.Line2D:
    """Its entry in a legend."""
    return key("chosen rate", linestyle="", **_RING)


def scale_of_steps(ax: Axes, lowest: float, budget: int) -> None:
    """A log scale of iterations: a decade at least, with room for arrows below and for the budget's words above."""
    span = budget / min(lowest, budget / 10)
    ax.set_yscale("log")
    ax.set_ylim(budget / span**1.12, budget * span**0.22)
    ax.yaxis.set_major_locator(plt.LogLocator(subs=(1, 2, 5) if span < 50 else (1,)))
    counts(ax.yaxis)


def reach(mean: pd.Series, low: pd.Series, high: pd.Series) -> list[pd.Series]:
    """What an interval adds to a mean on either side; rounded, a mean may lie outside by a hair."""
    return [(mean - low).clip(lower=0), (high - mean).clip(lower=0)]


def _arrow(ax: Axes, sign: str, x: float, y: float, offset: float, arm: style.Arm) -> None:
    """Beside a point that is a bound: runs are missing above, or may have arrived below."""
    ax.annotate(
        sign,
        (x, y),
        xytext=(0, offset),
        textcoords="offset points",
        ha="center",
        va="center",
        color=arm.ink,
        fontsize=7,
    )


def budget_line(ax: Axes, budget: int, labeled: bool = True, above: int = 4) -> None:
    """Where a run that has not arrived was ended; `labeled`: with what a cross there means, in points `above` it."""
    ax.axhline(budget, color="0.55", linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=0)
    if labeled:
        ax.annotate(
            f"× not reached within {budget:,}",
            (0.02, budget),
            xycoords=("axes fraction", "data"),
            xytext=(0, above),
            textcoords="offset points",
            color="0.3",
            fontsize=6.5,
        )


def steps_axis(ax: Axes, budget: int) -> None:
    ax.set_xlim(0, budget)
    ax.xaxis.set_major_locator(plt.MaxNLocator(3, prune="upper"))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")


def log_steps_axis(ax: Axes, curves: pd.DataFrame, budget: int) -> None:
    """From the first evaluation of these curves to the budget."""
    ax.set_xscale("log")
    ax.set_xlim(curves["step"].min(), budget)
    counts(ax.xaxis)


def counts(axis: Axis) -> None:
    """Whole numbers, and none at minor ticks."""
    axis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axis.set_minor_formatter(lambda *_: "")


def target_line(ax: Axes, target: float) -> None:
    ax.axhline(target, color="0.6", linewidth=0.7, linestyle=(0, (1, 1.5)), zorder=0)


def close_share_axis(ax: Axes, lowest: float) -> None:
    """`share_axis` from just below the lowest share, where all are high."""
    share_axis(ax, *((lowest - 0.02, 1.0) if lowest > 0.5 else ()))


def share_axis(ax: Axes, low: float = 0.0, high: float = 1.02) -> None:
    """Shares of 1 as percent."""
    ax.set_ylim(low, high)
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")


def log_axis(ax: Axes) -> None:
    """A log scale, for what is drawn already; a linear one where nothing of it is above zero."""
    drawn = np.concatenate([np.asarray(line.get_ydata(), float) for line in ax.lines] or [np.zeros(0)])
    if (np.isfinite(drawn) & (drawn > 0)).any():
        ax.set_yscale("log")
        low, high = ax.get_ylim()
        ax.yaxis.set_major_locator(plt.LogLocator(subs=(1, 2, 5) if high < 50 * low else (1,)))
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}" if value > 2e-4 else _power(value))
        ax.yaxis.set_minor_formatter(lambda *_: "")


def _power(value: float) -> str:
    """A power of ten, as a reader knows it."""
    return f"$10^{{{np.log10(value):.0f}}}$"


def key(label: str, **line: Any) -> plt.Line2D:
    """An entry of a legend."""
    return plt.Line2D([], [], label=label, **line)


def arm_key(arm: style.Arm, markers: bool) -> plt.Line2D:
    """An arm's entry in a legend."""
    return key(arm.label, **arm.look | ({} if markers else {"marker": ""}))


def legend(figure: Figure, handles: list[plt.Line2D], **look: Any) -> None:
    """A line of entries above the panels; `look`: of matplotlib's legend."""
    look = {"columnspacing": 1.4, "handlelength": 2.2} | look
    figure.legend(handles=handles, loc="upper center", ncols=len(handles), **look)


def arm_legend(figure: Figure, markers: bool, more: Sequence[plt.Line2D] = ()) -> None:
    """The arms, above the panels, and further entries."""
    arms = [arm_key(arm, markers) for arm in style.ARMS]
    legend(figure, [key("Batch normalization:", linestyle=""), *arms, *more], columnspacing=1.2, handlelength=2.4)


def hidden_layers(depth: int) -> str:
    return f"{depth} hidden layer{'s' if depth > 1 else ''}"
