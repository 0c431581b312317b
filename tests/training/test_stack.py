"""Runs that train and are measured together, against the same runs one at a time."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bnrepro import device
from bnrepro.analysis.steps_to_target import crossing
from bnrepro.data import datasets
from bnrepro.training import stack as stack_module
from bnrepro.training.run import run, run_together
from bnrepro.training.stack import run_stack
from tests.networks.specs import TOLERANCE, assert_same, run_spec
from tests.training.stacks import CASES, stack

ROOT = Path(__file__).parents[2]
EVERY = 30  # steps between evaluations over a full budget of digits


@pytest.mark.parametrize(("normalization", "changes"), CASES.values(), ids=CASES)
def test_200_steps_agree_to_float32_rounding(digits, normalization, changes):
    specs = stack(normalization, **changes)
    for spec, stacked in zip(specs, run_stack(specs, digits), strict=True):
        assert stacked.together == 3
        assert_same_result(stacked, run(spec, digits))


def assert_same_result(stacked, alone):
    """But for rounding, and for the time that it took."""
    assert stacked.diverged_at == alone.diverged_at
    assert_same(stacked.parameters, alone.parameters)
    for found, expected in ((stacked.curve, alone.curve), (stacked.final, alone.final), (stacked.layers, alone.layers)):
        assert found.keys() == expected.keys()
        for name, values in expected.items():
            assert np.shape(found[name]) == np.shape(values)
            np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("normalization", ["none", "batch"])
@pytest.mark.parametrize("network", [{"skip": "scaled"}, {"kind": "inception", "width": 4, "dropout": 0.4, "l2": 0.01}])
def test_skip_connections_and_convolutions_agree_too(digits, network, normalization):
    """Convolutions are products of matrices in a stack. For few steps: of two pixels that are equal but for rounding,
    a pool's gradient goes to one."""
    few = {"steps": 4, "evaluate_every": 2, "optimizer": "momentum", "initial_scheme": "glorot", "learning_rate": 0.05}
    spec = run_spec("keras", normalization, 2, activation="relu", **few, **network)
    specs = [spec, replace(spec, seed=2)]
    for spec, stacked in zip(specs, run_stack(specs, digits), strict=True):
        assert_same_result(stacked, run(spec, digits))


def test_pixels_and_the_averages_momentum_are_axes_of_a_stack(digits):
    spec = run_spec("keras", "batch", 2, steps=60, evaluate_every=20)
    specs = [spec, replace(spec, momentum=0.5), replace(spec, pixels="binary"), replace(spec, pixels="binary", seed=2)]
    results = run_stack(specs, digits)
    for spec, stacked in zip(specs, results, strict=True):
        assert_same_result(stacked, run(spec, digits))
    assert results[0].curve["accuracy"] != results[1].curve["accuracy"]
    assert results[0].curve["population_accuracy"] == results[1].curve["population_accuracy"]


def test_a_stack_that_memory_is_too_small_for_is_trained_in_parts(digits, monkeypatch):
    spec = run_spec("keras", "batch", 1, steps=20, evaluate_every=10)
    specs = [replace(spec, seed=seed) for seed in range(5)]
    whole = run_stack(specs, digits)
    monkeypatch.setattr(stack_module, "_tools", stack_module._tools.__wrapped__)
    monkeypatch.setattr(stack_module, "budget", lambda device: 1_000_000)
    in_parts = run_stack(specs, digits)
    assert in_parts[0].together < 5
    for one, other in zip(in_parts, whole, strict=True):
        assert_same_result(one, other)


def test_a_run_begins_as_it_is_told(digits):
    spec = run_spec("keras", "none", 1, steps=20, evaluate_every=10)
    seeds = [replace(spec, seed=2), spec]
    taken = {}

    def taking(start, network):
        taken.update(initial=start.initial, batches=list(start.batches))
        return replace(start, batches=iter(taken["batches"]))

    def given(start, network):
        return replace(start, initial=taken["initial"], batches=iter(taken["batches"]))

    first, second = run_stack(seeds, digits, [taking, given])
    assert first.curve == second.curve
    assert run_stack(seeds, digits)[1].curve != second.curve


