"""What figures share: means over whole series, errors on log scales, and no line to a bound."""

from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from bnrepro.figures import panels, ratios, style


@pytest.fixture
def ax():
    return plt.subplots()[1]


def curves(*accuracies):
    """Runs that are evaluated every 10 steps."""
    rows = [(seed, 10 * (place + 1), value) for seed, run in enumerate(accuracies) for place, value in enumerate(run)]
    return pd.DataFrame(rows, columns=["seed", "step", "accuracy"])


def points(line):
    return [(x, y) for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True) if np.isfinite(y)]


def test_a_mean_ends_where_one_of_its_runs_does(ax):
    panels.over_seeds(ax, curves([0.2, 0.4, 0.9], [0.4, 0.6]), "step", "accuracy", color="k")
    assert points(ax.lines[0]) == [(10, pytest.approx(0.3)), (20, pytest.approx(0.5))]


def test_errors_of_chance_and_of_two_in_a_hundred_are_in_one_panel(ax):
    panels.errors(ax, curves([0.1, 0.1]), "accuracy", color="k")
    panels.errors(ax, curves([0.5, 0.98]), "accuracy", color="k")
    panels.error_axis([ax], target=0.95)
    low, high = ax.get_ylim()
    assert low < 0.02 < 0.9 < high
    assert [label.get_text() for label in ax.get_yticklabels()][:2] == ["90%", "50%"]
    assert ax.lines[-1].get_ydata()[0] == pytest.approx(0.05)


def test_a_run_without_errors_leaves_the_panel(ax):
    panels.errors(ax, curves([0.5, 1.0]), "accuracy", color="k")
    panels.error_axis([ax])
    assert ax.get_ylim()[0] > 0.2
    ax.figure.canvas.draw()


def test_where_nothing_is_drawn_there_is_a_scale_nevertheless(ax):
    panels.error_axis([ax])
    assert ax.get_yscale() == "log"


def steps(*series):
    """Rows of steps_to_target.csv for each (steps, reached of 3, at their first evaluation)."""
    names = ["mean_restricted_steps", "reached", "at_first"]
    table = pd.DataFrame(series, columns=names).assign(runs=3)
    return table.assign(low=table["mean_restricted_steps"] * 0.9, high=table["mean_restricted_steps"] * 1.1)


def test_no_line_leads_to_a_bound(ax):
    table = steps((300, 3, 0), (200, 3, 0), (500, 2, 0), (100, 3, 0), (50, 3, 1), (1000, 0, 0))
    panels.steps_to_target(ax, table, range(6), style.ARMS[0])
    (line,) = [line for line in ax.lines if line.get_linestyle() == "-"]
    assert points(line) == [(0, 300), (1, 200), (3, 100)]
    assert np.isnan(line.get_ydata()[2])  # which interrupts it
    assert [(text.get_text(), text.xy[0]) for text in ax.texts] == [("↑", 2), ("↓", 4)]
    (cross,) = [line for line in ax.lines if line.get_marker() == "x"]
    assert points(cross) == [(5, 1000)]


def test_ratios_are_joined_where_they_are_known(ax):
    kinds = ["none", "none", "lower", "none", "upper", "both"]
    table = pd.DataFrame({"target": np.arange(6) / 10, "ratio": np.arange(1.0, 7), "censored": kinds})
    ratios.against_target(ax, table, color="k")
    joined, at_least, at_most = ax.lines
    assert points(joined) == [(0.0, 1), (0.1, 2), (pytest.approx(0.3), 4)]
    assert (points(at_least), at_least.get_marker()) == ([(0.2, 3)], "^")
    assert (points(at_most), at_most.get_marker()) == ([(0.4, 5)], "v")


def test_what_diverged_is_told_of_arms_that_are_drawn(ax):
    ended = pd.DataFrame({"normalization": ["none", "batch", "self"], "runs": 3, "diverged": [0, 2, 3]})
    panels.tell_diverged(ax, ended, {"none": "k", "batch": "b"})
    assert [text.get_text() for text in ax.texts] == ["batch: 2 of 3 diverged"]


@pytest.mark.parametrize(
    ("implementations", "expected"),
    [
        (["keras", "canned_estimator", "core_estimator"], [["keras", "core_estimator"], ["canned_estimator"]]),
        (["canned_estimator"], [["canned_estimator"]]),
        (["keras_estimator"], [["keras_estimator"]]),
    ],
)
def test_implementations_of_one_network_share_a_panel(implementations, expected):
    assert list(style.networks(implementations).values()) == expected


def test_markers_of_one_look_share_it_in_a_file(ax, tmp_path):
    ax.plot([1, 2, 3], [1, 2, 3], "o", color="#0072b2")
    ax.plot([1, 2, 3], [3, 2, 1], "o", color="#e69f00")
    style.save(ax.figure, "made", {}, tmp_path)
    groups = ElementTree.parse(tmp_path / "made.svg").iter("{http://www.w3.org/2000/svg}g")
    looks = [(group.get("style"), [use.get("style") for use in group]) for group in groups if group.get("clip-path")]
    assert looks == [(f"fill: {color}; stroke: {color}", [None] * 3) for color in ("#0072b2", "#e69f00")]
