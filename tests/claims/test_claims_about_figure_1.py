"""Each rule against numbers whose right verdict is known: one for every verdict that it can give."""

import numpy as np
import pandas as pd
import pytest

from bnrepro.claims import figure_1, ledger

CLAIMS = {claim.id: claim for claim in ledger.PAPER}
COLUMNS = ["quantity", "normalization", "mode", "target", "ours", "low", "high", "censored", "paper", "paper_censored"]


def evidence(rows=(), batch=(0.001,), movements=((1.0,), (0.1,))):
    """Rows of the comparison; distances of the arm with batch normalization; movements of one unit a seed."""
    inputs = {}
    for normalization, moved in zip(("none", "batch"), movements, strict=True):
        inputs[normalization] = np.zeros((len(moved), 2, 3, 1), np.float32)
        inputs[normalization][:, 1, 1, 0] = moved
    table = pd.DataFrame(list(rows), columns=COLUMNS)
    return figure_1.Evidence(table, {"none": np.zeros(1), "batch": np.array(batch)}, inputs)


def verdict(claim, *args, **kwargs):
    return CLAIMS[claim].judge(evidence(*args, **kwargs))["verdict"]


def final(normalization, ours, mode="population"):
    paper = {"none": 0.972, "batch": 0.982}[normalization]
    return ("final_accuracy", normalization, mode, np.nan, ours, ours, ours, "none", paper, "none")


@pytest.mark.parametrize(
    ("none", "batch", "expected"),
    [(0.970, 0.984, "holds"), (0.968, 0.982, "mixed"), (0.972, 0.986, "mixed"), (0.968, 0.978, "fails")],
)
def test_final_accuracy(none, batch, expected):
    rows = [final("none", none), final("batch", batch), final("batch", 0.5, mode="ema")]
    assert verdict("paper-final-accuracy", rows) == expected


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
    assert verdict("paper-steps", rows) == expected


def test_steps_that_are_a_bound_are_not_near():
    rows = [steps("none", 0.97, 36_800, 36_800, "lower"), steps("batch", 0.96, 6_100, 6_100)]
    assert verdict("paper-steps", rows) == "mixed"


def ratio(target, low, high, paper, censored="none", paper_censored="none"):
    return ("speedup", "batch", "population", target, (low + high) / 2, low, high, censored, paper, paper_censored)


@pytest.mark.parametrize(
    ("at_96", "at_97", "expected"),
    [((2.8, 3.2), (2.5, 2.7), "holds"), ((2.8, 3.2), (1.5, 2.0), "mixed"), ((5.0, 6.0), (4.0, 5.0), "fails")],
)
def test_speedup(at_96, at_97, expected):
    rows = [ratio(0.96, *at_96, 3.0), ratio(0.97, *at_97, 2.6), ratio(0.95, 9, 10, 3.5, paper_censored="lower")]
    assert verdict("paper-speedup", rows) == expected


def test_a_bound_does_not_agree_with_a_number():
    assert verdict("paper-speedup", [ratio(0.96, 2.8, 3.2, 3.0, censored="lower")]) == "fails"


@pytest.mark.parametrize(
    ("batch", "expected"), [((0.001, 0.003), "holds"), ((0.001, 0.004), "mixed"), ((0.004, 0.004), "fails")]
)
def test_prediction(batch, expected):
    assert verdict("paper-prediction", batch=batch) == expected


@pytest.mark.parametrize(
    ("none", "batch", "expected"),
    [((1.0, 2.0), (0.5, 0.5), "holds"), ((1.0, 2.0), (1.5, 1.5), "mixed"), ((1.0, 2.0), (3.0, 3.0), "fails")],
)
def test_steadier_inputs(none, batch, expected):
    assert verdict("paper-stable-inputs", movements=(none, batch)) == expected


@pytest.mark.parametrize("claim", ["paper-final-accuracy", "paper-steps", "paper-speedup"])
def test_what_was_not_measured_is_not_tested(claim):
    assert verdict(claim) == "not tested"


def test_without_evidence_nothing_is_tested():
    entries = ledger.judge_paper(None)
    assert {entry["verdict"] for entry in entries} == {"not tested"}
    assert all(entry["reason"] and entry["rule"]["digest"] for entry in entries)