def test_a_stack_measures_its_runs_one_by_one_as_well(digits):
    """As `run` has one on a GPU trained."""
    specs = stack("batch", noise="drifting")
    for spec, stacked in zip(specs, run_together(specs, digits), strict=True):
        assert_same_result(stacked, run(spec, digits))


def test_runs_of_a_stack_do_not_touch_each_other(digits):
    """One that diverges ends by itself, at the step at which it does alone."""
    calm = run_spec("keras", "none", 1, steps=40, evaluate_every=10)
    wild = replace(calm, learning_rate=1e38)
    first, second, third = run_stack([calm, wild, replace(calm, seed=2)], digits)
    assert second.diverged_at == run(wild, digits).diverged_at
    assert second.curve["step"] == [0]
    assert second.final == {}
    assert first.diverged_at is None
    np.testing.assert_allclose(first.curve["loss"], run(calm, digits).curve["loss"], rtol=1e-5)
    assert third.curve["step"] == [0, 10, 20, 30, 40]


def test_runs_of_two_programs_are_no_stack(digits):
    spec = run_spec("keras", "none", 1)
    with pytest.raises(ValueError, match="differ in more"):
        run_together([spec, replace(spec, seed=2, dropout=0.5)], digits)
    with pytest.raises(ValueError, match="differ in more"):
        run_stack([spec, replace(spec, seed=2, dropout=0.5)], digits)


def test_a_stack_that_has_diverged_whole_is_not_trained_on(digits):
    wild = run_spec("keras", "none", 1, steps=10_000, evaluate_every=10, learning_rate=1e38)
    results = run_stack([wild, replace(wild, seed=2)], digits)
    assert all(result.diverged_at < 100 for result in results)
    assert sum(result.training_seconds for result in results) < 30


@pytest.fixture
def elsewhere(project):
    """Runs a module in a process of its own, for other numerics or another device, on prepared digits."""
    datasets.fetch("digits")
    datasets.prepare("digits", test=500, validation=200)

    def run_module(*words):
        command = [sys.executable, "-W", "ignore", "-m", *words]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        return subprocess.run(command, capture_output=True, check=True, cwd=project, env=environment).stdout

    return run_module


@pytest.mark.slow
def test_a_gpu_gives_the_parameters_of_a_processor(digits, elsewhere, tmp_path):
    """But for SELU units, whose kink amplifies rounding."""
    if not device.gpu_is_seen():
        pytest.skip("there is no GPU here")
    elsewhere("tests.training.parameters_on", "gpu", tmp_path / "parameters.npz")
    found = np.load(tmp_path / "parameters.npz")
    for name, (normalization, changes) in CASES.items():
        if normalization == "self":
            continue
        for index, spec in enumerate(stack(normalization, **changes)):
            for key, values in run(spec, digits).parameters.items():
                place = f"{name}, run {index}, {key}"
                np.testing.assert_allclose(found[place], values, rtol=0, atol=TOLERANCE, err_msg=place)


@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_a_full_budget_leads_to_the_same_steps_to_target(digits, normalization):
    spec = run_spec("keras", normalization, 3, steps=3000, evaluate_every=EVERY)
    specs = [spec, replace(spec, seed=2)]
    for spec, stacked in zip(specs, run_stack(specs, digits), strict=True):
        assert_same_steps(stacked.curve, run(spec, digits).curve)


@pytest.mark.slow
def test_compiled_for_the_device_all_normalizations_lead_to_the_same_steps_to_target(elsewhere):
    """As a GPU has it. Elsewhere the last bits of what is not compiled so differ, which these rates amplify."""
    curves = json.loads(elsewhere("tests.training.full_budget"))
    assert len(curves) == 6
    for pairs in curves.values():
        for stacked, alone in pairs:
            assert_same_steps(stacked, alone)


def assert_same_steps(curve, other):
    """Within one evaluation."""
    assert curve["step"] == other["step"]  # and so none diverged that the other did not
    for target in (0.90, 0.95, 0.97):
        reached = [crossing(np.array(one["step"]), np.array(one["accuracy"]), target) for one in (curve, other)]
        np.testing.assert_allclose(*reached, rtol=0, atol=EVERY, err_msg=f"{target}")
