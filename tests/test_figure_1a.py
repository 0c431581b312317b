"""The paper's Figure 1(a) as drawn: what stands beside its curves."""

import pandas as pd
import pytest

from bnrepro.figures import figure_1a, style


class Tables:
    """Curves that do not rise, and networks without batch normalization at three rates, of which one diverged."""

    def __init__(self, distances):
        self.distances = distances

    def has(self, name):
        return True

    def budget(self, study):
        return 50_000

    def read(self, name):
        if name == "null":
            rows = [("none", rate, distance) for rate, distance in self.distances.items()]
            return pd.DataFrame([("batch", 0.1, 0.001), *rows], columns=["normalization", "learning_rate", "distance"])
        rates = {"curves/learning_rate": [0.1, 0.2, 0.4], "curves/paper": [0.1]}[name]
        arms = [(arm, rate) for arm in ("none", "batch") for rate in rates]
        rows = [(arm, rate, 100, step, rate, rate) for arm, rate in arms for step in (4_000, 8_000, 50_000)]
        names = ["normalization", "learning_rate", "seed", "step", "accuracy", "population_accuracy"]
        return pd.DataFrame(rows, columns=names)


def others(distances):
    style.apply()
    _, close = figure_1a.from_tables(Tables(distances)).axes
    return {
        line.get_label(): sorted(set(line.get_ydata())) for line in close.lines if not line.get_label().startswith("_")
    }


def test_the_networks_that_come_nearest_without_batch_normalization_are_drawn():
    assert others({0.1: 0.05, 0.2: 0.004, 0.4: float("nan")}) == {"without, learning rate 0.2": [pytest.approx(0.2)]}


def test_without_such_networks_nothing_is_drawn_of_them():
    assert others({}) == {}
