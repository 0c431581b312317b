"""Portable numerics: no approximate instruction in any graph that a run goes through, and one arithmetic a process."""

import importlib
import re
import subprocess
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from bnrepro import numerics
from bnrepro.errors import BadInput
from bnrepro.measurement.evaluator import Evaluator
from bnrepro.measurement.images import Images
from bnrepro.measurement.probe import Probe
from bnrepro.networks.variants import dense
from bnrepro.processor import Processor
from bnrepro.training import estimator_loop
from bnrepro.training.compiled_loop import CompiledLoop
from bnrepro.training.start import Start
from tests.networks.specs import ESTIMATORS, architecture, run_spec

# Eigen takes these from instructions that are approximate, and each maker's own.
APPROXIMATE = {"Rsqrt", "RsqrtGrad", "Reciprocal", "Inv", "_FusedBatchNormEx"}


def executed(metadata):
    """The operations of the graphs that ran, as the graph optimizer left them."""
    graphs = list(metadata.partition_graphs)
    graphs += [graph for functions in metadata.function_graphs for graph in functions.partition_graphs]
    nodes = [node for graph in graphs for node in graph.node]
    nodes += [node for graph in graphs for function in graph.library.function for node in function.node_def]
    return {node.op for node in nodes}


def executed_eagerly(call):
    from tensorflow.python.eager import context

    context.enable_run_metadata()
    try:
        call()
        return executed(context.export_run_metadata())
    finally:
        context.disable_run_metadata()


def two_steps(network):
    initial = dense.network(network).initial(0.1, seed=0)
    return Start(initial, iter(np.zeros((2, 60), np.int32)), np.float32([0.5, 0.5]), (0, 2), lambda *_: None)


def in_compiled_loop(network, optimizer, digits):
    """A call that trains the Keras model of a network for two steps."""
    loop = CompiledLoop(dense.build_model(network, 0.5), dense.canonical_name, optimizer, digits, 2, 60, xla=False)
    return lambda: loop.train(two_steps(network))


@pytest.mark.parametrize(
    "changes",
    [
        {"depth": 1},
        {"dropout": 0.2},
        {"noise": "shifting"},
        {"noise": "drifting"},
        {"placement": "after", "activation": "relu"},
        {"normalization": "layer", "placement": None, "momentum": None},
    ],
)
def test_the_keras_loop_runs_nothing_approximate(digits, changes):
    network = architecture(replace(run_spec("keras", "batch", 3), **changes), digits)
    operations = executed_eagerly(in_compiled_loop(network, "sgd", digits))
    assert {"Sqrt", "DivNoNan"} <= operations
    assert not operations & APPROXIMATE


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"noise": "shifting"},
        {"normalization": "weight"},
        {"normalization": "self", "activation": "selu", "dropout": 0.2},
    ],
)
def test_without_batches_the_keras_loop_runs_nothing_approximate_either(digits, changes):
    network = architecture(run_spec("keras", **changes), digits)
    operations = executed_eagerly(in_compiled_loop(network, "sgd", digits))
    assert "ResourceApplyGradientDescent" in operations
    assert not operations & APPROXIMATE


@pytest.mark.parametrize(("optimizer", "operation"), [("momentum", "KerasMomentum"), ("adam", "Adam")])
def test_the_optimizers_run_nothing_approximate(digits, optimizer, operation):
    network = architecture(run_spec("keras", "batch", 3), digits)
    operations = executed_eagerly(in_compiled_loop(network, optimizer, digits))
    assert f"ResourceApply{operation}" in operations
    assert not operations & APPROXIMATE


@pytest.mark.parametrize(
    ("implementation", "normalization"),
    [
        ("keras", "batch"),
        ("canned_estimator", "batch"),
        ("keras", "layer"),
        ("keras", "weight"),
    ],
)
def test_the_evaluator_runs_nothing_approximate(digits, implementation, normalization):
    network = dense.network(architecture(run_spec(implementation, normalization, 3), digits))
    images = Images(digits, np.arange(len(digits.train_labels)))
    evaluator, probe = Evaluator(network, images), Probe(network, images)
    parameters = network.initial(0.1, seed=0)

    def measure():
        evaluator.measure(parameters)
        evaluator.measure_final(parameters)
        probe.look(parameters, 0, 0, 0.5)
        probe.zscores(parameters)

    operations = executed_eagerly(measure)
    assert {"Sqrt", "DivNoNan"} <= operations
    assert not operations & APPROXIMATE


