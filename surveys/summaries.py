"""What a survey's table says, as text and as a figure."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import binomtest

from bnrepro.analysis import reference
from bnrepro.figures import style
from surveys.multiverse import NEAR, STEPS, TARGETS, Setting, settings

_DISTANCES = (NEAR / 2, NEAR, 2 * NEAR)
_DRAWN_TARGET = TARGETS[-1]
_SHOWN = 10  # settings


def of_multiverse(table: pd.DataFrame) -> str:
    """Markdown: how many settings reproduce the paper's curves, what ratio these have, and which are nearest."""
    papers = (reference.speedup(target) for target in TARGETS)
    told = ", ".join(f"{value:.2f} at {target:.0%}" for target, (value, _) in zip(TARGETS, papers, strict=True))
    nearest = table.sort_values("distance_none").head(_SHOWN)
    lines = [
        f"{len(table)} settings, each without and with batch normalization. A ratio is of steps, without over with: "
        "its median (quartiles; range). ∞: the network without did not arrive; 0: the one with did not; left out where "
        "neither did. Shares have Wilson's 95% interval where the settings are a sample.",
        "",
        "What the rules ask for:",
        "",
        *_markdown(_asked(table)),
        "",
        f"The paper's own ratio: {told}.",
        "",
        "Exploratory, asked after the first results were seen:",
        "",
        *_markdown(_explored(table)),
        "",
        f"The {len(nearest)} settings whose curve without batch normalization is nearest to the paper's:",
        "",
        *_markdown(_distances(nearest)),
    ]
    return "\n".join(lines) + "\n"


