"""Five ways to write one network: from the same start, on the same mini-batches, to the same parameters."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from bnrepro.data.dataset import Dataset
from bnrepro.networks.parameters import Parameters
from bnrepro.networks.variants import layers
from bnrepro.networks.variants.dense import Architecture
from bnrepro.study.factors import RunSpec
from bnrepro.training.recording import Result
from tests import reference
from tests.networks.specs import TOLERANCE, architecture, assert_same, initial_parameters, run_spec, training_examples

CASES = [("none", 1), ("none", 3), ("batch", 1), ("batch", 3), ("batch", 5)]
Trained = Callable[[RunSpec], Result]


def train_reference(spec: RunSpec, dataset: Dataset, **changes: Any) -> Parameters:
    network = replace(architecture(spec, dataset), **changes)
    initial = initial_parameters(network, spec.initial_stddev, spec.seed)
    return reference.train(initial, training_examples(spec, dataset), spec.learning_rate, network)


@pytest.mark.parametrize(("normalization", "depth"), CASES)
@pytest.mark.parametrize("implementation", ["keras_estimator", "core_estimator", "converted_estimator"])
def test_estimators_reach_the_parameters_of_the_keras_model(
    trained: Trained, implementation: str, normalization: str, depth: int
) -> None:
    keras = trained(run_spec("keras", normalization, depth))
    estimator = trained(run_spec(implementation, normalization, depth))
    assert_same(estimator.parameters, keras.parameters)


@pytest.mark.parametrize("depth", [1, 3])
def test_canned_estimator_is_the_same_network_without_normalization(trained: Trained, depth: int) -> None:
    keras = trained(run_spec("keras", "none", depth))
    canned = trained(run_spec("canned_estimator", "none", depth))
    assert_same(canned.parameters, keras.parameters)


@pytest.mark.parametrize(("normalization", "depth"), CASES)
def test_keras_model_computes_what_the_paper_says(
    trained: Trained, digits: Dataset, normalization: str, depth: int
) -> None:
    spec = run_spec("keras", normalization, depth)
    assert_same(trained(spec).parameters, train_reference(spec, digits))


@pytest.mark.parametrize("depth", [1, 3])
def test_canned_estimator_normalizes_after_the_nonlinearity(trained: Trained, digits: Dataset, depth: int) -> None:
    spec = run_spec("canned_estimator", "batch", depth)
    expected = train_reference(spec, digits, placement="after", momentum=0.999, epsilon=1e-3)
    assert_same(trained(spec).parameters, expected)


@pytest.mark.parametrize(("normalization", "placement"), [("none", None), ("batch", "before"), ("batch", "after")])
def test_noise_is_in_standard_deviations_of_what_it_is_added_to(
    trained: Trained, digits: Dataset, normalization: str, placement: str | None
) -> None:
    """Batch normalization before it makes them 1, or gamma; else they are a unit's own over the mini-batch."""
    spec = run_spec("keras", normalization, 2, placement=placement, noise="shifting", steps=40, evaluate_every=20)
    network = architecture(spec, digits)

    def drawn(step: int) -> dict[str, np.ndarray]:
        at, shape = (tf.constant(spec.seed, tf.int64), tf.constant(step, tf.int64)), tf.constant([60, 100])
        return {
            layer: layers.noise("shifting", *at, place, shape).numpy()
            for place, layer in enumerate(network.hidden_layers)
        }

    batches = [(*examples, drawn(step)) for step, examples in enumerate(training_examples(spec, digits))]
    initial = initial_parameters(network, spec.initial_stddev, spec.seed)
    assert_same(trained(spec).parameters, reference.train(initial, batches, spec.learning_rate, network))
    louder = [
        (images, labels, {name: 1.01 * value for name, value in noise.items()}) for images, labels, noise in batches
    ]
    with pytest.raises(AssertionError):
        assert_same(trained(spec).parameters, reference.train(initial, louder, spec.learning_rate, network))


def test_keras_model_normalizes_after_the_nonlinearity_where_asked(trained: Trained) -> None:
    """So that a canned estimator's run loads as a Keras model."""
    canned = run_spec("canned_estimator", "batch", 3)
    assert_same(trained(replace(canned, implementation="keras")).parameters, trained(canned).parameters)


@pytest.mark.parametrize(("normalization", "depth"), CASES)
def test_every_parameter_moves_by_far_more_than_the_tolerance(
    trained: Trained, digits: Dataset, normalization: str, depth: int
) -> None:
    """Otherwise an update that is left out (the moving averages', say) could hide in it."""
    spec = run_spec("keras", normalization, depth)
    initial = initial_parameters(architecture(spec, digits), spec.initial_stddev, spec.seed)
    moved = {name: np.abs(value - initial[name]).max() for name, value in trained(spec).parameters.items()}
    assert min(moved.values()) > 100 * TOLERANCE, moved


@pytest.mark.parametrize("implementation", ["keras", "canned_estimator"])
@pytest.mark.parametrize("setting", ["momentum", "epsilon"])
def test_the_tolerance_tells_settings_apart(
    trained: Trained, digits: Dataset, implementation: str, setting: str
) -> None:
    spec = run_spec(implementation, "batch", 1)
    # 1% more epsilon; 1% less weight of the new value in the moving averages
    changes = {"epsilon": 1.01 * spec.epsilon, "momentum": 1 - 0.99 * (1 - spec.momentum)}
    with pytest.raises(AssertionError, match="hidden_1"):
        assert_same(trained(spec).parameters, train_reference(spec, digits, **{setting: changes[setting]}))


@pytest.mark.parametrize("change", ["a step left out", "two mini-batches swapped"])
def test_the_tolerance_tells_mini_batches_apart(trained: Trained, digits: Dataset, change: str) -> None:
    spec = run_spec("keras", "batch", 1)
    network: Architecture = architecture(spec, digits)
    batches = list(training_examples(spec, digits))
    if change == "a step left out":
        del batches[100]
    else:
        batches[100], batches[101] = batches[101], batches[100]
    initial = initial_parameters(network, spec.initial_stddev, spec.seed)
    with pytest.raises(AssertionError, match="hidden_1"):
        assert_same(trained(spec).parameters, reference.train(initial, batches, spec.learning_rate, network))
