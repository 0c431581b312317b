"""The figure of any study: how its networks learn, and their iterations to the target across what the study crosses."""

import textwrap
from dataclasses import replace
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bnrepro.figures import labels, layout, panels, style
from bnrepro.figures.layout import Layout
from bnrepro.figures.selection import Tables

PREFIX = "study_"  # of a figure's name
_MOST_KEYS = 8  # of a factor's values in the legend
_MOST_ARMS = 5  # of a line of it, its title included
_LINE = 0.2  # inches, its height
_APART = 0.11  # ticks with words, as a share of the axis
_DASHES = ("-", (0, (5, 1.2)), (0, (1.5, 1)), (0, (3, 1, 1, 1)))
_ARMS = (
    "none",
    "batch, by moving averages",
    "batch, by population statistics",
)  # as they are called here: `style.ARMS`


def name(study: str) -> str:
    return PREFIX + study


def caption(study: str) -> str:
    return f"Study {study}: test accuracy against training iterations, and iterations to a target"


def from_tables(tables: Tables, study: str) -> Figure | None:
    """At the headline's target; None where the tables have no steps of the study.

    Raises:
        BadInput: the target is not in the tables.
    """
    steps = tables.read("steps_to_target")
    steps = tables.at_target(steps[steps["study"] == study])
    return draw(tables.all_curves(study), steps, tables.target, tables.budget(study)) if len(steps) else None


