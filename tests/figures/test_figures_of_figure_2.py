"""The figures beside the paper's Figure 2, and that of gradient flow, from made-up tables."""

import itertools

import numpy as np
import pandas as pd
import pytest

from bnrepro.figures import figure_2, figure_2_ratio, gradient_flow, inception_rates, style

BUDGET = 600


def curves(*accuracies):
    rows = [(seed, 10 ** (at + 1), accuracy) for seed in range(3) for at, accuracy in enumerate(accuracies)]
    return pd.DataFrame(rows, columns=["seed", "step", "population_accuracy"])


def arms(**arrived):
    """Rows of figure_3.csv; each arm with the steps to Inception's best accuracy, or none."""
    table = pd.DataFrame({"arm": list(arrived), "steps": list(arrived.values()), "seeds": 3, "best": 0.9})
    return table.assign(arrived=table["steps"].notna() * 3, ratio=100 / table["steps"], censored="none")


PAPERS = {name: pd.Series({2e5: 0.4, 1e6: 0.5 + 0.1 * (name == "BN-x5"), 3e6: 0.6}) for name in figure_2.ARMS}


def arrivals(ax):
    return [(line.get_marker(), *line.get_xydata()[0]) for line in ax.lines if line.get_markeredgecolor() == "white"]


def test_a_mark_and_a_ratio_stand_where_an_arm_reaches_the_best_accuracy_of_inception():
    shown = {"Inception": curves(0.5, 0.9), "BN-x5": curves(0.9, 0.9), "BN-x30": curves(0.6, 0.7)}
    shown |= {"Sigmoid": curves(0.1, 0.1)}
    table = arms(Inception=100, **{"BN-x5": 10, "BN-x30": None, "Sigmoid": None})
    ours, theirs = figure_2.draw(table, shown, PAPERS, BUDGET).axes
    assert arrivals(ours) == [("D", 10, 0.9), ("o", 100, 0.9)]
    assert [text.get_text() for text in ours.texts] == ["BN-x5: 10× fewer steps", "below: Sigmoid"]
    assert ("o", 3e6, 0.6) in arrivals(theirs)


def test_an_arm_without_runs_is_left_out_of_ours_and_drawn_of_the_paper():
    ours, theirs = figure_2.draw(arms(Inception=100), {"Inception": curves(0.5, 0.9)}, PAPERS, BUDGET).axes
    colors = [{line.get_color() for line in ax.lines} for ax in (ours, theirs)]
    assert style.GREEN in colors[1] - colors[0]


def test_ratios_by_target_have_a_panel_for_each_arm_and_no_line_where_nothing_is_known():
    rows = itertools.product(["BN-x5", "BN-x30"], [0.5, 0.6, 1.0])
    table = pd.DataFrame(rows, columns=["arm", "target"]).assign(ratio=2.0, low=1.5, high=3.0, censored="none")
    table = table.assign(paper_ratio=[np.nan, 3, 4] * 2, paper_censored=["both", "none", "none"] * 2)
    figure = figure_2_ratio.draw(table)
    assert [ax.get_title() for ax in figure.axes] == ["BN-x5", "BN-x30"]
    papers, *_, ours = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 3]
    assert np.isnan(papers.get_ydata()[0])
    assert list(ours.get_ydata()) == [2, 2, 2]


def test_chosen_rates_of_inception_are_ringed():
    rows = itertools.product([("none", "ema"), ("batch", "ema"), ("batch", "population")], [0.05, 0.25])
    table = pd.DataFrame([(*arm, rate) for arm, rate in rows], columns=["normalization", "mode", "learning_rate"])
    table = table.assign(runs=3, reached=3, at_first=0, mean_restricted_steps=200.0, low=100.0, high=300.0, target=0.9)
    (ax,) = inception_rates.draw(table.assign(chosen=table["learning_rate"] == 0.25), BUDGET).axes
    rings = [line for line in ax.lines if line.get_markeredgecolor() == style.VERMILION]
    assert [x for line in rings for x in line.get_xdata()] == pytest.approx([0.25] * 3, rel=0.2)


def test_gradients_are_drawn_of_the_deepest_networks_and_accuracies_of_every_depth():
    rows = itertools.product(["none", "batch"], ["sigmoid", "relu"], ["none", "scaled"], [3, 5], [1, 2, 3, 4, 5])
    flow = pd.DataFrame(rows, columns=["normalization", "activation", "skip", "depth", "layer"])
    flow = flow[flow["layer"] <= flow["depth"]].assign(gradient=2.0, low=1.0, high=3.0)
    accuracy = flow.drop_duplicates(["normalization", "activation", "skip", "depth"]).assign(accuracy=0.5, high=0.9)
    accuracy = accuracy.assign(low=0.1)
    figure = gradient_flow.draw(flow, accuracy)
    sigmoid, relu, below, _ = figure.axes
    assert "5 hidden layers" in sigmoid.get_title(loc="left")
    assert {tuple(line.get_xdata()) for line in sigmoid.lines if len(line.get_xdata()) > 2} == {(2, 3, 4, 5)}
    theory = next(line for line in relu.lines if line.get_color() == style.VERMILION)
    assert theory.get_ydata()[0] == pytest.approx(1.211**3, rel=1e-3)
    assert next(text.get_text() for text in below.get_yticklabels()) == "plain"
