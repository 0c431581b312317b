"""The convolutional and the residual network: against NumPy, and as a user would train their Keras models."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from bnrepro.data.dataset import Dataset
from bnrepro.networks import inception, residual
from bnrepro.networks.layers import Pass
from bnrepro.networks.network import tensors_of
from bnrepro.networks.parameters import load_parameters, read_parameters
from bnrepro.networks.statistics import ByBatch, Fixed
from bnrepro.networks.variants import dense
from bnrepro.networks.variants import inception as pure_inception
from bnrepro.networks.variants import residual as pure_residual
from bnrepro.study.factors import RunSpec
from bnrepro.training import run
from bnrepro.training.recording import Result
from tests.networks import feature_maps
from tests.networks.specs import TOLERANCE, run_spec, training_examples

STEP = 1e-6  # central differences in float64; a kink of ReLU or pooling is as good as never that near
INCEPTION = inception.Architecture(
    shape=(4, 4, 1),
    inputs=16,
    depth=1,
    width=2,
    classes=3,
    normalization="batch",
    activation="relu",
    momentum=0.9,
    epsilon=0.1,
    dropout=0.0,
    l2=0.01,
)
SPECIAL = [
    {"kind": "inception", "width": 4, "activation": "relu", "optimizer": "momentum", "learning_rate": 0.02},
    {"kind": "inception", "width": 4, "l2": 0.001, "optimizer": "momentum", "learning_rate": 0.02},
    {"skip": "identity", "activation": "relu", "learning_rate": 0.05, "depth": 4},
    {"skip": "scaled", "depth": 4},
]


@pytest.mark.parametrize("normalization", ["none", "batch"])
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_loss_and_gradients_of_inception_modules_are_those_of_numpy(normalization: str, activation: str) -> None:
    architecture = replace(INCEPTION, normalization=normalization, activation=activation)
    network, rng = pure_inception.network(architecture), np.random.default_rng(0)
    # every parameter away from its initial value, where an error would not show
    parameters = {
        name: rng.normal(0.2, 0.7, value.shape).astype(np.float32) for name, value in network.initial(1.0, 0).items()
    }
    images, labels = rng.random((6, 16), np.float32), rng.integers(0, 3, 6).astype(np.int32)
    found = network.gradients(tensors_of(parameters), tf.constant(images), tf.constant(labels), batch=6)
    exact = {name: value.astype(np.float64) for name, value in parameters.items()}

    def loss(name: str, index: tuple[int, ...], shift: float) -> float:
        shifted = exact | {name: exact[name].copy()}
        shifted[name][index] += shift
        return feature_maps.loss(shifted, images.astype(np.float64), labels, architecture)

    assert float(found.loss) == pytest.approx(loss("logits/bias", (0,), 0.0), rel=1e-5)
    assert found.by.keys() == {name for name in parameters if "moving" not in name}
    for name, gradient in found.by.items():
        expected = np.empty(gradient.shape)
        for index in np.ndindex(*gradient.shape):
            expected[index] = (loss(name, index, STEP) - loss(name, index, -STEP)) / (2 * STEP)
        np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("normalization", ["none", "batch"])
@pytest.mark.parametrize("changes", SPECIAL, ids=str)
def test_a_keras_model_gives_what_the_pure_function_gives(
    digits: Dataset, normalization: str, changes: dict[str, Any]
) -> None:
    spec = run_spec("keras", normalization, **{"depth": 2, **changes})
    written, pure = (inception, pure_inception) if spec.kind == "inception" else (residual, pure_residual)
    network = pure.network(run.architecture(pure, spec, digits.shape, digits.classes))
    model = written.build_model(run.architecture(written, spec, digits.shape, digits.classes), spec.learning_rate)
    rng = np.random.default_rng(0)
    parameters = {
        name: np.abs(rng.normal(0.5, 0.2, value.shape)).astype(np.float32) if "moving" in name else value
        for name, value in network.initial(spec.initial_weights, 0).items()
    }
    load_parameters(model, written.canonical_name, parameters)
    images = digits.test_images[:60] / np.float32(digits.levels)
    tensors = tensors_of(parameters)
    # in this order: a pass in training moves the model's averages
    for training, normalizer in ((False, Fixed(network.moving_averages(tensors))), (True, ByBatch(60))):
        logits = network.rest(tensors, network.first(tensors, tf.constant(images)), Pass(normalizer))
        np.testing.assert_allclose(model(images, training=training), logits, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("normalization", ["none", "batch"])
@pytest.mark.parametrize("changes", SPECIAL, ids=str)
def test_plain_training_arrives_where_a_run_arrives(
    trained: Callable[[RunSpec], Result], digits: Dataset, normalization: str, changes: dict[str, Any]
) -> None:
    """`Model.fit`, with the optimizer that the file's model is compiled with. ReLU multiplies roundings: few steps."""
    spec = run_spec("keras", normalization, **{"depth": 2, "steps": 10, "evaluate_every": 5, **changes})
    written, pure = (inception, pure_inception) if spec.kind == "inception" else (residual, pure_residual)
    network = pure.network(run.architecture(pure, spec, digits.shape, digits.classes))
    model = written.build_model(run.architecture(written, spec, digits.shape, digits.classes), spec.learning_rate)
    load_parameters(model, written.canonical_name, network.initial(spec.initial_weights, spec.seed))
    images, labels = (np.concatenate(part) for part in zip(*training_examples(spec, digits), strict=True))
    batches = tf.data.Dataset.from_tensor_slices((images.astype(np.float32), labels)).batch(spec.batch_size)
    model.fit(batches, epochs=1, verbose=0)
    expected = trained(spec).parameters
    found = read_parameters(model, written.canonical_name)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=TOLERANCE, err_msg=name)


def test_a_scaled_skip_connection_keeps_the_size_of_what_passes(digits: Dataset) -> None:
    """Through fifty layers of ReLU units."""
    sizes = {}
    for skip in ("identity", "scaled"):
        spec = run_spec("keras", depth=50, skip=skip, activation="relu")
        network = pure_residual.network(run.architecture(pure_residual, spec, digits.shape, digits.classes))
        tensors = tensors_of(network.initial(spec.initial_weights, 0))
        images = tf.constant(digits.test_images[:60] / np.float32(digits.levels))
        logits = network.rest(tensors, network.first(tensors, images), Pass(Fixed({})))
        sizes[skip] = float(tf.reduce_mean(tf.abs(logits)))
    assert sizes["scaled"] < 100
    assert sizes["identity"] > 1e6


def test_batch_normalization_multiplies_gradients_of_deep_relu_networks(digits: Dataset) -> None:
    """By sqrt(pi / (pi - 1)) a layer, backwards (Yang et al. 2019, arXiv:1902.08129)."""
    spec = run_spec("keras", "batch", depth=30, activation="relu")
    network = dense.network(run.architecture(dense, spec, digits.shape, digits.classes))
    rows = np.arange(600)
    images = tf.constant(digits.train_images[rows] / np.float32(digits.levels))
    growths = []
    for seed in range(5):
        parameters = network.initial(spec.initial_weights, seed)
        found = network.gradients(tensors_of(parameters), images, tf.constant(digits.train_labels[rows]), batch=60)
        sizes = [float(tf.norm(found.by[name])) * np.linalg.norm(parameters[name]) for name in network.kernels[1:-1]]
        growths.append((sizes[4] / sizes[24]) ** (1 / 20))
    assert np.mean(growths) == pytest.approx(np.sqrt(np.pi / (np.pi - 1)), abs=0.03)