def _asked(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for near in _DISTANCES:
        first = table[table["distance_none"] <= near]
        both = int((first["distance_batch"] <= near).sum())
        rows.append(
            {
                "distance, points": 100 * near,
                "without: reproduced by": _share(len(first), len(table), _is_sample(table)),
                "of these, with: reproduced by": _share(both, len(first), _is_sample(table)),
                **_ratios(first),
            }
        )
    return pd.DataFrame(rows)


def _explored(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for near in _DISTANCES:
        own = table[table["distance_batch"] <= near]
        share = _share(len(own), len(table), _is_sample(table))
        rows.append({"distance, points": f"{100 * near:g}", "with: reproduced by, of all": share, **_ratios(own)})
    everything = {"distance, points": "any", "with: reproduced by, of all": str(len(table)), **_ratios(table)}
    return pd.DataFrame([*rows, everything])


def _distances(table: pd.DataFrame) -> pd.DataFrame:
    shown = table[list(Setting.__dataclass_fields__)].copy()
    for word, arm in (("without", "none"), ("with", "batch")):
        shown[f"{word}, points"] = [f"{100 * distance:.2f}" for distance in table[f"distance_{arm}"]]
    return shown


def of_depth(table: pd.DataFrame) -> str:
    """Markdown: the ratio at every depth and target, with its interval."""
    shown = pd.DataFrame(
        {
            "hidden layers": table["depth"],
            "target": [f"{target:.0%}" for target in table["target"]],
            "seeds": table["seeds"],
            "arrived without": table["arrived_without"],
            "arrived with": table["arrived_with"],
            "ratio (95% interval)": [_interval(*row) for row in table[["ratio", "low", "high"]].to_numpy()],
        }
    )
    return "\n".join(_markdown(shown)) + "\n"


def draw_multiverse(table: pd.DataFrame, path: Path) -> None:
    """Each setting by its distance from the paper's curve without batch normalization, and by its ratio."""
    style.apply()
    figure, axes = plt.subplots(figsize=(style.FULL_WIDTH * 0.62, 3.3), layout="constrained")
    slow, fast = (table[f"steps_{arm}_{_DRAWN_TARGET:g}"] for arm in ("none", "batch"))
    bound = slow.isna() & fast.notna()
    ratio = slow.where(~bound, STEPS) / fast
    near = table["distance_none"] <= NEAR
    both = near & (table["distance_batch"] <= NEAR)
    groups = (
        (~near, "#9A9A9A", "white", "another curve without"),
        (near & ~both, style.BLUE, "white", "the paper's curve without"),
        (both, style.BLUE, style.BLUE, "and with it"),
    )
    for chosen, edge, face, label in groups:
        for marker, those in (("o", chosen & ~bound), ("^", chosen & bound)):
            axes.scatter(
                100 * table["distance_none"][those],
                ratio[those],
                marker=marker,
                s=18,
                facecolors=face,
                edgecolors=edge,
                linewidths=0.9,
                label=label if marker == "o" else None,
            )
    papers, _ = reference.speedup(_DRAWN_TARGET)
    axes.axhline(papers, color=style.PAPER, linewidth=1)
    axes.axvline(100 * NEAR, color=style.BLACK, linewidth=0.6, linestyle=":")
    axes.set(xscale="log", yscale="log")
    _plain(axes, [0.5, 1, 2, 5, 10, 20, 50], [0.5, 1, 2, 3, 5, 10, 20, 50])
    axes.annotate("paper", (axes.get_xlim()[0], papers), (4, 2), textcoords="offset points", color=style.PAPER)
    axes.set_xlabel("distance from the paper's curve without batch normalization, points")
    axes.set_ylabel(f"steps to {_DRAWN_TARGET:.0%}, without over with")
    axes.legend(
        loc="lower center",
        bbox_to_anchor=(0.5, 1),
        ncols=3,
        columnspacing=1,
        handletextpad=0.2,
        title="triangles: at least, as one did not arrive",
    )
    _save(figure, path)


def draw_depth(table: pd.DataFrame, path: Path) -> None:
    """The ratio by depth, with intervals; triangles at the bounds of those that are not known."""
    style.apply()
    figure, axes = plt.subplots(figsize=(style.FULL_WIDTH * 0.62, 2.9), layout="constrained")
    table = table.dropna(subset="ratio")
    targets = sorted(table["target"].unique())
    colors = dict(zip(targets, (style.SKY_BLUE, style.BLUE, style.BLACK, style.ORANGE, style.VERMILION), strict=False))
    for place, target in enumerate(targets):
        own = table[table["target"] == target]
        x = own["depth"] + 0.13 * (place - (len(targets) - 1) / 2)
        known = np.isfinite(own["high"]) & (own["low"] > 0)
        error = [own["ratio"] - own["low"], own["high"] - own["ratio"]]
        look = {"color": colors[target], "markersize": 3.5, "linewidth": 1}
        axes.errorbar(x[known], own["ratio"][known], [ends[known] for ends in error], fmt="o", **look)
        for bound, end, marker in ((np.isinf(own["high"]), "low", "^"), (own["low"] == 0, "high", "v")):
            axes.plot(x[bound], own[end][bound], marker, **look)
        axes.plot([], [], "o", label=f"{target:.0%}", **look)
    axes.axhline(1, color="#9A9A9A", linewidth=0.6)
    axes.set(yscale="log", xlabel="hidden layers", ylabel="steps without over with batch normalization")
    _plain(axes, sorted(table["depth"].unique()), [0.5, 1, 2, 5, 10, 20, 50])
    axes.legend(
        loc="lower center",
        bbox_to_anchor=(0.5, 1),
        ncols=5,
        title="to a test accuracy of; triangles: at least, at most",
    )
    _save(figure, path)


def _plain(axes: Axes, x: Sequence[float], y: Sequence[float]) -> None:
    """Ticks as plain numbers, where they fall within the axes."""
    for ticks, axis, limits in ((x, axes.xaxis, axes.get_xlim()), (y, axes.yaxis, axes.get_ylim())):
        axis.set_ticks([tick for tick in ticks if limits[0] <= tick <= limits[1]])
        axis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.set_minor_locator(plt.NullLocator())


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _share(count: int, of: int, sample: bool) -> str:
    if not of:
        return "none"
    interval = binomtest(count, of).proportion_ci(method="wilson")
    return f"{count} of {of}, {count / of:.0%}" + (f" ({interval.low:.0%} to {interval.high:.0%})" if sample else "")


def _is_sample(table: pd.DataFrame) -> bool:
    return len(table) < len(settings())


def _ratios(chosen: pd.DataFrame) -> dict[str, str]:
    """By the head of its column."""
    return {f"ratio at {target:.0%}": _ratio(chosen, target) for target in TARGETS}


def _ratio(chosen: pd.DataFrame, target: float) -> str:
    slow, fast = (chosen[f"steps_{arm}_{target:g}"].fillna(np.inf) for arm in ("none", "batch"))
    ratios = (slow / fast)[np.isfinite(slow) | np.isfinite(fast)]
    if not len(ratios):
        return "–"
    low, median, high = (ratios.quantile(share, "lower") for share in (0.25, 0.5, 0.75))
    told = [f"{value:.2f}" if np.isfinite(value) else "∞" for value in (median, low, high, ratios.min(), ratios.max())]
    return f"{told[0]} ({told[1]} to {told[2]}; {told[3]} to {told[4]})"


def _interval(ratio: float, low: float, high: float) -> str:
    if np.isnan(ratio):
        return "not known"
    if np.isinf(high):
        return f"at least {low:.2f}"
    return f"at most {high:.2f}" if low == 0 else f"{ratio:.2f} ({low:.2f} to {high:.2f})"


def _markdown(table: pd.DataFrame) -> list[str]:
    rows = [
        [f"{value:g}" if isinstance(value, float) else str(value) for value in row] for row in table.to_numpy(object)
    ]
    heading = [str(name).replace("_", " ") for name in table.columns]
    return [f"| {' | '.join(cells)} |" for cells in (heading, ["---"] * len(heading), *rows)]
