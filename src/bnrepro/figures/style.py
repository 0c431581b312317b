"""What all figures share: how the arms look, type and sizes for print, and files whose bytes repeat."""

import io
import itertools
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from bnrepro.figures.origin import Origin, metadata
from bnrepro.study.factors import FACTORS

# In an SVG, where matplotlib writes millionths of a point:
_PATH = re.compile(r'(?<= d=")[^"]*')
_PLACE = re.compile(r'(?<= [xy]=")[-\d.]+(?=")')
# markers of one look, which each of them repeats
_MARKERS = re.compile(r'(<g clip-path="[^"]*")>((?:\s*<use [^>]*? style="([^"]*)"/>)(?:\s*<use [^>]*? style="\3"/>)*)')
_SHORT = 4  # tenths of a point: half a pixel of a report
FULL_WIDTH = 7.2  # inches, a journal's double column
IMPLEMENTATIONS = FACTORS["implementation"].words
_APART = "canned_estimator"  # with batch normalization a network of its own; all others are one


@dataclass(frozen=True)
class Arm:
    """A line of a figure: a normalization in a mode of evaluation. Colors are apart in gray too."""

    normalization: str
    mode: str
    column: str
    label: str
    color: str
    marker: str
    line: Any  # as matplotlib's linestyle
    filled: bool

    @property
    def look(self) -> dict[str, Any]:
        """As matplotlib's `plot` takes it."""
        face = self.color if self.filled else "white"
        return {"color": self.color, "linestyle": self.line, "marker": self.marker, "markerfacecolor": face}

    @property
    def ink(self) -> str:
        """The color of text: light blue is too faint for it."""
        return self.color if self.filled else "#2A7AB0"


# Okabe and Ito's colors.
BLACK, BLUE, SKY_BLUE, GREEN = "#000000", "#0072B2", "#56B4E9", "#009E73"
VERMILION, ORANGE, PURPLE = "#D55E00", "#E69F00", "#CC79A7"

_DASHED = (0, (4, 1.5))
WITHOUT, WITH = BLACK, BLUE  # batch normalization, wherever both are shown
NORMALIZATIONS = {"none": WITHOUT, "batch": WITH, "layer": ORANGE, "weight": PURPLE, "self": GREEN}
ARMS = (
    Arm("none", "ema", "accuracy", "without", WITHOUT, "o", "-", True),
    Arm("batch", "ema", "accuracy", "with, moving averages", WITH, "s", "-", True),
    Arm("batch", "population", "population_accuracy", "with, population statistics", SKY_BLUE, "D", _DASHED, False),
)

# What is laid over the paper's figure: its own population statistics in the arm with batch normalization.
PAPER_ARMS = (ARMS[0], Arm("batch", "population", "population_accuracy", "with", WITH, "s", "-", True))
PAPER = VERMILION  # a curve of the paper's beside arms of ours that have their own colors

FONT = "DejaVu Sans"  # matplotlib brings it; whoever looks at an SVG may lack it, and Verdana is as wide
_RC: dict[Any, Any] = {
    "font.family": FONT,
    "font.size": 7.5,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "legend.fontsize": 7.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.3,
    "lines.markersize": 4.5,
    "legend.frameon": False,
    "figure.dpi": 100,
    "savefig.dpi": 220,
    # text stays text, and nothing in a file depends on the clock or on chance
    "svg.fonttype": "none",
    "svg.hashsalt": "bnrepro",
    "pdf.fonttype": 42,
    "pdf.compression": 0,
}


def apply() -> None:
    """Use the style from here on, from matplotlib's defaults, whatever a matplotlibrc says."""
    matplotlib.rcdefaults()
    plt.rcParams.update(_RC)


def networks(implementations: Collection[str]) -> dict[str, list[str]]:
    """Implementations by the network that they are, as panels are titled. The first of each stands for the others."""
    one = [name for name in dict.fromkeys(implementations) if name != _APART]
    title = IMPLEMENTATIONS[one[0]] + (", and the custom estimators" if len(one) > 1 else "") if one else ""
    found = {title: one, IMPLEMENTATIONS[_APART]: [name for name in {*implementations} if name == _APART]}
    return {title: names for title, names in found.items() if names}


def save(figure: Figure, name: str, origin: Origin, figures: Path, plots: Path | None = None) -> None:
    """Write `<name>.svg` and `<name>.pdf` to a folder of figures and `<name>.png` to one of plots: equal bytes always.

    `dvc plots` takes a folder whole, and a PDF in it is an error. Every file names its `origin`.
    """
    svg = io.StringIO()
    figure.savefig(svg, format="svg", metadata=metadata(origin, name, "svg"))
    svg_text = _to_a_tenth(svg.getvalue()).replace(f"'{FONT}'", f"'{FONT}', Verdana, sans-serif")
    (figures / f"{name}.svg").write_text(svg_text, encoding="utf-8")
    for path in [figures / f"{name}.pdf", *([plots / f"{name}.png"] if plots else [])]:
        figure.savefig(path, metadata=metadata(origin, name, path.suffix.removeprefix(".")))


def _to_a_tenth(svg: str) -> str:
    """An SVG to a tenth of a point, less than a pixel on any screen, and half as large."""
    svg = re.sub(r'<g id="[^"]*">', "<g>", svg)  # names that nothing refers to
    svg = _MARKERS.sub(
        lambda found: f'{found[1]} style="{found[3]}">' + found[2].replace(f' style="{found[3]}"', ""), svg
    )
    svg = _PLACE.sub(lambda place: f"{round(float(place[0]), 1):g}", svg)
    return _PATH.sub(lambda path: _relative(path[0]), svg)


def _relative(path: str) -> str:
    """A path's data: every point but a first one as its distance from the point before; without lines too short."""
    written, last, at = "", "", np.zeros(2, int)
    commands = re.findall(r"([MLQCz])([^MLQCz]*)", path)
    for (command, numbers), (after, _) in itertools.zip_longest(commands, commands[1:], fillvalue=("", "")):
        tenths = np.rint(10 * np.array(numbers.split(), float)).astype(int).reshape(-1, 2)
        moves = tenths if command == "M" else tenths - at
        if command == after == "L" and np.abs(moves).max() < _SHORT:
            continue
        written += (" " if command == last == "L" else command if command == "M" else command.lower()) + " ".join(
            f"{tenth / 10:g}" for tenth in moves.flat
        )
        last, at = command, tenths[-1] if len(tenths) else at
    return written.replace(" -", "-")
