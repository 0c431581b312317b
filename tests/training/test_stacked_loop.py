"""Runs that train in one program, against the same runs one at a time."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bnrepro.analysis.steps_to_target import crossing
from bnrepro.training.run import run, run_together
from tests.networks.specs import assert_same, run_spec

ROOT = Path(__file__).parents[2]
SELU = {"activation": "selu", "initial_stddev": None, "learning_rate": 0.02}  # with more, kinks amplify any rounding
CASES = {
    "none": ("none", {}),
    "batch": ("batch", {}),
    "batch after": ("batch", {"placement": "after"}),
    "batch, steady noise": ("batch", {"noise": "steady"}),
    "batch, shifting noise": ("batch", {"noise": "shifting"}),
    "layer": ("layer", {"epsilon": 0.001}),
    "weight": ("weight", {}),
    "self": ("self", SELU),
    "self, dropout": ("self", SELU | {"dropout": 0.1}),
    "dropout": ("none", {"dropout": 0.5}),
    "relu": ("none", {"activation": "relu", "initial_stddev": None}),
}


def stack(normalization, **changes):
    """Three runs: two seeds, and two learning rates and initial weights of one of them."""
    spec = run_spec("keras", normalization, 3, learning_rate=0.2)
    spec = replace(spec, **changes)
    scaled = spec.initial_stddev and spec.initial_stddev / 2
    return [spec, replace(spec, seed=2), replace(spec, learning_rate=spec.learning_rate / 2, initial_stddev=scaled)]


@pytest.mark.parametrize(("normalization", "changes"), CASES.values(), ids=CASES)
def test_200_steps_agree_to_float32_rounding(digits, normalization, changes):
    specs = stack(normalization, **changes)
    together = run_together(specs, digits)
    for spec, stacked in zip(specs, together, strict=True):
        alone = run(spec, digits)
        assert_same(stacked.parameters, alone.parameters)
        assert stacked.curve["step"] == alone.curve["step"]
        np.testing.assert_allclose(stacked.curve["loss"], alone.curve["loss"], rtol=1e-5)
        assert stacked.layers.keys() == alone.layers.keys()
        assert stacked.together == 3


def test_runs_of_a_stack_do_not_touch_each_other(digits):
    """One that diverges ends by itself, at the step at which it does alone."""
    calm = run_spec("keras", "none", 1, steps=40, evaluate_every=10)
    wild = replace(calm, learning_rate=1e38)
    first, second, third = run_together([calm, wild, replace(calm, seed=2)], digits)
    assert second.diverged_at == run(wild, digits).diverged_at
    assert second.curve["step"] == [0]
    assert second.final == {}
    assert first.diverged_at is None
    np.testing.assert_allclose(first.curve["loss"], run(calm, digits).curve["loss"], rtol=1e-5)
    assert third.curve["step"] == [0, 10, 20, 30, 40]


def test_a_stack_that_has_diverged_whole_is_not_trained_on(digits):
    wild = run_spec("keras", "none", 1, steps=10_000, evaluate_every=10, learning_rate=1e38)
    results = run_together([wild, replace(wild, seed=2)], digits)
    assert all(result.diverged_at < 100 for result in results)
    assert sum(result.training_seconds for result in results) < 30


@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_a_full_budget_leads_to_the_same_steps_to_target(digits, normalization):
    spec = run_spec("keras", normalization, 3, steps=3000, evaluate_every=30)
    specs = [spec, replace(spec, seed=2)]
    for spec, stacked in zip(specs, run_together(specs, digits), strict=True):
        assert_same_steps(stacked.curve, run(spec, digits).curve)


@pytest.mark.slow
def test_compiled_for_the_device_all_normalizations_lead_to_the_same_steps_to_target():
    """As a GPU has it. Elsewhere the last bits of what is not compiled so differ, which these rates amplify."""
    words = [sys.executable, "-W", "ignore", "-m", "tests.training.full_budget"]
    curves = json.loads(subprocess.run(words, capture_output=True, check=True, cwd=ROOT).stdout)
    assert len(curves) == 9
    for pairs in curves.values():
        for stacked, alone in pairs:
            assert_same_steps(stacked, alone)


def assert_same_steps(curve, other):
    """Within one evaluation interval."""
    interval = other["step"][1]
    for target in (0.90, 0.95, 0.97):
        reached = [crossing(np.array(one["step"]), np.array(one["accuracy"]), target) for one in (curve, other)]
        np.testing.assert_allclose(*reached, rtol=0, atol=interval, err_msg=f"{target}")