def draw(curves: pd.DataFrame, steps: pd.DataFrame, target: float, budget: int) -> Figure:
    """Left: test accuracy by moving averages; right: iterations. A row of panels for each value of a second factor.

    Args:
        curves, steps: rows of curves/<study>.csv, and of steps_to_target.csv for one target.
        target: the accuracy (share of 1).
        budget: the steps of a run.
    """
    plan = layout.of(steps)
    curves, steps = layout.at(curves, plan.fixed), layout.at(steps, plan.fixed)
    columns: list[Any] = plan.values if plan.by_value else plan.arms
    legend = _legend(plan)
    below, above = 0.44, 0.28 + _LINE * len(legend)  # inches
    panel = 1.7 if len(plan.rows) == 1 else 1.35
    figure = plt.figure(figsize=(style.FULL_WIDTH, below + panel * len(plan.rows) + above))
    learning, across = _sides(figure, len(plan.rows), len(columns), below, above)
    for row, ax, value in zip(learning, across, plan.rows, strict=True):
        beside = {plan.down: value} if plan.down else {}
        shown, arrived = layout.at(curves, beside), layout.at(steps, beside)
        for panel, column in zip(row, columns, strict=True):
            _learning(panel, shown, arrived, plan, column)
            panels.log_steps_axis(panel, budget, int(curves["step"].min()))
            panel.axhline(target, color="0.6", linewidth=0.7, linestyle=(0, (1, 1.5)), zorder=0)
        setting = textwrap.fill(labels.setting(plan.down, value), 26) + "\n" if plan.down else ""
        row[0].set_ylabel(f"{setting}test accuracy")
        _steps(ax, arrived, plan)
        panels.budget_line(ax, budget, told=ax is across[0], above=11)  # over the arrows of what is near it
    lowest = curves["accuracy"].min()
    panels.share_axis(learning[0, 0], lowest - 0.02 if lowest > 0.5 else 0.0, 1.0 if lowest > 0.5 else 1.02)
    learning[-1, len(columns) // 2].set_xlabel("training iterations (log scale)")
    heading = plan.across if plan.by_value else "normalization"
    for ax, column in zip(learning[0], columns, strict=True):
        ax.set_title(labels.setting(heading, column) if heading else "")
    across[0].set_title(f"iterations to {100 * target:g}%")
    _scale_of_steps(across[0], steps["low"].min(), budget)
    _axis_across(across[-1], plan)
    for line, handles in enumerate(legend):
        _write_legend(figure, handles, 1 - _LINE * line / figure.get_figheight())
    return figure


def _sides(figure: Figure, rows: int, columns: int, below: float, above: float) -> tuple[Any, Any]:
    """The axes of the curves [rows, columns], and those of the iterations [rows], so many inches from the edges."""
    height = figure.get_figheight()
    sides = figure.add_gridspec(
        1,
        2,
        width_ratios=(columns, 1.25),
        left=0.085 if rows == 1 else 0.135,
        right=0.99,
        bottom=below / height,
        top=1 - above / height,
        wspace=0.2,
    )
    left = sides[0].subgridspec(rows, columns, wspace=0.06, hspace=0.14)
    right = sides[1].subgridspec(rows, 1, hspace=0.14)
    curves, steps = (side.subplots(sharex=True, sharey=True, squeeze=False) for side in (left, right))
    return curves, steps[:, 0]


def _learning(ax: Axes, curves: pd.DataFrame, steps: pd.DataFrame, plan: Layout, column: Any) -> None:
    """Means over seeds in the range of all: of one value a line for each arm, or of one arm a line for each value."""
    lines: list[tuple[str, dict[str, Any], dict[str, Any]]]  # what it is, the rows, the look
    if plan.by_value:
        value = {plan.across: column} if plan.across else {}
        lines = [
            (labels.value("normalization", arm), {**value, "normalization": arm}, {"color": style.NORMALIZATIONS[arm]})
            for arm in plan.arms
        ]
    else:
        lines = [("", {"normalization": column}, {"color": style.NORMALIZATIONS[column]})]
        if plan.across and layout.at(steps, lines[0][1])[plan.across].notna().any():
            lines = [
                (labels.setting(plan.across, value), {plan.across: value, "normalization": column}, look)
                for value, look in zip(plan.values, _looks(plan.values), strict=True)
            ]
    height = 0.06
    for label, values, look in lines:
        panels.over_seeds(ax, layout.at(curves, values), "step", "accuracy", **look)
        runs = layout.at(steps[steps["mode"] == "ema"], values)
        if runs["diverged"].sum():
            text = f"{label}: {runs['diverged'].sum()} of {runs['runs'].sum()} diverged".removeprefix(": ")
            ax.annotate(text, (0.97, height), xycoords="axes fraction", ha="right", color=look["color"], fontsize=6)
            height += 0.09


def _looks(values: list[Any]) -> list[dict[str, Any]]:
    """Of the values' lines: from light to dark; words, which have no order, by dashes too."""
    shades = plt.get_cmap("YlOrRd")(np.linspace(0.35, 0.95, len(values)))
    words = isinstance(values[0], str)
    return [
        {"color": shade, "linestyle": _DASHES[index % len(_DASHES)] if words else "-"}
        for index, shade in enumerate(shades)
    ]


def _arms(plan: Layout) -> list[style.Arm]:
    """What has a line in the right panels: batch normalization twice, by each of its statistics."""
    arms = [replace(arm, label=label) for arm, label in zip(style.ARMS, _ARMS, strict=True)]
    for name, marker in zip(("layer", "weight", "self"), "^vP", strict=True):
        label = labels.value("normalization", name).removesuffix(" normalization")
        arms.append(style.Arm(name, "ema", "accuracy", label, style.NORMALIZATIONS[name], marker, "-", True))
    return [arm for arm in arms if arm.normalization in plan.arms]


def _steps(ax: Axes, steps: pd.DataFrame, plan: Layout) -> None:
    """Iterations across the factor; a horizontal line where it does not apply to an arm."""
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
            panels.steps_to_target(ax, rows, rows["place"].tolist(), arm)


def _scale_of_steps(ax: Axes, lowest: float, budget: int) -> None:
    """A decade at least, with room for arrows below and for the budget's words above."""
    span = budget / min(lowest, budget / 10)
    ax.set_yscale("log")
    ax.set_ylim(budget / span**1.12, budget * span**0.22)
    ax.yaxis.set_major_locator(plt.LogLocator(subs=(1, 2, 5) if span < 50 else (1,)))
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.yaxis.set_minor_formatter(lambda *_: "")


def _axis_across(ax: Axes, plan: Layout) -> None:
    """The axis of the factor, with a tick for each value that has room for its words."""
    if plan.across is None:
        ax.set_xticks([])
        ax.set_xlim(-0.6, len(_arms(plan)) - 0.4)
        return
    ax.set_xlabel(labels.factor(plan.across))
    if plan.scale == "log":
        ax.set_xscale("log")
        ax.xaxis.set_minor_locator(plt.NullLocator())
    elif plan.scale == "side by side":
        ax.set_xlim(-0.5, len(plan.values) - 0.5)
    to_share = ax.transData + ax.transAxes.inverted()
    words, last = [], -1.0
    for value, place in plan.places.items():
        share = to_share.transform((place, ax.get_ylim()[1]))[0]
        words.append(labels.value(plan.across, value) if share - last >= _APART else "")
        last = share if words[-1] else last
    ax.set_xticks(list(plan.places.values()), words)


def _legend(plan: Layout) -> list[list[plt.Line2D]]:
    """Its lines: the values where they have colors of their own, and the arms."""
    arms = [panels.key("normalization:", linestyle=""), *(style.handle(arm, markers=True) for arm in _arms(plan))]
    lines = [arms] if len(arms) <= _MOST_ARMS else [arms[:4], arms[4:]]
    if plan.across is not None and not plan.by_value:
        looks = list(zip(plan.values, _looks(plan.values), strict=True))
        shown = sorted({round(index) for index in np.linspace(0, len(looks) - 1, min(len(looks), _MOST_KEYS))})
        values = [panels.key(labels.value(plan.across, value), **look) for value, look in (looks[i] for i in shown)]
        lines.insert(0, [panels.key(f"{labels.factor(plan.across)}:", linestyle=""), *values])
    return lines


def _write_legend(figure: Figure, handles: list[plt.Line2D], top: float) -> None:
    """A line of the legend, above the panels."""
    figure.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, top),
        ncols=len(handles),
        columnspacing=1.2,
        handlelength=2.2,
        borderaxespad=0.3,
    )
