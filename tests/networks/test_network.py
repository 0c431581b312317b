"""The pure function of a network is its Keras model, whatever the parameters are."""

from types import ModuleType

import numpy as np
import pytest
import tensorflow as tf

from bnrepro.networks import dense, keras
from bnrepro.networks.layers import Pass
from bnrepro.networks.network import tensors_of
from bnrepro.networks.parameters import load_parameters
from bnrepro.networks.statistics import ByBatch, Fixed
from bnrepro.networks.variants import dense as variants_dense
from bnrepro.networks.variants.dense import Architecture

IMAGES = np.random.default_rng(0).random((60, 8)).astype(np.float32)


def made_up(normalization: str, placement: str = "before", activation: str = "sigmoid"):
    """An architecture, and parameters away from where a run starts."""
    architecture = Architecture(8, 3, 6, 10, normalization, placement, 0.9, 0.01, activation)
    rng = np.random.default_rng(0)
    initial = variants_dense.network(architecture).initial(None, seed=0)
    return architecture, {
        name: (value + rng.uniform(0.1, 0.5, value.shape)).astype(np.float32) for name, value in initial.items()
    }


def assert_is_its_keras_model(pure: ModuleType, written: ModuleType, architecture: Architecture, parameters) -> None:
    """By the moving averages, and by a mini-batch's own statistics."""
    model, network = written.build_model(architecture, 0.1), pure.network(architecture)
    load_parameters(model, written.canonical_name, parameters)
    tensors = tensors_of(parameters)
    first = network.first(tensors, tf.constant(IMAGES))
    for normalizer, training in ((Fixed(network.moving_averages(tensors)), False), (ByBatch(60), True)):
        logits = network.rest(tensors, first, Pass(normalizer))
        np.testing.assert_allclose(logits, model(IMAGES, training=training), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_of_the_lesson(normalization: str) -> None:
    assert_is_its_keras_model(dense, keras, *made_up(normalization))


@pytest.mark.parametrize("normalization", ["none", "batch", "layer", "weight", "self"])
@pytest.mark.parametrize("activation", ["sigmoid", "relu", "selu"])
@pytest.mark.parametrize("placement", ["before", "after"])
def test_of_every_variant(normalization: str, activation: str, placement: str) -> None:
    assert_is_its_keras_model(variants_dense, variants_dense, *made_up(normalization, placement, activation))


@pytest.mark.parametrize(("normalization", "placement"), [("none", "before"), ("batch", "before"), ("batch", "after")])
def test_the_network_of_the_lesson_is_one_of_the_variants(normalization: str, placement: str) -> None:
    architecture, parameters = made_up(normalization, placement)
    initial = [module.network(architecture).initial(0.1, seed=3) for module in (dense, variants_dense)]
    assert list(initial[0]) == list(initial[1])
    for name, value in initial[0].items():
        np.testing.assert_array_equal(value, initial[1][name])
    tensors = tensors_of(parameters)
    logits = [
        network.rest(tensors, network.first(tensors, tf.constant(IMAGES)), Pass(ByBatch(20)))
        for network in (module.network(architecture) for module in (dense, variants_dense))
    ]
    np.testing.assert_array_equal(*logits)


@pytest.mark.parametrize(
    ("weights", "deviation"),
    [
        (0.3, 0.3),
        ("lecun", (1 / 400) ** 0.5),
        ("he", (2 / 400) ** 0.5),
        ("glorot", (2 / (400 + 100)) ** 0.5),
        ("glorot_x4", 4 * (2 / (400 + 100)) ** 0.5),
    ],
)
@pytest.mark.parametrize("normalization", ["none", "weight"])
def test_initial_weights_are_scaled_as_their_authors_say(weights, deviation: float, normalization: str) -> None:
    architecture = Architecture(400, 1, 100, 10, normalization, "before", 0.9, 0.01)
    kernel = variants_dense.network(architecture).initial(weights, seed=0)["hidden_1/kernel"]
    assert kernel.std() == pytest.approx(deviation, rel=0.015)  # 40,000 draws: a standard error of 0.35%
