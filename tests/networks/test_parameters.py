"""The canonical form: how many parameters, where they start, and that a Keras model takes and gives them."""

import numpy as np
import pytest

from bnrepro.networks import keras
from bnrepro.networks.parameters import load_parameters, read_parameters
from bnrepro.networks.variants.dense import Architecture
from tests.networks.specs import initial_parameters


def network(normalization: str, placement: str = "before", depth: int = 3, inputs: int = 784) -> Architecture:
    return Architecture(
        inputs=inputs,
        depth=depth,
        width=100,
        classes=10,
        normalization=normalization,
        placement=placement,
        momentum=0.99,
        epsilon=0.001,
    )


# Counted by hand. Kernels: 784*100 + 2*100*100 + 100*10 = 99,400 and the softmax layer's 10 biases; then, for each of
# the 300 hidden units, a bias; or gamma, beta and two moving averages; or all five.
PAPER = [("none", "before", 99_710), ("batch", "before", 100_610), ("batch", "after", 100_910)]


@pytest.mark.parametrize(("normalization", "placement", "count"), PAPER)
def test_number_of_parameters_of_the_papers_network(normalization: str, placement: str, count: int) -> None:
    parameters = initial_parameters(network(normalization, placement), 0.1, seed=0)
    assert sum(value.size for value in parameters.values()) == count
    assert {value.dtype for value in parameters.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize(("normalization", "count"), [("none", 99_710), ("batch", 100_610)])
def test_number_of_parameters_of_the_keras_model(normalization: str, count: int) -> None:
    assert keras.build_model(network(normalization), 0.1).count_params() == count


@pytest.mark.parametrize("depth", [1, 2, 5, 7])
def test_each_further_layer_adds_a_square_kernel_and_its_vectors(depth: int) -> None:
    def count(normalization: str, placement: str) -> int:
        parameters = initial_parameters(network(normalization, placement, depth, inputs=64), 0.1, seed=0)
        return sum(value.size for value in parameters.values())

    kernels = 6_400 + (depth - 1) * 10_000 + 1_010
    assert count("none", "before") == kernels + depth * 100
    assert count("batch", "before") == kernels + depth * 400
    assert count("batch", "after") == kernels + depth * 500


def test_arms_of_a_pair_start_from_the_same_weights() -> None:
    plain = initial_parameters(network("none"), 0.1, seed=3)
    for placement in ("before", "after"):
        normalized = initial_parameters(network("batch", placement), 0.1, seed=3)
        kernels = [name for name in plain if name.endswith("kernel")]
        assert len(kernels) == 4
        for name in kernels:
            np.testing.assert_array_equal(plain[name], normalized[name])


def test_seeds_differ_and_repeat() -> None:
    first, again, other = (initial_parameters(network("none"), 0.1, seed)["hidden_1/kernel"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.isclose(first, other).mean() > 0.01


def test_weights_are_gaussian_and_the_rest_makes_normalization_the_identity_at_first() -> None:
    parameters = initial_parameters(network("batch", "after"), 0.1, seed=0)
    weights = parameters["hidden_1/kernel"].ravel()  # 78,400: the standard error of mean and deviation is below 4e-4
    assert abs(weights.mean()) < 2e-3
    assert weights.std() == pytest.approx(0.1, abs=2e-3)
    assert np.mean(np.abs(weights) < 0.1) == pytest.approx(0.683, abs=0.01)  # a Gaussian's share within one deviation
    starts = {"bias": 0, "gamma": 1, "beta": 0, "moving_mean": 0, "moving_variance": 1}
    for name, value in parameters.items():
        if not name.endswith("kernel"):
            assert (value == starts[name.split("/")[1]]).all(), name


def test_keras_model_gives_back_what_it_was_given() -> None:
    architecture = network("batch", inputs=4)
    rng = np.random.default_rng(0)
    parameters = {
        name: rng.random(value.shape, np.float32) for name, value in initial_parameters(architecture, 0.1, 0).items()
    }
    model = keras.build_model(architecture, 0.1)
    load_parameters(model, keras.canonical_name, parameters)
    returned = read_parameters(model, keras.canonical_name)
    assert returned.keys() == parameters.keys()
    for name, value in parameters.items():
        np.testing.assert_array_equal(returned[name], value)


def test_keras_model_refuses_the_parameters_of_another_network() -> None:
    model = keras.build_model(network("batch", inputs=4), 0.1)
    with pytest.raises(ValueError, match="hidden_1/gamma"):
        load_parameters(model, keras.canonical_name, initial_parameters(network("none", inputs=4), 0.1, 0))
