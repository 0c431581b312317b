"""Optimizers: pure functions against Keras, the compiled loop against `Model.fit`, stacks against single runs."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from bnrepro.data.dataset import Dataset
from bnrepro.networks.parameters import Parameters, load_parameters, read_parameters
from bnrepro.networks.variants import dense
from bnrepro.study.factors import Optimizer
from bnrepro.training import optimizers
from bnrepro.training.batches import mini_batches
from bnrepro.training.compiled_loop import CompiledLoop
from bnrepro.training.run import run
from bnrepro.training.stack import run_stack
from bnrepro.training.start import Start
from tests.networks.specs import architecture, assert_same, initial_parameters, run_spec, training_examples

OPTIMIZERS = ["sgd", "momentum", "adam"]
RATES = {"sgd": 0.5, "momentum": 0.1, "adam": 0.002}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_50_steps_are_those_of_keras(name: Optimizer) -> None:
    """With gradients over five orders of magnitude, and a learning rate that changes from step to step."""
    rng = np.random.default_rng(0)
    start = {"a": rng.normal(size=(4, 3)).astype(np.float32), "b": rng.normal(size=5).astype(np.float32)}
    keras, variables = optimizers.keras_optimizer(name), {key: tf.Variable(value) for key, value in start.items()}
    parameters = {key: tf.constant(value) for key, value in start.items()}
    state = optimizers.initial_state(name, parameters)
    for step in range(50):
        gradients = {
            key: tf.constant((10.0 ** rng.uniform(-4, 1) * rng.normal(size=value.shape)).astype(np.float32))
            for key, value in start.items()
        }
        rate = tf.constant(0.1 * 0.97**step, tf.float32)
        keras.learning_rate = rate
        keras.apply_gradients([(gradients[key], variables[key]) for key in start])
        made = tf.constant(step, tf.int64)
        parameters, state = optimizers.step(name, parameters, gradients, state, rate, made)
    for key, value in start.items():
        np.testing.assert_allclose(parameters[key], variables[key], rtol=1e-5, atol=1e-6)
        assert np.abs(parameters[key] - value).max() > 0.1


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_compiled_loop_arrives_where_model_fit_arrives(digits: Dataset, name: Optimizer) -> None:
    spec = run_spec(
        "keras", "batch", 2, optimizer=name, decay=0.1, learning_rate=RATES[name], steps=60, evaluate_every=20
    )
    network = architecture(spec, digits)
    model = dense.build_model(network, 0.0)
    load_parameters(model, dense.canonical_name, initial_parameters(network, spec.initial_stddev, spec.seed))
    optimizer = optimizers.keras_optimizer(name)
    optimizer.learning_rate = tf.keras.optimizers.schedules.ExponentialDecay(spec.learning_rate, spec.steps, spec.decay)
    model.compile(optimizer, model.loss)
    images, labels = (np.concatenate(part) for part in zip(*training_examples(spec, digits), strict=True))
    model.fit(images, labels, batch_size=spec.batch_size, shuffle=False, verbose=0)
    assert_same(run(spec, digits).parameters, read_parameters(model, dense.canonical_name))


def test_the_compiled_loop_minimizes_what_regularizers_add(digits: Dataset) -> None:
    spec = run_spec("keras", "none", 1, steps=40, evaluate_every=20)

    def model(l2: float) -> tf.keras.Model:
        built = tf.keras.Sequential(
            [
                tf.keras.layers.Dense(
                    10, kernel_regularizer=tf.keras.regularizers.L2(l2), input_shape=(64,), name="logits"
                )
            ]
        )
        built.compile(tf.keras.optimizers.legacy.SGD(0.5), tf.keras.losses.SparseCategoricalCrossentropy(True))
        return built

    def compiled(l2: float) -> Parameters:
        built, rows = model(l2), np.arange(len(digits.train_labels))
        start = Start(initial, mini_batches(1, rows, 60, 40), np.full(40, 0.5, np.float32), {40}, lambda *_: None)
        CompiledLoop(built, lambda name: name, "sgd", digits, 20, 60, False).train(start)
        return read_parameters(built, lambda name: name)

    expected = model(0.01)
    initial = {"logits/kernel": expected.get_weights()[0], "logits/bias": np.zeros(10, np.float32)}
    images, labels = (np.concatenate(part) for part in zip(*training_examples(spec, digits), strict=True))
    expected.fit(images, labels, batch_size=60, shuffle=False, verbose=0)
    assert_same(compiled(0.01), read_parameters(expected, lambda name: name))
    assert np.abs(compiled(0.0)["logits/kernel"] - compiled(0.01)["logits/kernel"]).max() > 0.01


@pytest.mark.parametrize("name", ["momentum", "adam"])
def test_a_run_starts_without_the_state_of_the_one_before(digits: Dataset, name: Optimizer) -> None:
    """Both are trained by one loop in one process."""
    spec = run_spec("keras", "batch", 2, optimizer=name, learning_rate=RATES[name], steps=40, evaluate_every=20)
    first = run(spec, digits)
    run(replace(spec, seed=2), digits)
    again = run(spec, digits)
    assert first.curve == again.curve
    for key, value in first.parameters.items():
        assert value.tobytes() == again.parameters[key].tobytes(), key


@pytest.mark.parametrize("name", ["momentum", "adam"])
def test_runs_of_a_stack_are_those_of_the_compiled_loop(digits: Dataset, name: Optimizer) -> None:
    spec = run_spec(
        "keras", "batch", 2, optimizer=name, decay=0.1, learning_rate=RATES[name], steps=60, evaluate_every=20
    )
    specs = [spec, replace(spec, seed=2), replace(spec, learning_rate=spec.learning_rate / 2)]
    for alone, stacked in zip(specs, run_stack(specs, digits), strict=True):
        assert_same(stacked.parameters, run(alone, digits).parameters)


def test_optimizers_and_decay_lead_elsewhere(digits: Dataset) -> None:
    spec = run_spec("keras", "batch", 1, learning_rate=0.05, steps=40, evaluate_every=20)
    losses = [
        run(replace(spec, **changes), digits).curve["loss"][-1]
        for changes in ({}, {"decay": 0.01}, {"optimizer": "momentum"}, {"optimizer": "adam"})
    ]
    assert len(set(losses)) == 4
