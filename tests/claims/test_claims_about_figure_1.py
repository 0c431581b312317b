"""Each rule against numbers whose right verdict is known: one for every verdict that it can give."""

import numpy as np
import pandas as pd
import pytest

from bnrepro.claims import figure_1, ledger
from bnrepro.claims.engine import digest

COLUMNS = ["quantity", "normalization", "mode", "target", "ours", "low", "high", "censored", "paper", "paper_censored"]


def evidence(rows=(), batch=(0.001,), movements=((1.0,), (0.1,))):
    """Rows of the comparison; distances of the arm with batch normalization; movements of one unit a seed."""
    inputs = {}
    for normalization, moved in zip(("none", "batch"), movements, strict=True):
        inputs[normalization] = np.zeros((len(moved), 2, 3, 1), np.float32)
        inputs[normalization][:, 1, 1, 0] = moved
    table = pd.DataFrame(list(rows), columns=COLUMNS)
    return figure_1.Evidence(table, {"none": np.zeros(1), "batch": np.array(batch)}, inputs)


def verdict(rule, *args, **kwargs):
    return rule(evidence(*args, **kwargs))[1]


def final(normalization, ours, mode="population"):
    paper = {"none": 0.972, "batch": 0.982}[normalization]
    return ("final_accuracy", normalization, mode, np.nan, ours, ours, ours, "none", paper, "none")


@pytest.mark.parametrize(
    ("none", "batch", "expected"),
    [(0.970, 0.984, "holds"), (0.968, 0.982, "mixed"), (0.972, 0.986, "mixed"), (0.968, 0.978, "fails")],
)
def test_final_accuracy(none, batch, expected):
    rows = [final("none", none), final("batch", batch), final("batch", 0.5, mode="ema")]
    assert verdict(figure_1.final_accuracy, rows) == expected


def steps(normalization, target, ours, paper, censored="none", paper_censored="none"):
    return ("steps", normalization, "population", target, ours, ours, ours, censored, paper, paper_censored)


@pytest.mark.parametrize(
    ("none", "batch", "expected"),
    [(1.2, 0.85, "holds"), (1.3, 1.0, "mixed"), (1.0, 0.7, "mixed"), (1.3, 0.7, "fails")],
)
def test_steps_to_accuracy(none, batch, expected):
    rows = [
        steps("none", 0.96, none * 18_400, 18_400),
        steps("none", 0.98, 50_000, np.nan, "lower"),  # the paper's curve does not go there
        steps("batch", 0.95, 500, 4_000, paper_censored="upper"),  # nor does it show how much earlier it was there
        steps("batch", 0.96, batch * 6_100, 6_100),
    ]
    assert verdict(figure_1.steps_to_accuracy, rows) == expected


def test_steps_that_are_a_bound_are_not_near():
    rows = [steps("none", 0.97, 36_800, 36_800, "lower"), steps("batch", 0.96, 6_100, 6_100)]
    assert verdict(figure_1.steps_to_accuracy, rows) == "mixed"


def ratio(target, low, high, paper, censored="none", paper_censored="none"):
    return ("speedup", "batch", "population", target, (low + high) / 2, low, high, censored, paper, paper_censored)


@pytest.mark.parametrize(
    ("at_96", "at_97", "expected"),
    [((2.8, 3.2), (2.5, 2.7), "holds"), ((2.8, 3.2), (1.5, 2.0), "mixed"), ((5.0, 6.0), (4.0, 5.0), "fails")],
)
def test_speedup(at_96, at_97, expected):
    rows = [ratio(0.96, *at_96, 3.0), ratio(0.97, *at_97, 2.6), ratio(0.95, 9, 10, 3.5, paper_censored="lower")]
    assert verdict(figure_1.speedup, rows) == expected


def test_a_bound_does_not_agree_with_a_number():
    assert verdict(figure_1.speedup, [ratio(0.96, 2.8, 3.2, 3.0, censored="lower")]) == "fails"


@pytest.mark.parametrize(
    ("batch", "expected"), [((0.001, 0.003), "holds"), ((0.001, 0.004), "mixed"), ((0.004, 0.004), "fails")]
)
def test_prediction(batch, expected):
    assert verdict(figure_1.prediction, batch=batch) == expected


@pytest.mark.parametrize(
    ("none", "batch", "expected"),
    [((1.0, 2.0), (0.5, 0.5), "holds"), ((1.0, 2.0), (1.5, 1.5), "mixed"), ((1.0, 2.0), (3.0, 3.0), "fails")],
)
def test_steadier_inputs(none, batch, expected):
    assert verdict(figure_1.steadier_inputs, movements=(none, batch)) == expected


@pytest.mark.parametrize("rule", [figure_1.final_accuracy, figure_1.steps_to_accuracy, figure_1.speedup])
def test_what_was_not_measured_is_not_tested(rule):
    assert verdict(rule) == "not tested"


def test_without_evidence_nothing_is_tested():
    entries = ledger.judge_paper(None)
    assert {entry["verdict"] for entry in entries} == {"not tested"}
    assert all(entry["reason"] and entry["rule"]["digest"] for entry in entries)


# As of the commit that brought the rules (bdd3603), before there was a run with batch normalization at the setting that
# they judge. Whoever changes a rule changes this too, and says so.
WRITTEN_BEFORE = {
    "paper-final-accuracy": "b441b3322fde3d420ad58a09b154008dd1858c8aec48a29e55ed977c3bb2eabc",
    "paper-steps": "bc2deb451732b6f8d52b0980c35d087bdb40554dab7f2bdd7d26efebb71de6f9",
    "paper-speedup": "8a2fa52c5f6ad071b02a7aed47ca4c959db09ed2c5ac6d1bbf23d2a8b39097b5",
    "paper-prediction": "b70ae273a9894040e385fbb54642310d41e44ec4662be441455e6009ecf6baa9",
    "paper-stable-inputs": "9bf5cfab51ff889a9ec02e60c62c4c864beae55421c563764c32948817e1132b",
}


def test_rules_are_as_they_were_before_their_results():
    assert {claim.id: digest(claim.rule, claim.reach) for claim in figure_1.CLAIMS} == WRITTEN_BEFORE
