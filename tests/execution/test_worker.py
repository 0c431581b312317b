"""A worker sees many runs: they share what is compiled, leave nothing behind, and do not mind each other."""

import gc
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from bnrepro.execution import worker
from bnrepro.processor import this_processor
from bnrepro.records.machine import Machine, bits_are_promised, this_machine
from tests.networks.specs import ESTIMATORS, assert_same, run_spec


def graphs():
    gc.collect()
    return sum(isinstance(thing, tf.Graph) for thing in gc.get_objects())


@pytest.mark.parametrize("implementation", ["keras", *ESTIMATORS])
def test_no_graph_of_a_run_is_kept(digits, implementation):
    spec = run_spec(implementation, "batch", steps=4, evaluate_every=2)
    worker.train((spec,), digits)  # what is compiled once is kept
    before = graphs()
    for seed in (2, 3):
        worker.train((replace(spec, seed=seed),), digits)
    assert graphs() == before


def test_a_compiled_loop_serves_runs_of_other_learning_rates_and_seeds(digits):
    """Each as if it were alone, whatever ran before it in the same process."""
    spec = run_spec("keras", "batch", steps=20, evaluate_every=10)
    other = replace(spec, learning_rate=0.1, seed=3)
    alone = worker.train((other,), digits)[0].result
    worker.train((spec,), digits)
    worker.train((run_spec("canned_estimator", "batch", steps=4, evaluate_every=2),), digits)
    again = worker.train((other,), digits)[0].result
    assert again.curve == alone.curve
    for name, value in alone.parameters.items():
        np.testing.assert_array_equal(again.parameters[name], value, err_msg=name)
    assert worker.train((spec,), digits)[0].result.curve != alone.curve


@pytest.mark.parametrize(
    ("level", "numerics", "expected"),
    [
        ("x86-64-v3", "portable", "any x86-64-v3"),
        ("x86-64-v4", "portable", "any x86-64-v3"),
        ("x86-64-v4", "fast", "GenuineIntel x86-64-v4"),
        ("aarch64", "portable", "GenuineIntel aarch64"),
    ],
)
def test_a_machine_knows_which_processors_repeat_its_bits(level, numerics, expected):
    machine = Machine(2, "Linux", "a Xeon", "3.11.7", "GenuineIntel", level, "a Xeon")
    assert machine.same_bits(numerics) == expected


def test_a_gpus_bits_are_promised_to_nobody():
    machine = Machine(16, "Linux", "a Xeon", "3.11.7", "GenuineIntel", "x86-64-v4", "NVIDIA H200", "580.159.04", "12.2")
    assert machine.same_bits("fast") == "none (NVIDIA H200)"
    assert not bits_are_promised(machine.same_bits("fast"))
    assert bits_are_promised(replace(machine, cuda=None).same_bits("fast"))


def test_this_machine_is_described():
    machine = this_machine()
    assert machine.level == this_processor().level
    assert "unknown" not in (machine.vendor, machine.processor)
    assert (machine.device_name, machine.driver, machine.cuda) == (machine.processor, None, None)


def test_the_runs_of_a_stack_have_a_result_each(digits):
    spec = run_spec("keras", "batch", steps=20, evaluate_every=10)
    stack = (spec, replace(spec, seed=2))
    trained = worker.train(stack, digits)
    for one, alone in zip(trained, stack, strict=True):
        assert one.result.together == 2
        assert_same(one.result.parameters, worker.train((alone,), digits)[0].result.parameters)
        assert one.machine == this_machine()
