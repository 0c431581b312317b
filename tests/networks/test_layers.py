"""Layers that Keras does not have: against Keras where it has the like, and against what their authors say of them."""

import numpy as np
import pytest
import tensorflow as tf

from bnrepro.networks.layers import Pass
from bnrepro.networks.network import tensors_of
from bnrepro.networks.parameters import load_parameters
from bnrepro.networks.statistics import Fixed
from bnrepro.networks.variants import dense, keras_layers, layers
from bnrepro.networks.variants.dense import Architecture
from bnrepro.training.run import run
from tests.networks.specs import initial_parameters, run_spec

WIDTH = 100


def network(normalization: str, **changes) -> Architecture:
    return Architecture(64, 2, WIDTH, 10, normalization, "before", 0.9, 0.01, **changes)


def test_layer_normalization_is_keras_own() -> None:
    x = np.random.default_rng(0).normal(3, 2, (7, 5)).astype(np.float32)
    gamma, beta = np.float32([1, 2, 3, 4, 5]), np.float32([0, 1, 0, -1, 2])
    own, other = keras_layers.LayerNormalization(0.01), tf.keras.layers.LayerNormalization(epsilon=0.01)
    for layer in (own, other):
        layer(x)  # builds it
        layer.gamma.assign(gamma)
        layer.beta.assign(beta)
    np.testing.assert_allclose(own(x), other(x), rtol=1e-5, atol=1e-5)


def test_weight_normalization_starts_as_the_network_without() -> None:
    plain, weight = (initial_parameters(network(name), 0.1, seed=0) for name in ("none", "weight"))
    images = tf.constant(np.random.default_rng(0).random((5, 64)).astype(np.float32))
    logits = []
    for name, parameters in (("none", plain), ("weight", weight)):
        model = dense.build_model(network(name), 0.1)
        load_parameters(model, dense.canonical_name, parameters)
        logits.append(model(images).numpy())
    np.testing.assert_allclose(*logits, rtol=1e-5, atol=1e-6)


def test_weight_normalizations_kernel_has_directions_alone() -> None:
    kernel = tf.constant(np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32))
    weights = layers.weight_normalized(kernel, tf.constant([1.0, 2.0, 3.0])).numpy()
    np.testing.assert_allclose(np.linalg.norm(weights, axis=0), [1, 2, 3], rtol=1e-6)
    np.testing.assert_allclose(layers.weight_normalized(5 * kernel, tf.constant([1.0, 2.0, 3.0])), weights, rtol=1e-5)


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_a_data_dependent_start_gives_every_unit_mean_0_and_variance_1(activation: str) -> None:
    architecture = network("weight", activation=activation)
    rng = np.random.default_rng(0)
    images = rng.random((60, 64)).astype(np.float32)
    pure = dense.network(architecture)
    parameters = tensors_of(pure.initial(0.1, 0, images))
    run_through = Pass(Fixed({}))
    pure.rest(parameters, pure.first(parameters, tf.constant(images)), run_through)
    assert len(run_through.hidden) == 2
    for layer in run_through.hidden:
        np.testing.assert_allclose(np.mean(layer.inputs, axis=0), 0, atol=1e-4)
        np.testing.assert_allclose(np.var(layer.inputs, axis=0), 1, rtol=1e-3)


def test_a_unit_that_sees_nothing_keeps_its_length() -> None:
    architecture = network("weight")
    initial = initial_parameters(architecture, 0.1, seed=0)
    started = dense.network(architecture).initial(0.1, 0, np.zeros((60, 64), np.float32))
    assert all(np.isfinite(value).all() for value in started.values())
    np.testing.assert_array_equal(started["hidden_1/scale"], initial["hidden_1/scale"])


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_dropout_sets_its_share_to_zero_and_keeps_the_mean(rate: float) -> None:
    x = np.ones((1_000, WIDTH), np.float32)
    y = keras_layers.Dropout(rate, place=0)(x, training=True).numpy()
    assert np.mean(y == 0) == pytest.approx(rate, abs=0.01)  # 100,000 draws: a standard error below 0.002
    assert y.mean() == pytest.approx(1, abs=0.01)
    np.testing.assert_allclose(np.unique(y), [0, 1 / (1 - rate)], rtol=1e-6)


@pytest.mark.parametrize("rate", [0.05, 0.5])
def test_alpha_dropout_keeps_mean_and_variance_of_selu_units(rate: float) -> None:
    x = tf.nn.selu(tf.constant(np.random.default_rng(0).normal(size=(5_000, WIDTH)).astype(np.float32)))
    y = keras_layers.AlphaDropout(rate, place=0)(x, training=True).numpy()
    assert y.mean() == pytest.approx(0, abs=0.02)
    assert y.var() == pytest.approx(1, abs=0.03)
    assert len(np.unique(y.round(4), return_counts=True)[1]) > 1


