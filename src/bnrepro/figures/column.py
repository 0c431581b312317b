"""A figure for one column of a journal: panels that stand side by side, below each other."""

from collections.abc import Iterator
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure

SUFFIX = "_column"
_WIDTH = 3.4  # inches
_TALLEST = 1.9  # inches, of a panel
_APART = 0.08  # inches, between what belongs to two panels, and around all of it


class _Margins(NamedTuple):
    """What a panel writes around itself, in inches."""

    left: float
    right: float
    below: float
    above: float


def stack(figure: Figure) -> bool:
    """Put the panels of a figure below each other, if they stand side by side; it says whether they do.

    Type keeps its size, and so do lines and marks.
    """
    axes = figure.axes
    grids = {ax.get_gridspec() for ax in axes}
    if len(grids) != 1 or axes[0].get_gridspec().nrows != 1:  # type: ignore[union-attr]
        return False
    figure.set_layout_engine("none")
    panel = min(_TALLEST, axes[0].get_position().height * figure.get_figheight())
    figure.set_size_inches(_WIDTH, 10.0)
    for ax in axes:
        ax.set_position((0.2, 0.2, 0.75, panel / 10))
        _label(ax, axes[0], last=ax is axes[-1])
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    head = sum(_heads(figure, renderer))
    margins = [_margins(ax, figure.dpi, renderer) for ax in axes]
    foot = 0.2 if figure.get_supxlabel() else 0.0
    left, right = (max(getattr(own, side) for own in margins) + _APART for side in ("left", "right"))
    height = head + sum(own.above + panel + own.below + _APART for own in margins) + foot
    figure.set_size_inches(_WIDTH, height)
    top = height - head
    for ax, own in zip(axes, margins, strict=True):
        top -= own.above + panel
        ax.set_position((left / _WIDTH, top / height, 1 - (left + right) / _WIDTH, panel / height))
        top -= own.below + _APART
    if foot:
        figure.supxlabel(figure.get_supxlabel(), fontsize=8, x=(1 + (left - right) / _WIDTH) / 2, y=0.04 / height)
    return True


def _label(ax: Axes, first: Axes, last: bool) -> None:
    """A panel has the labels that it left to one beside it."""
    ax.tick_params(labelleft=True)
    if not ax.get_ylabel() and ax.get_shared_y_axes().joined(ax, first):
        ax.set_ylabel(first.get_ylabel())
    if not ax.get_xlabel() and ax.get_shared_x_axes().joined(ax, first):
        ax.tick_params(labelbottom=last)


def _margins(ax: Axes, dpi: float, renderer: RendererBase) -> _Margins:
    inner, outer = ax.get_window_extent(renderer), ax.get_tightbbox(renderer)
    assert outer is not None  # of a panel that can be seen
    sides = (inner.x0 - outer.x0, outer.x1 - inner.x1, inner.y0 - outer.y0, outer.y1 - inner.y1)
    return _Margins(*(max(side, 0) / dpi for side in sides))


def _heads(figure: Figure, renderer: RendererBase) -> Iterator[float]:
    """The heights of what stands above all panels, in inches, broken where the column ends."""
    yield _APART
    for legend in figure.legends:
        handles = legend.legend_handles
        legend.remove()
        for columns in range(len(handles), 0, -1):
            look = {"columnspacing": 1.0, "handlelength": 2.0, "borderaxespad": 0.2}
            folded = figure.legend(handles=handles, loc="upper center", ncols=columns, **look)
            box = folded.get_window_extent(renderer)
            if columns == 1 or box.width <= (_WIDTH - _APART) * figure.dpi:
                break
            folded.remove()
        yield box.height / figure.dpi + _APART
    if title := figure.get_suptitle():
        written = figure.suptitle(title, wrap=True, y=1 - _APART / figure.get_figheight())
        yield written.get_window_extent(renderer).height / figure.dpi + _APART
