"""The tables beside the paper's Figures 2 and 3, and those of study `deep`, of made-up runs."""

from typing import Any

import numpy as np
import pytest

from bnrepro.claims import deep_tables, inception_tables
from tests.claims.lesson import NEVER, evidence, runs

RELU: dict[str, Any] = {"activation": "relu", "kind": "inception"}
BASELINE = runs("inception", normalization="none", learning_rate=0.1, steps=800, after=0.8, **RELU)


def arm(study, normalization, times, **told):
    return runs(study, normalization=normalization, learning_rate=0.1 * times, **RELU | told)


def row(table, **values):
    for name, value in values.items():
        table = table[table[name] == value]
    (found,) = table.to_dict("records")
    return found


def test_arms_are_compared_at_the_best_accuracy_of_the_baseline():
    others = [arm("inception", "batch", 1, steps=200), arm("inception_faster", "none", 30, steps=NEVER)]
    table = inception_tables.figure_3(evidence(BASELINE, *others))
    assert list(table["arm"]) == ["Inception", "BN-Baseline", "x30"]
    plain, normalized, faster = table.to_dict("records")
    assert (normalized["steps"], normalized["ratio"]) == (pytest.approx(200), pytest.approx(4))
    assert normalized["low"] < 4 < normalized["high"]
    assert normalized["paper_ratio"] == pytest.approx(31 / 13.3)
    assert (faster["arrived"], faster["censored"], faster["steps_censored"]) == (0, "upper", "lower")
    assert np.isnan([plain["ratio"], faster["paper_best"]]).all()


def test_the_ratio_by_target_stands_beside_that_of_the_papers_curves():
    table = inception_tables.by_target(evidence(BASELINE, arm("inception", "batch", 1, steps=200)))
    assert set(table["arm"]) == {"BN-Baseline"}
    last = row(table, target=1.0)
    assert last["ratio"] == pytest.approx(4)
    assert last["paper_ratio"] == pytest.approx(2.3, rel=0.1)
    assert row(table, target=0.5)["paper_censored"] == "both"  # the paper's figure begins above it


def test_the_rate_that_held_out_images_choose_is_told():
    rates = [
        arm("inception_rates", normalization, times, steps=steps, validation_accuracy=0.5)
        for normalization in ("none", "batch")
        for times, steps in ((1, 300), (5, 500))
    ]
    table = inception_tables.rates(evidence(*rates))
    assert set(table["mode"]) == {"ema", "population"}
    assert set(table.loc[table["chosen"], "learning_rate"]) == {0.1}
    assert set(table["target"]) == {0.95}


def test_gradients_are_told_relative_to_the_last_hidden_layers():
    deep = {
        "kind": "dense",
        "activation": "relu",
        "skip": "none",
        "depth": 3,
        "gradient": ((8.0, 4.0, 2.0), (1.0, 1.0, 1.0)),
    }
    slow = runs("deep", normalization="batch", learning_rate=0.1, steps=800, **deep)
    fast = runs("deep", normalization="batch", learning_rate=0.3, steps=200, **deep)
    found = evidence(slow, fast)
    table = deep_tables.gradient_flow(found)
    assert set(table["learning_rate"]) == {0.3}
    assert list(table.loc[table["when"] == "start", "gradient"]) == pytest.approx([4, 2, 1])
    assert list(table.loc[table["when"] == "end", "gradient"]) == pytest.approx([1, 1, 1])
    best = row(deep_tables.accuracy(found), depth=3)
    assert (best["accuracy"], best["learning_rate"], best["at_edge"]) == (pytest.approx(0.95), 0.3, True)


def test_gradients_of_runs_that_all_diverge_are_told_before_training():
    deep = {"kind": "dense", "activation": "relu", "skip": "identity", "gradient": 1.0}
    lost = runs("deep", normalization="none", diverged_at=100, **deep)
    table = deep_tables.gradient_flow(evidence(lost))
    assert set(table["when"]) == {"start"}