def noise(kind: str, step: int, place: int = 0, seed: int = 0) -> np.ndarray:
    at = [tf.constant(value, tf.int64) for value in (seed, step)]
    return layers.noise(kind, *at, place, tf.constant([2_000, WIDTH])).numpy()


def test_shifting_noise_has_a_mean_and_a_deviation_of_each_units_own() -> None:
    values = noise("shifting", 3)
    means, deviations = values.mean(axis=0), values.std(axis=0)
    assert (np.abs(means) < 1.1).all()
    assert means.std() == pytest.approx(1 / np.sqrt(3), abs=0.1)  # uniform in (-1, 1)
    assert (deviations < 1.1).all()
    assert deviations.mean() == pytest.approx(0.5, abs=0.1)  # uniform in (0, 1)


def test_steady_noise_is_as_much_of_a_distribution_that_stays() -> None:
    values = np.stack([noise("steady", step) for step in range(5)])
    shifting = np.stack([noise("shifting", step) for step in range(60)])
    assert np.abs(values.mean(axis=1)).max() < 0.1  # 2,000 examples: a standard error of 0.02
    assert values.var(axis=(0, 1)).mean() == pytest.approx(shifting.var(axis=(0, 1)).mean(), rel=0.1)
    first, second = values[:2].var(axis=1)
    assert np.corrcoef(first, second)[0, 1] > 0.9  # each unit keeps its own


def test_drifting_noise_moves_little_by_little_through_the_range_of_shifting_noise() -> None:
    means, deviations = (
        np.stack([getattr(noise("drifting", step), moment)(axis=0) for step in range(0, 1_100, 50)])
        for moment in ("mean", "std")
    )
    assert np.abs(np.diff(means, axis=0)).max() < 0.2 + 0.2  # 50 of the 500 steps from -1 to 1; a mean's error is 0.02
    assert np.abs(np.diff(deviations, axis=0)).max() < 0.1 + 0.1
    for moment, low, high in ((means, -1, 1), (deviations, 0, 1)):
        np.testing.assert_allclose(moment.min(axis=0), low, atol=0.2)  # every unit goes all the way
        np.testing.assert_allclose(moment.max(axis=0), high, atol=0.2)
        np.testing.assert_allclose(moment[0], moment[20], atol=0.15)  # and is back after 1,000 steps
    assert means[0].std() == pytest.approx(1 / np.sqrt(3), abs=0.1)  # units are anywhere, at any step


def test_noise_is_new_at_every_step() -> None:
    for kind in ("steady", "shifting"):
        assert abs(np.corrcoef(noise(kind, 3).ravel(), noise(kind, 4).ravel())[0, 1]) < 0.2


@pytest.mark.parametrize("kind", ["steady", "shifting", "drifting"])
def test_noise_differs_by_place_and_by_seed(kind: str) -> None:
    for other in (noise(kind, 3, place=1), noise(kind, 3, seed=1)):
        assert abs(np.corrcoef(noise(kind, 3).ravel(), other.ravel())[0, 1]) < 0.2


@pytest.mark.parametrize(
    "changes", [{"dropout": 0.3}, {"noise": "drifting"}, {"normalization": "batch", "noise": "shifting"}]
)
def test_random_numbers_follow_from_the_seed_and_not_from_the_process(digits, changes: dict) -> None:
    """Two runs of one seed with another between them, in one process and its one compiled model."""
    spec = run_spec("keras", depth=2, steps=20, evaluate_every=10, **changes)
    first, between, again = (
        run(run_spec("keras", depth=2, steps=20, evaluate_every=10, seed=seed, **changes), digits) for seed in (1, 2, 1)
    )
    quiet = run(run_spec("keras", spec.normalization, depth=2, steps=20, evaluate_every=10), digits)
    kernel = "hidden_1/kernel"
    assert first.parameters[kernel].tobytes() == again.parameters[kernel].tobytes()
    assert not np.array_equal(first.parameters[kernel], between.parameters[kernel])
    assert not np.allclose(first.parameters[kernel], quiet.parameters[kernel], atol=1e-5)


@pytest.mark.parametrize("normalization", ["none", "batch", "layer", "weight", "self"])
def test_without_training_nothing_is_drawn(normalization: str) -> None:
    activation = "selu" if normalization == "self" else "sigmoid"
    noise = "shifting" if normalization in ("none", "batch") else "none"
    images = np.random.default_rng(0).random((5, 64)).astype(np.float32)
    outputs = []
    for changes in ({}, {"dropout": 0.5, "noise": noise}):
        architecture = network(normalization, activation=activation, **changes)
        model = dense.build_model(architecture, 0.1)
        load_parameters(model, dense.canonical_name, initial_parameters(architecture, 0.1, seed=0), seed=3)
        outputs.append(model(images, training=False).numpy())
    np.testing.assert_array_equal(*outputs)
