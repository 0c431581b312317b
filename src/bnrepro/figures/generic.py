"""The figure of any study: how its networks learn, and their iterations to the target across what the study crosses."""

import textwrap
from dataclasses import replace
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bnrepro.figures import layout, panels, style
from bnrepro.figures.layout import Layout
from bnrepro.figures.selection import Tables
from bnrepro.study.factors import FACTORS

LEGEND = (
    "Left: lines are means over seeds, by moving averages, bands reach from the lowest seed to the highest; "
    "dotted: the target. Right: means of the iterations to it, bars from the lowest seed to the highest; a "
    "cross: no run arrives; an arrow: a bound; a level line: the factor does not apply."
)
PREFIX = "study_"  # of a figure's name
_MOST_KEYS = 8  # of a factor's values in the legend
_LINE, _WORDS_LINE = 0.2, 0.11  # inches: the heights of a line of the legend and of a tick's words
_CHARACTER = 0.0076  # inches: its width, by point of its size
_WORDS = 6  # points: the size of words at ticks
_SIGN = 0.44  # inches: what an entry of the legend takes beside its words
_APART = 0.14  # ticks with numbers, as a share of the axis
_DASHES = ("-", (0, (5, 1.2)), (0, (1.5, 1)), (0, (3, 1, 1, 1)))
_ARMS = ("none", "batch, moving averages", "batch, population statistics")  # what `style.ARMS` are called here


def from_tables(tables: Tables, study: str) -> Figure | None:
    """At the headline's target; None where the tables have no steps of the study.

    Raises:
        BadInput: the target is not in the tables.
    """
    steps = tables.read("steps_to_target")
    steps = tables.at_target(steps[steps["study"] == study])
    return draw(tables.all_curves(study), steps, tables.target, tables.budget(study)) if len(steps) else None


