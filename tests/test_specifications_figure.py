"""The specification curve as drawn: what is shown of which setting."""

import numpy as np
import pandas as pd
import pytest

from bnrepro.figures import specifications, style

PAPER = {0.96: 3.0, 0.97: 2.6}


def settings(*ratios):
    """A setting for each (ratio, low, high), to both targets; the first is the chosen one."""
    rows = []
    for place, effect in enumerate(ratios):
        own = ("binary", "gaussian", 0.05, "sgd", 0.1 * 2**place, place == 0)
        rows += [(*own, target, *effect) for target in PAPER]
    names = ["pixels", "initial_scheme", "initial_stddev", "optimizer", "learning_rate", "chosen"]
    return pd.DataFrame(rows, columns=[*names, "target", "ratio", "low", "high"])


def points(ax, marker):
    (line,) = [line for line in ax.lines if line.get_marker() == marker]
    return list(zip(line.get_xdata(), line.get_ydata(), strict=True))


@pytest.fixture
def panel():
    style.apply()
    table = settings((2.0, 1.0, 4.0), (5.0, 3.0, np.inf), (0.5, 0.0, 0.8), (np.nan, np.nan, np.nan))
    return specifications.draw(table, PAPER).axes[0]


def test_settings_are_sorted_and_those_without_a_ratio_left_out(panel):
    assert points(panel, "o") == [(1, 2.0)]
    assert panel.get_xlim()[1] == pytest.approx(2.8)


def test_a_bound_has_no_end_that_it_does_not_know(panel):
    assert points(panel, "v") == [(0, 0.5)]
    assert points(panel, "^") == [(2, 5.0)]
    ends = {tuple(segment[:, 1]) for lines in panel.collections for segment in lines.get_segments()}
    assert ends == {(1.0, 4.0), (3.0, 5.0), (0.5, 0.8)}


def test_nothing_is_drawn_without_a_ratio(monkeypatch):
    class Tables:
        def has(self, name):
            return True

        def read(self, name):
            return settings((np.nan, np.nan, np.nan))

    assert specifications.from_tables(Tables()) is None
