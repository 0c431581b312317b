"""Figures of claims, from made-up tables: what a rule compares is what is drawn."""

import itertools

import numpy as np
import pandas as pd
import pytest

from bnrepro.figures import (
    best_against_best,
    dropout,
    initial_weights,
    iterations_to_target,
    layers,
    learning_rate,
    noise,
    style,
)

BUDGET = 1_000
ARMS = [("none", "ema"), ("batch", "ema"), ("batch", "population")]
KINDS = ["none", "steady", "shifting", "drifting"]


def steps(**factors):
    """Rows of steps_to_target.csv for every combination of these values, in all arms and modes."""
    combined = pd.DataFrame(itertools.product(ARMS, *factors.values()), columns=["arm", *factors])
    arms = pd.DataFrame(combined.pop("arm").tolist(), columns=["normalization", "mode"])
    table = pd.concat([arms, combined], axis=1).assign(implementation="keras", runs=3, reached=3, at_first=0)
    return table.assign(mean_restricted_steps=300.0, low=200.0, high=400.0)


def rings(ax):
    return [
        tuple(point)
        for line in ax.lines
        if line.get_markeredgecolor() == style.VERMILION
        for point in line.get_xydata().tolist()
    ]


def test_the_chosen_rate_of_each_optimizer_is_marked():
    tables = {study: steps(learning_rate=[0.1, 0.3, 1.0]) for study in ("learning_rate", "tuned_adam")}
    chosen = pd.DataFrame(
        [("learning_rate", 0.3, 1.0), ("tuned_adam", 0.1, 0.1)], columns=["study", "rate_without", "rate_with"]
    )
    figure = learning_rate.draw(tables, chosen, 0.3, 0.9, dict.fromkeys(tables, BUDGET))
    sgd, adam = figure.axes
    assert [ax.get_title() for ax in (sgd, adam)] == ["SGD", "Adam"]
    for ax, without, with_it in ((sgd, 0.3, 1.0), (adam, 0.1, 0.1)):
        low, high = sorted(x for x, _ in rings(ax))
        assert low == pytest.approx(without, rel=0.15)  # a little aside, so that no ring hides the other
        assert (low < high, high) == (True, with_it)


def test_a_ratio_that_rests_on_the_edge_of_a_grid_has_a_dot():
    table = pd.DataFrame({"optimizer": "sgd", "target": [0.9, 0.95], "at_edge": [False, True]})
    table = table.assign(ratio=2.0, low=1.5, high=3.0, censored="none")
    (ax,) = best_against_best.draw(table).axes
    (dots,) = [line for line in ax.lines if line.get_marker() == "."]
    assert list(dots.get_xdata()) == [0.95]


def test_initial_weights_have_a_panel_for_each_depth_and_kind():
    table = steps(depth=[3, 7], initial_scheme=["gaussian", "he"], learning_rate=[0.1, 1.0])
    never = (table["depth"] == 7) & (table["normalization"] == "none") & (table["initial_scheme"] == "gaussian")
    table.loc[never, ["mean_restricted_steps", "reached"]] = [BUDGET, 0]
    figure = initial_weights.draw(table, 0.9, BUDGET)
    crosses = [sum(len(line.get_xdata()) for line in ax.lines if line.get_marker() == "x") for ax in figure.axes]
    assert crosses == [0, 0, 2, 0]


def test_noise_is_shown_at_every_rate_against_the_plain_network_at_its_own():
    table = steps(noise=KINDS, learning_rate=[0.1, 1.0])
    best = (table["normalization"] == "none") & (table["learning_rate"] == 1.0) & (table["noise"] == "none")
    table.loc[best, "mean_restricted_steps"] = 250.0
    looks = table[["normalization", "noise", "learning_rate"]].drop_duplicates().assign(layer=1, seed=0, jumped=0.5)
    chosen = pd.DataFrame({"normalization": ["none", "batch"], "learning_rate": [1.0, 0.1]})
    slow, fast, *below = noise.draw(table, looks, chosen, 0.9, BUDGET).axes
    assert [len(rings(ax)) for ax in (slow, fast)] == [1, 1]
    for ax in (slow, fast):
        assert [250.0, 250.0] in [list(line.get_ydata()) for line in ax.lines]
    assert [label.get_text() for label in below[0].get_xticklabels()] == KINDS