def draw(curves: pd.DataFrame, steps: pd.DataFrame, target: float, budget: int) -> Figure:
    """Left: test error by moving averages; right: iterations. A row of panels for each value of a second factor.

    Args:
        curves, steps: rows of curves/<study>.csv, and of steps_to_target.csv for one target.
        target: the accuracy (share of 1).
        budget: the steps of a run.
    """
    plan = layout.of(steps)
    curves, steps = layout.at(curves, plan.fixed), layout.at(steps, plan.fixed)
    columns: list[Any] = plan.values if plan.by_value else plan.arms
    wide = 2 if plan.in_words else 1.25  # the right panels, in panels of curves
    legend, ticks = _legend(plan), _ticks(plan, 5.9 * wide / (len(columns) + wide))
    below = 0.44 + _WORDS_LINE * max(words.count("\n") for words in ticks.values())  # inches
    above = 0.28 + _LINE * len(legend)
    panel = 1.7 if len(plan.rows) == 1 else 1.35
    figure = plt.figure(figsize=(style.FULL_WIDTH, below + panel * len(plan.rows) + above))
    learning, across = _sides(figure, (len(columns), wide), len(plan.rows), below, above)
    for row, ax, value in zip(learning, across, plan.rows, strict=True):
        beside = {plan.down: value} if plan.down else {}
        shown, arrived = layout.at(curves, beside), layout.at(steps, beside)
        for panel, column in zip(row, columns, strict=True):
            _learning(panel, shown, arrived, plan, column)
            panels.log_steps_axis(panel, curves, budget)
        setting = textwrap.fill(FACTORS[plan.down].tell(value), 20) + "\n" if plan.down else ""
        row[0].set_ylabel(f"{setting}test error")
        _steps(ax, arrived, plan)
        panels.budget_line(ax, budget, labeled=ax is across[0], above=11)  # over the arrows of what is near it
    panels.error_axis(learning.flat, target)
    learning[-1, len(columns) // 2].set_xlabel("training iterations (log scale)")
    heading = plan.across if plan.by_value else "normalization"
    for ax, column in zip(learning[0], columns, strict=True):
        ax.set_title(FACTORS[heading].tell(column) if heading else "", fontsize=8 if len(columns) < 4 else 6.5)
    across[0].set_title(f"iterations to {100 * target:g}%")
    panels.scale_of_steps(across[0], steps["low"].min(), budget)
    _axis_across(across[-1], plan, ticks)
    for line, handles in enumerate(legend):
        place = (0.5, 1 - _LINE * line / figure.get_figheight())
        panels.legend(figure, handles, bbox_to_anchor=place, columnspacing=1.2, borderaxespad=0.3)
    return figure


def _sides(figure: Figure, widths: tuple[int, float], rows: int, below: float, above: float) -> tuple[Any, Any]:
    """The axes of the curves [rows, columns], and those of the iterations [rows], so many inches from the edges."""
    height = figure.get_figheight()
    sides = figure.add_gridspec(
        1,
        2,
        width_ratios=widths,
        left=0.085 if rows == 1 else 0.135,
        right=0.99,
        bottom=below / height,
        top=1 - above / height,
        wspace=0.2,
    )
    left = sides[0].subgridspec(rows, widths[0], wspace=0.06, hspace=0.14)
    right = sides[1].subgridspec(rows, 1, hspace=0.14)
    curves, steps = (side.subplots(sharex=True, sharey=True, squeeze=False) for side in (left, right))
    return curves, steps[:, 0]


def _learning(ax: Axes, curves: pd.DataFrame, steps: pd.DataFrame, plan: Layout, column: Any) -> None:
    """Means over seeds in the range of all: of one value a line for each arm, or of one arm a line for each value."""
    lines: list[tuple[str, dict[str, Any], dict[str, Any]]]  # what it is, the rows, the look
    if plan.by_value:
        value = {plan.across: column} if plan.across else {}
        lines = [(arm, {**value, "normalization": arm}, {"color": style.NORMALIZATIONS[arm]}) for arm in plan.arms]
    else:
        lines = [("", {"normalization": column}, {"color": style.NORMALIZATIONS[column]})]
        if plan.across and layout.at(steps, lines[0][1])[plan.across].notna().any():
            lines = [
                (FACTORS[plan.across].tell(value), {plan.across: value, "normalization": column}, look)
                for value, look in zip(plan.values, _looks(plan), strict=True)
            ]
    height = 0.9
    for label, values, look in lines:
        panels.errors(ax, layout.at(curves, values), "accuracy", **look)
        runs = layout.at(steps[steps["mode"] == "ema"], values)
        if runs["diverged"].sum():
            text = f"{label}: {runs['diverged'].sum()} of {runs['runs'].sum()} diverged".removeprefix(": ")
            ax.annotate(text, (0.97, height), xycoords="axes fraction", ha="right", color=look["color"], fontsize=6)
            height -= 0.09


def _looks(plan: Layout) -> list[dict[str, Any]]:
    """Of the values' lines: from light to dark; words by dashes too."""
    shades = plt.get_cmap("YlOrRd")(np.linspace(0.35, 0.95, len(plan.values)))
    return [
        {"color": shade, "linestyle": _DASHES[index % len(_DASHES)] if plan.in_words else "-"}
        for index, shade in enumerate(shades)
    ]


def _arms(plan: Layout) -> list[style.Arm]:
    """What has a line in the right panels: batch normalization twice, by each of its statistics."""
    arms = [replace(arm, label=label) for arm, label in zip(style.ARMS, _ARMS, strict=True)]
    for name, marker in zip(("layer", "weight", "self"), "^vP", strict=True):
        arms.append(style.Arm(name, "ema", "accuracy", name, style.NORMALIZATIONS[name], marker, "-", True))
    return [arm for arm in arms if arm.normalization in plan.arms]


def _steps(ax: Axes, steps: pd.DataFrame, plan: Layout) -> None:
    """Iterations across the factor, joined where it is a number; a horizontal line where an arm does not have it."""
    for index, arm in enumerate(_arms(plan)):
        rows = steps[(steps["normalization"] == arm.normalization) & (steps["mode"] == arm.mode)]
        if plan.across is None:
            panels.steps_to_target(ax, rows, [index] * len(rows), arm)
        elif rows[plan.across].isna().all():
            for mean in rows["mean_restricted_steps"]:
                ax.axhline(mean, color=arm.color, linestyle=arm.line, linewidth=1)
        else:
            rows = rows[rows[plan.across].notna()].assign(place=lambda table: table[plan.across].map(plan.places))
            rows = rows.sort_values("place")
            drawn = replace(arm, line="") if plan.in_words else arm
            panels.steps_to_target(ax, rows, rows["place"].tolist(), drawn)


def _ticks(plan: Layout, width: float) -> dict[float, str]:
    """Places on the axis of right panels that are so many inches wide, each with what stands there, in lines.

    That is a value; or an arm, where the study crosses no factor.
    """
    words = {float(index): arm.label for index, arm in enumerate(_arms(plan))}
    if plan.across:
        words = {place: FACTORS[plan.across].tell_value(value) for value, place in plan.places.items()}
    room = max(8, int(width / len(words) / (_CHARACTER * _WORDS)))  # characters
    return {place: textwrap.fill(text, room, break_long_words=False) for place, text in words.items()}


def _axis_across(ax: Axes, plan: Layout, ticks: dict[float, str]) -> None:
    """The axis of the factor: of numbers, those that have room are written."""
    if plan.across:
        ax.set_xlabel(FACTORS[plan.across].title)
    if plan.scale == "log":
        ax.set_xscale("log")
        ax.xaxis.set_minor_locator(plt.NullLocator())
    elif plan.scale == "side by side":
        ax.set_xlim(-0.5, len(ticks) - 0.5)
    to_share = ax.transData + ax.transAxes.inverted()
    written, last = [], -1.0
    for place, words in ticks.items():
        share = to_share.transform((place, ax.get_ylim()[1]))[0]
        written.append(words if plan.in_words or share - last >= _APART else "")
        last = share if written[-1] else last
    ax.set_xticks(list(ticks), written)
    if plan.in_words or not plan.across:
        ax.tick_params("x", labelsize=_WORDS)


def _legend(plan: Layout) -> list[list[plt.Line2D]]:
    """Its lines: the values where they have colors of their own, and the arms where there are several."""
    entries = []
    if plan.across is not None and not plan.by_value:
        looks = list(zip(plan.values, _looks(plan), strict=True))
        shown = sorted({round(index) for index in np.linspace(0, len(looks) - 1, min(len(looks), _MOST_KEYS))})
        values = [
            panels.key(FACTORS[plan.across].tell_value(value), **look) for value, look in (looks[i] for i in shown)
        ]
        entries.append([panels.key(f"{FACTORS[plan.across].title}:", linestyle=""), *values])
    arms = [panels.arm_key(arm, markers=True) for arm in _arms(plan)]
    if len(arms) > 1:
        entries.append([panels.key("normalization:", linestyle=""), *arms])
    return [line for handles in entries for line in _wrapped(handles)]


def _wrapped(handles: list[plt.Line2D]) -> list[list[plt.Line2D]]:
    """Entries of the legend in lines that are no wider than the figure."""
    lines: list[list[plt.Line2D]] = [[]]
    width = 0.0
    for handle in handles:
        needed = _SIGN + 7.5 * _CHARACTER * len(str(handle.get_label()))
        if width + needed > style.FULL_WIDTH:
            lines.append([])
            width = 0.0
        lines[-1].append(handle)
        width += needed
    return lines
