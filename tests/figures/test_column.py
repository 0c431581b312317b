"""Figures for a column: all of a page's, smaller than the column, and nothing over anything else."""

import itertools

import pytest

from bnrepro.figures import column, registry
from bnrepro.figures.selection import Tables
from bnrepro.study import params
from tests.pipeline import ROOT

SIDE_BY_SIDE = [
    ("mnist", "figure_1a"),
    ("mnist", "best_against_best"),
    ("mnist", "iterations_to_target"),
    ("mnist", "learning_rate"),
    ("mnist", "moving_averages"),
    ("mnist", "calibration"),
    ("digits", "figure_2"),
    ("digits", "figure_2_ratio"),
    ("digits", "inception_rates"),
]


@pytest.fixture
def drawn(monkeypatch):
    """Draws a figure from committed tables."""
    monkeypatch.chdir(ROOT)
    return lambda dataset, name: registry.find(name).draw(Tables(params.load(), dataset))


@pytest.mark.parametrize(("dataset", "name"), SIDE_BY_SIDE)
def test_panels_stand_below_each_other_inside_the_column(drawn, dataset, name):
    figure = drawn(dataset, name)
    before = [(ax.get_title(), ax.get_title("left"), ax.get_ylim()) for ax in figure.axes]
    assert column.stack(figure)
    assert figure.get_figwidth() == pytest.approx(3.4)
    assert [(ax.get_title(), ax.get_title("left"), ax.get_ylim()) for ax in figure.axes] == before
    renderer = figure.canvas.get_renderer()
    panels = [ax.get_tightbbox(renderer) for ax in figure.axes]
    heads = [legend.get_window_extent(renderer) for legend in figure.legends]
    for box in panels + heads:
        assert box.x0 >= -1
        assert box.x1 <= figure.bbox.x1 + 1
        assert box.y0 >= -1
        assert box.y1 <= figure.bbox.y1 + 1
    for above, below in itertools.pairwise(heads + panels):
        assert above.y0 >= below.y1 - 1
    assert all(ax.get_ylabel() for ax in figure.axes if ax.get_shared_y_axes().joined(ax, figure.axes[0]))


@pytest.mark.parametrize("name", ["layers", "alternatives", "specifications"])
def test_rows_of_panels_stay_a_pages(drawn, name):
    figure = drawn("mnist", name)
    size = tuple(figure.get_size_inches())
    assert not column.stack(figure)
    assert tuple(figure.get_size_inches()) == size
