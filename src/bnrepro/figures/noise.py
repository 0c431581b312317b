"""Noise that makes inputs shift again: what it costs, with and without batch normalization, at each learning rate."""

from dataclasses import replace
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables

CAPTION = "Noise before the nonlinearity: iterations to a target test accuracy, and how far inputs move"
LEGEND = (
    "Black: without batch normalization; blue: with it, by moving averages. Above: means over seeds, bars from "
    "the lowest seed to the highest; a cross: no run arrives; an arrow: a bound; a ring: the chosen rate; "
    "dashed: the plain network without noise at its chosen rate. Below: each run."
)
STUDIES: Needs = {"noise": ("noise",)}
_KINDS = ("none", "steady", "shifting", "drifting")
_ARMS = [replace(arm, line="") for arm in style.ARMS[:2]]
_REFERENCE: dict[str, Any] = {"color": style.WITHOUT, "linewidth": 0.7, "linestyle": (0, (5, 3))}


def from_tables(tables: Tables) -> Figure:
    """Of study `noise`, at the first target at which the claim is tested; else at the headline's."""
    chosen, steps = tables.read("noise"), tables.rows("steps_to_target", "noise", "learning_rate", "noise")
    tested = chosen.loc[chosen["tested"].astype(bool), "target"]
    target = tables.target if tested.empty else tested.iloc[0]
    looks = tables.rows("layers/noise", "noise", "learning_rate", "noise")
    chosen, steps = (table[table["target"] == float(f"{target:.6g}")] for table in (chosen, steps))
    return draw(steps, looks, chosen, target, tables.budget("noise"))


def draw(steps: pd.DataFrame, looks: pd.DataFrame, chosen: pd.DataFrame, target: float, budget: int) -> Figure:
    """A column for each learning rate: iterations, and movement of inputs, by kind of noise.

    Args:
        steps, looks: rows of steps_to_target.csv for one target, and of layers/noise.csv: one depth.
        chosen: normalization and learning_rate: each network's best rate.
        target: the accuracy (share of 1).
        budget: the steps of a run.
    """
    rates = sorted(steps["learning_rate"].unique())
    kinds = [kind for kind in _KINDS if kind in set(steps["noise"])]
    figure, axes = plt.subplots(
        2, len(rates), figsize=(style.FULL_WIDTH, 4.3), sharex=True, sharey="row", squeeze=False
    )
    moved = looks.drop_duplicates(["normalization", "learning_rate", "noise", "seed", "layer"])
    moved = moved.groupby(["normalization", "learning_rate", "noise", "seed"], as_index=False)["jumped"].mean()
    for (above, below), rate in zip(axes.T, rates, strict=True):
        above.set_title(f"learning rate {rate:g}")
        panels.budget_line(above, budget, labeled=rate == rates[0], above=11)
        for arm, offset in zip(_ARMS, (-0.12, 0.12), strict=True):
            own = steps[(steps["normalization"] == arm.normalization) & (steps["mode"] == arm.mode)]
            best = chosen.loc[chosen["normalization"] == arm.normalization, "learning_rate"]
            if arm.normalization == "none":
                _reference(above, own[own["learning_rate"].isin(best) & (own["noise"] == "none")])
            own = own[own["learning_rate"] == rate]
            places = [kinds.index(kind) + offset for kind in own["noise"]]
            panels.steps_to_target(above, own, places, arm)
            if rate in set(best):
                panels.ring(above, own[own["noise"] == "none"], [kinds.index("none") + offset])
            seen = moved[(moved["normalization"] == arm.normalization) & (moved["learning_rate"] == rate)]
            seen = seen.assign(place=seen["noise"].map(kinds.index) + offset)
            for _, runs in seen.groupby("place"):
                below.plot(runs["place"], runs["jumped"], **arm.look)
        below.set_xticks(range(len(kinds)), kinds, fontsize=6.5)
        below.set_xlim(-0.5, len(kinds) - 0.5)
    panels.scale_of_steps(axes[0, 0], steps["low"].min(), budget)
    axes[0, 0].set_ylabel(f"iterations to {100 * target:g}%\ntest accuracy")
    panels.log_axis(axes[1, 0])
    axes[1, 0].set_ylabel("movement of inputs\nfrom look to look")
    figure.supxlabel("noise", fontsize=8, y=0.01)
    handles = [panels.key(arm.label, **arm.look) for arm in _ARMS]
    handles += [panels.ring_key(), panels.key("without, no noise, chosen rate", **_REFERENCE)]
    panels.legend(figure, [panels.key("Batch normalization:", linestyle=""), *handles])
    figure.subplots_adjust(left=0.115, right=0.99, bottom=0.1, top=0.885, wspace=0.06, hspace=0.1)
    return figure


def _reference(ax: plt.Axes, plain: pd.DataFrame) -> None:
    """The plain network at its best rate, without noise, as a line across."""
    for steps in plain["mean_restricted_steps"]:
        ax.axhline(steps, **_REFERENCE, zorder=0)