@pytest.mark.filterwarnings("ignore:.*`tf.layers.*:UserWarning", "ignore:.*set_learning_phase.*:UserWarning")
@pytest.mark.parametrize("implementation", ESTIMATORS)
def test_the_estimators_run_nothing_approximate(digits, implementation):
    class Trace(tf.estimator.SessionRunHook):
        operations: frozenset = frozenset()

        def before_run(self, run_context):
            return tf.estimator.SessionRunArgs(None, options=tf.compat.v1.RunOptions(output_partition_graphs=True))

        def after_run(self, run_context, run_values):
            Trace.operations |= executed(run_values.run_metadata)

    network = architecture(run_spec(implementation, "batch", 3), digits)
    module = importlib.import_module(f"bnrepro.networks.{implementation}")
    built = partial(module.build_estimator, network, 0.5)

    def with_trace(**options):
        estimator = built(**options)
        train = estimator.train
        estimator.train = lambda input_fn, hooks, max_steps: train(input_fn, [*hooks, Trace()], max_steps=max_steps)
        return estimator

    estimator_loop.train(with_trace, module.canonical_name, digits, two_steps(network))
    assert {"Sqrt", "DivNoNan"} <= Trace.operations
    assert not Trace.operations & APPROXIMATE


def refused(code):
    """The one line in which a process ends with exit status 2."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == 2
    return done.stderr.removeprefix("Error: ").rstrip("\n")


IN_ONE_LINE = """
from bnrepro import numerics
from bnrepro.errors import BadInput
from bnrepro.processor import Processor

{given}
try:
    numerics.use("portable")
except BadInput as error:
    error.show()
    raise SystemExit(error.exit_code)
"""


@pytest.mark.parametrize("level", ["x86-64-v3", "x86-64-v4"])
def test_portable_is_portable_on_every_x86_64_with_avx2(monkeypatch, level):
    monkeypatch.setattr(numerics, "this_processor", lambda: Processor("a processor", "its maker", level))
    assert numerics.resolve("portable") == "portable"
    assert numerics.resolve("fast") == "fast"


@pytest.mark.parametrize("level", ["aarch64", "arm64"])
def test_portable_is_fast_elsewhere(monkeypatch, level):
    monkeypatch.setattr(numerics, "this_processor", lambda: Processor("a processor", "its maker", level))
    assert numerics.resolve("portable") == "fast"


def test_portable_needs_avx2():
    given = "numerics.this_processor = lambda: Processor('an Atom', 'Intel', 'x86-64-v2')"
    expected = "numerics: portable needs AVX2 and FMA, which an Atom lacks: set numerics: fast"
    assert refused(IN_ONE_LINE.format(given=given)) == expected


def test_another_tensorflow_is_refused():
    told = refused(IN_ONE_LINE.format(given="numerics.TENSORFLOW = '2.15.1'"))
    assert re.fullmatch(r"TensorFlow 2\.21\.0 is installed \(.*\), 2\.15\.1 is needed: run make environment", told)


def test_loading_tensorflow_says_nothing():
    code = "from bnrepro import numerics; numerics.use('portable')"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""


def test_keras_3_is_refused():
    code = """
import os
os.environ["TF_USE_LEGACY_KERAS"] = "0"
import tensorflow as tf
tf.keras.Model
from bnrepro.errors import BadInput
try:
    import bnrepro.networks.keras
except BadInput as error:
    print(error.message)
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "TensorFlow was imported with Keras 3 before bnrepro: import bnrepro first, or set TF_USE_LEGACY_KERAS=1\n"
    )


def test_a_distribution_strategy_is_refused():
    with pytest.raises(BadInput, match="estimators train on one machine"):
        tf.estimator.RunConfig(train_distribute=tf.distribute.OneDeviceStrategy("/cpu:0"))


def test_a_process_has_one_arithmetic():
    code = "from bnrepro import numerics; numerics.use('portable'); numerics.use('portable'); numerics.use('fast')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].endswith(
        "this process has computed with numerics: portable; fast needs a process of its own"
    )


def test_division_by_a_square_root_and_its_gradient():
    from tensorflow.python.ops import math_ops

    x = tf.constant(np.geomspace(1e-6, 1e6, 200).astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = math_ops.rsqrt(x)
    np.testing.assert_allclose(y, x.numpy().astype(np.float64) ** -0.5, rtol=2e-7)
    np.testing.assert_allclose(tape.gradient(y, x), -0.5 * x.numpy().astype(np.float64) ** -1.5, rtol=5e-7)
