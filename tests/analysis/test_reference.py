"""The paper's curves, read from data/reference: the numbers that its README states."""

import numpy as np
import pytest

from bnrepro import paths
from bnrepro.analysis import reference
from bnrepro.errors import BadInput


@pytest.mark.parametrize(
    ("normalization", "target", "steps", "at_first"),
    [
        ("none", 0.90, 7_400, False),
        ("none", 0.95, 14_200, False),
        ("none", 0.96, 18_400, False),
        ("none", 0.97, 36_800, False),
        ("batch", 0.95, 4_000, True),
        ("batch", 0.96, 6_100, False),
        ("batch", 0.97, 14_300, False),
        ("batch", 0.98, 36_600, False),
    ],
)
def test_crossings(normalization, target, steps, at_first):
    found = reference.steps_to(normalization, target)
    assert found[0] == pytest.approx(steps, abs=51)  # as the README rounds them
    assert found[1] == at_first


def test_without_normalization_98_is_never_reached():
    assert np.isnan(reference.steps_to("none", 0.98)[0])


@pytest.mark.parametrize(
    ("target", "ratio", "censored"),
    [(0.96, 3.0, "none"), (0.97, 2.6, "none"), (0.95, 3.5, "lower"), (0.98, 1.2, "lower")],
)
def test_ratios(target, ratio, censored):
    found = reference.speedup(target)
    assert found[0] == pytest.approx(ratio, abs=0.05)
    assert found[1] == censored


@pytest.mark.parametrize("target", [0.5, 0.995])
def test_there_is_no_ratio_where_both_curves_start_above_or_none_arrives(target):
    ratio, censored = reference.speedup(target)
    assert np.isnan(ratio)
    assert censored == "both"


def test_curves_end_where_the_figure_does():
    """As the README rounds it."""
    for normalization, step, accuracy in (("none", 44_100, 0.972), ("batch", 49_100, 0.982)):
        assert reference.last_point(normalization) == (pytest.approx(step, abs=51), pytest.approx(accuracy, abs=6e-4))


def test_accuracy_between_points_lies_on_the_line_and_beyond_the_curve_is_none():
    curve = reference.test_accuracy("none")
    (first, second), (low, high) = curve.index[:2], curve.iloc[:2]
    found = reference.at(curve, np.array([first - 1, (first + second) / 2, curve.index[-1] + 1]))
    assert np.isnan(found[[0, 2]]).all()
    assert found[1] == pytest.approx((low + high) / 2)


def test_sigmoid_inputs_are_ordered_and_whole():
    for normalization in ("none", "batch"):
        table = reference.sigmoid_inputs(normalization)
        assert list(table.columns) == list(reference.PERCENTILES)
        assert not table.isna().any().any()
        assert (table[15] < table[50]).all()
        assert (table[50] < table[85]).all()


@pytest.mark.parametrize("content", [None, "", "a,b\n1,2\n"])
def test_what_is_not_the_papers_is_refused(project, content):
    path = paths.reference() / "figure_1a.csv"
    if content is not None:
        path.parent.mkdir(parents=True)
        path.write_text(content)
    with pytest.raises(BadInput, match=r"figure_1a\.csv"):
        reference.test_accuracy("none")
