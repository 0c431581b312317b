"""Do gradients pass deep networks, and do those train? With normalization, and with skip connections."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables
from bnrepro.study.factors import FACTORS

CAPTION = "Gradients by layer before training, and the best accuracy by depth, with and without skip connections"
LEGEND = (
    "Black: without batch normalization; blue: with it; dashed and dotted: with skip connections and scaled "
    "ones; red: what theory has. Lines and marks are means over seeds. Below: shallow networks are hollow, deep "
    "ones filled, each at the rate that held-out images choose."
)
STUDIES: Needs = {"deep": ("skip",)}
_GROWTH = (np.pi / (np.pi - 1)) ** 0.5  # a layer, of ReLU with batch normalization (Yang et al. 2019)
_SOLID, _DASHED, _DOTTED = "-", (0, (4, 1.5)), (0, (1, 1.2))
_NETWORKS: dict[tuple[str, str], tuple[str, Any, str]] = {
    ("none", "none"): ("plain", _SOLID, "o"),
    ("none", "identity"): ("skip", _DASHED, "D"),
    ("none", "scaled"): ("scaled skip", _DOTTED, "^"),
    ("batch", "none"): ("BN", _SOLID, "o"),
    ("batch", "identity"): ("BN + skip", _DASHED, "D"),
    ("batch", "scaled"): ("BN + scaled skip", _DOTTED, "^"),
}


def from_tables(tables: Tables) -> Figure | None:
    """None where no run was looked into."""
    flow, accuracy = tables.read("gradient_flow"), tables.read("deep_accuracy")
    flow = flow[flow["when"] == "start"].dropna(subset="gradient")
    return draw(flow, accuracy) if len(flow) else None


def draw(flow: pd.DataFrame, accuracy: pd.DataFrame) -> Figure:
    """A column for each nonlinearity: above, gradients by layer in the deepest networks; below, accuracies.

    Args:
        flow: rows of gradient_flow.csv, of one moment.
        accuracy: deep_accuracy.csv.
    """
    activations, deepest = sorted(flow["activation"].unique(), reverse=True), flow["depth"].max()
    figure, axes = plt.subplots(2, len(activations), figsize=(style.FULL_WIDTH, 4.7), squeeze=False)
    for (above, below), activation in zip(axes.T, activations, strict=True):
        shown = flow[(flow["activation"] == activation) & (flow["depth"] == deepest)]
        _gradients(above, shown[shown["layer"] > 1])
        above.set_title(f"{FACTORS['activation'].tell(activation)}, {deepest} hidden layers", loc="left")
        if activation == "relu":
            layers = np.arange(2, deepest + 1)
            above.plot(layers, _GROWTH ** (deepest - layers), color=style.VERMILION, linestyle=_DOTTED, zorder=5)
            _label(above, f"theory of BN: {_GROWTH:.2f} a layer")
        panels.log_axis(above)
        _accuracies(below, accuracy[accuracy["activation"] == activation])
    for ax in axes[1, 1:]:
        ax.tick_params(labelleft=False)
    axes[0, 0].set_ylabel("gradient, over that of\nthe last hidden layer")
    networks = _networks(accuracy).items()
    handles = [panels.key(label, color=_color(key), linestyle=line) for key, (label, line, _) in networks]
    panels.legend(figure, handles, columnspacing=1.1)
    figure.subplots_adjust(left=0.145, right=0.985, bottom=0.085, top=0.89, wspace=0.16, hspace=0.36)
    return figure


def _networks(accuracy: pd.DataFrame) -> dict[tuple[str, str], tuple[str, Any, str]]:
    """The networks that the study has, and their looks."""
    return {network: look for network, look in _NETWORKS.items() if len(_of(accuracy, network))}


def _color(network: tuple[str, str]) -> str:
    return style.WITH if network[0] == "batch" else style.WITHOUT


def _of(table: pd.DataFrame, network: tuple[str, str]) -> pd.DataFrame:
    return table[(table["normalization"] == network[0]) & (table["skip"] == network[1])]


def _gradients(ax: Axes, flow: pd.DataFrame) -> None:
    """The mean over seeds by layer, in the range of all."""
    for network, (_, line, _) in _NETWORKS.items():
        own = _of(flow, network).sort_values("layer")
        color = _color(network)
        ax.fill_between(own["layer"], own["low"], own["high"], color=color, alpha=0.12, linewidth=0)
        ax.plot(own["layer"], own["gradient"], color=color, linestyle=line, linewidth=1.4)
    ax.axhline(1, color="0.75", linewidth=0.7, zorder=0)
    ax.set_xlabel("layer", labelpad=1)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def _label(ax: Axes, text: str) -> None:
    ax.annotate(text, (0.98, 0.96), xycoords="axes fraction", ha="right", va="top", color=style.VERMILION, fontsize=6.5)


def _accuracies(ax: Axes, accuracy: pd.DataFrame) -> None:
    """A row for each network: its accuracy in the fewest layers (hollow) and in the most (filled), joined."""
    depths = sorted(accuracy["depth"].unique())
    shown = _networks(accuracy)
    for place, (network, (_, line, _)) in enumerate(shown.items()):
        own = _of(accuracy, network).sort_values("depth")
        color = _color(network)
        ax.plot(own["accuracy"], [place] * len(own), color=color, linestyle=line, linewidth=1)
        for row in own.to_dict("records"):
            face = color if row["depth"] == depths[-1] else "white"
            reach = [[row["accuracy"] - row["low"]], [row["high"] - row["accuracy"]]]
            look: dict[str, Any] = {
                "color": color,
                "markerfacecolor": face,
                "marker": "o",
                "markersize": 5,
                "elinewidth": 0.8,
            }
            ax.errorbar(row["accuracy"], place, xerr=np.maximum(reach, 0), **look)
    ax.set_yticks(range(len(shown)), [label for label, _, _ in shown.values()])
    ax.set_ylim(len(shown) - 0.5, -0.5)
    ax.set_xlim(0, 1.02)
    ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
    ax.set_xlabel("best test accuracy, each network at its best rate", labelpad=1)
    told = " and ".join(f"{'●' if depth == depths[-1] else '○'} {depth} layers" for depth in depths)
    ax.set_title(told, loc="left")