def test_layers_show_the_shift_from_the_second_on_and_gradients_of_either_scale_alike():
    rows = list(itertools.product(["none", "batch"], [1, 3], [100, 101], [1, 2, 3], [0, 500, BUDGET]))
    looks = pd.DataFrame(rows, columns=["normalization", "depth", "seed", "layer", "step"])
    looks = looks[looks["layer"] <= looks["depth"]]
    looks = looks.assign(shift=np.where(looks["layer"] > 1, looks["step"] / BUDGET, np.nan), saturated=0.1)
    scale = np.where(looks["normalization"] == "batch", 10.0, 1.0)
    figure = layers.draw(looks.assign(gradient=2.0 / scale, weights=scale), BUDGET)
    shallow, deep = figure.axes[:2]
    assert not any(len(line.get_xdata()) for line in shallow.lines)
    assert [line.get_xydata().tolist() for line in deep.lines] == [[[2, 1], [3, 1]]] * 2
    gradients = [line for line in figure.axes[-1].lines if len(line.get_xdata()) == 3]
    assert {tuple(line.get_ydata()) for line in gradients} == {(2.0, 2.0, 2.0)}


def test_dropout_has_a_panel_for_each_level_of_training_accuracy():
    rows = itertools.product(["none", "batch"], [0.0, 0.5], [100, 101], [10, 100, BUDGET])
    curves = pd.DataFrame(rows, columns=["normalization", "dropout", "seed", "step"])
    curves = curves.assign(accuracy=0.5, training_accuracy=0.6)
    ended = pd.DataFrame({"normalization": ["none"], "dropout": [0.5], "runs": [2], "diverged": [1]})
    turned = {"dropout": [0.0, 0.0, 0.5], "level": 0.5, "seed": [100, 101, 100], "turn": [0.1, 0.3, 0.01]}
    figure = dropout.draw(curves, ended, pd.DataFrame(turned), BUDGET)
    assert [ax.get_title() for ax in figure.axes] == ["no dropout", "dropout 0.5", "at 50% training accuracy"]
    assert [text.get_text() for text in figure.axes[1].texts] == ["none: 1 of 2 diverged"]
    medians = [line for line in figure.axes[2].lines if line.get_marker() == "o"]
    assert [list(line.get_ydata()) for line in medians] == [[pytest.approx(0.2), 0.01]]


def test_without_equal_training_accuracy_only_the_curves_of_dropout_are_drawn():
    curves = pd.DataFrame({"normalization": "none", "dropout": 0.0, "seed": 0, "step": [10, 100]})
    curves = curves.assign(accuracy=0.5, training_accuracy=0.5)
    ended = pd.DataFrame({"normalization": ["none"], "dropout": [0.0], "runs": [1], "diverged": [0]})
    turned = pd.DataFrame(columns=["dropout", "level", "seed", "turn"])
    assert len(dropout.draw(curves, ended, turned, BUDGET).axes) == 1


def test_custom_estimators_are_small_marks_in_the_panel_of_keras():
    table = pd.concat(
        [
            steps(depth=[1, 3]).assign(implementation=name)
            for name in ("keras", "canned_estimator", "keras_estimator", "core_estimator")
        ]
    )
    speedup = pd.DataFrame({"implementation": [], "depth": [], "mode": [], "ratio": [], "censored": []})
    figure = iterations_to_target.draw(table, speedup, 0.9, BUDGET)
    one, canned = figure.axes
    sizes = [{line.get_markersize() for line in ax.lines if line.get_linestyle() == "None"} for ax in (one, canned)]
    assert len(sizes[0] - sizes[1]) == 1
    assert min(sizes[0]) < min(sizes[1])
