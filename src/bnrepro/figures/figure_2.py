"""The paper's Figure 2: accuracy against training steps, our networks beside the authors'."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bnrepro.analysis import ratios, reference
from bnrepro.figures import panels, style
from bnrepro.figures.selection import Needs, Tables

CAPTION = "Accuracy against training steps: Ioffe & Szegedy (2015), Figure 2, and ours"
LEGEND = (
    "Ours, by population statistics: lines are means over seeds, bands reach from the lowest seed to the "
    "highest; gray, without bands: networks that the paper mentions and does not draw. The paper's: one run "
    "each. Dotted, level: the best accuracy of Inception, the network without batch normalization; a mark "
    "stands where a network reaches it with all seeds."
)
STUDIES: Needs = {"inception": (), "inception_faster": ()}
WHERE_THERE = ("inception_faster",)
ARMS: dict[str, dict[str, Any]] = {
    "Inception": {"color": style.BLACK, "marker": "o"},
    "BN-Baseline": {"color": style.BLUE, "marker": "s"},
    "BN-x5": {"color": style.ORANGE, "marker": "D"},
    "BN-x30": {"color": style.GREEN, "marker": "^"},
    "BN-x5-Sigmoid": {"color": style.PURPLE, "marker": "v"},
}
_MENTIONED: dict[str, Any] = {"x5": (0, (4, 1.5)), "x30": (0, (2, 1.2)), "Sigmoid": (0, (1, 1.2))}
_LEAST = 0.5  # of the baseline's best accuracy: where the panels begin. The paper's begins at 0.55


def from_tables(tables: Tables) -> Figure | None:
    """None where there are too few seeds, or no baseline."""
    arms = tables.read("figure_3")
    if reference.BASELINE not in set(arms["arm"]):
        return None
    studies = {study: tables.read(f"curves/{study}") for study in arms["study"].unique()}
    curves = {row["arm"]: _rows(studies[row["study"]], row) for row in arms.to_dict("records")}
    papers = {name: reference.validation_accuracy(name) for name in ARMS}
    return draw(arms, curves, papers, tables.budget("inception"))


def _rows(curves: pd.DataFrame, arm: dict[str, Any]) -> pd.DataFrame:
    """The curves of an arm."""
    own = (curves["normalization"] == arm["normalization"]) & (curves["activation"] == arm["activation"])
    return curves[own & np.isclose(curves["learning_rate"], arm["learning_rate"])]


def draw(arms: pd.DataFrame, curves: dict[str, pd.DataFrame], papers: dict[str, pd.Series], budget: int) -> Figure:
    """Ours on the left, the paper's on the right.

    Args:
        arms: figure_3.csv.
        curves: by arm, rows of curves/inception.csv and curves/inception_faster.csv.
        papers: by arm, the paper's accuracy (a share of 1) by step.
        budget: the steps of a run.
    """
    figure, (ours, theirs) = plt.subplots(1, 2, figsize=(style.FULL_WIDTH, 3.3))
    for name, line in _MENTIONED.items():
        if name in curves:
            panels.over_seeds(ours, curves[name], "step", "population_accuracy", 0, **_thin(line))
    for name, look in ARMS.items():
        line = {"color": look["color"], "linewidth": 1.5}
        if name in curves:
            panels.over_seeds(ours, curves[name], "step", "population_accuracy", 0.12, **line)
        theirs.plot(papers[name].index, papers[name], **line)
    best = float(arms.loc[arms["arm"] == reference.BASELINE, "best"].iloc[0])
    reached = arms[(arms["arrived"] == arms["seeds"]) & arms["arm"].isin(ARMS)]
    _arrivals(ours, reached.set_index("arm"), best)
    papers_best = papers[reference.BASELINE].max()
    _arrivals(theirs, _of_the_paper(papers), papers_best)
    highest = max(rows.groupby("step")["population_accuracy"].mean().max() for rows in curves.values() if len(rows))
    for ax, accuracy, reach in ((ours, best, highest), (theirs, papers_best, 0)):
        ax.set_xscale("log")
        panels.target_line(ax, accuracy)
        panels.share_axis(ax, _LEAST * accuracy, max(min(1.09 * accuracy, 1 + 0.06 * accuracy), 1.03 * reach))
    ours.set_xlim(min((rows["step"].min() for rows in curves.values() if len(rows)), default=1), budget)
    panels.counts(ours.xaxis)
    theirs.set_xlim(2e5, papers[reference.BASELINE].index[-1])
    theirs.xaxis.set_major_formatter(lambda value, _: f"{value / 1e6:g} million")
    theirs.xaxis.set_minor_formatter(lambda *_: "")
    ours.set_title("ours", loc="left")
    theirs.set_title("the paper's, on ImageNet", loc="left")
    ours.set_ylabel("accuracy")
    _tell_below(ours, curves, _LEAST * best)
    figure.supxlabel("training steps, on a log scale", fontsize=8, y=0.015)
    handles = [panels.key(name, linewidth=1.5, **look) for name, look in ARMS.items()]
    handles += [panels.key(name, **_thin(line)) for name, line in _MENTIONED.items() if name in curves]
    panels.legend(figure, handles, columnspacing=0.9, handlelength=1.7, handletextpad=0.4)
    figure.subplots_adjust(left=0.09, right=0.985, bottom=0.14, top=0.83, wspace=0.15)
    return figure


def _thin(line: Any) -> dict[str, Any]:
    """The networks that the paper mentions, and does not show."""
    return {"color": "0.55", "linewidth": 0.9, "linestyle": line}


def _of_the_paper(papers: dict[str, pd.Series]) -> pd.DataFrame:
    """`steps`, `ratio` and `censored` of the curves that reach the baseline's best accuracy, by arm."""
    baseline = papers[reference.BASELINE]
    rows = {
        name: (reference.crossing(curve, baseline.max())[0], *reference.fewer(baseline, curve, baseline.max()))
        for name, curve in papers.items()
    }
    return pd.DataFrame.from_dict(rows, "index", columns=["steps", "ratio", "censored"]).dropna()


def _arrivals(ax: Axes, reached: pd.DataFrame, best: float) -> None:
    """A mark for each arm where it reaches the baseline's best accuracy; in the corner how many times fewer steps."""
    ordered = reached.sort_values("steps")
    for name, row in ordered.iterrows():
        ax.plot(row["steps"], best, linestyle="", markersize=5.5, markeredgecolor="white", zorder=5, **ARMS[str(name)])
    for place, (name, row) in enumerate(ordered.drop(index=reference.BASELINE, errors="ignore").iterrows()):
        told = f"{name}: {ratios.text(row['ratio'], row['censored'])}" + " fewer steps" * (place == 0)
        look = {"color": ARMS[str(name)]["color"], "fontsize": 7, "fontweight": "bold"}
        ax.annotate(told, (0.02, 0.99 - 0.065 * place), xycoords="axes fraction", va="top", **look)


def _tell_below(ax: Axes, curves: dict[str, pd.DataFrame], least: float) -> None:
    """In words, at the foot: the arms that no seed brings into the panel."""
    below = [name for name, rows in curves.items() if not (rows["population_accuracy"] >= least).any()]
    if below:
        told = f"below: {', '.join(below)}"
        ax.annotate(told, (0.98, 0.03), xycoords="axes fraction", ha="right", color="0.4", fontsize=6.5)
