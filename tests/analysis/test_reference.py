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


@pytest.mark.parametrize(
    ("network", "ratios"),
    [
        ("BN-Baseline", [3.6, 4.0, 3.5, 2.3, 1.8]),
        ("BN-x5", [4.4, 9.0, 10.5, 12.9, 12.0]),
        ("BN-x30", [4.2, 7.1, 6.4, 7.3, 9.1]),
        ("BN-x5-Sigmoid", [1.9, 2.5, 2.7, None, None]),
    ],
)
def test_ratios_of_figure_2(network, ratios):
    curves = [reference.validation_accuracy(name) for name in (reference.BASELINE, network)]
    for target, expected in zip((0.5, 0.6, 0.65, 0.7, 0.72), ratios, strict=True):
        ratio, censored = reference.fewer(*curves, target)
        assert censored == ("both" if expected is None else "none")
        assert expected is None or ratio == pytest.approx(expected, abs=0.051)


def test_the_curves_of_figure_2_have_what_figure_3_prints():
    printed = reference.figure_3()
    for network, row in printed.iterrows():
        assert reference.validation_accuracy(network).max() == pytest.approx(row["best"], abs=0.002)
    drawn = {network: reference.crossing(reference.validation_accuracy(network), 0.722)[0] for network in printed.index}
    assert printed.loc["BN-x5", "steps"] == pytest.approx(drawn["BN-x5"], rel=0.03)


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
