"""The reference's gradients against finite differences of its own loss."""

import numpy as np
import pytest

from bnrepro.networks.variants.dense import Architecture
from tests import reference
from tests.networks.specs import initial_parameters

STEP = 1e-5  # central differences: truncation ~ STEP^2 = 1e-10, rounding ~ 2^-53 / STEP = 1e-11
TOLERANCE = 1e-8  # gradients here are of order 0.01 to 1


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("normalization", ["none", "batch before", "batch after"])
@pytest.mark.parametrize("seed", [0, 1])
def test_gradients_are_those_of_the_loss(depth: int, normalization: str, seed: int) -> None:
    kind, _, placement = normalization.partition(" ")
    architecture = Architecture(
        inputs=4,
        depth=depth,
        width=3,
        classes=3,
        normalization=kind,
        placement=placement or "before",
        momentum=0.9,
        epsilon=0.1,  # large enough to show where it is left out
    )
    rng = np.random.default_rng(seed)
    # Every parameter away from its initial value: at gamma = 1 and beta = 0 an error in either would not show.
    parameters = {
        name: rng.normal(0.5, 1.0, value.shape) for name, value in initial_parameters(architecture, 1.0, seed).items()
    }
    images, labels = rng.random((8, 4)), rng.integers(0, 3, 8)

    def loss_at(name: str, index: tuple[int, ...], shift: float) -> float:
        shifted = {**parameters, name: parameters[name].copy()}
        shifted[name][index] += shift
        return reference.loss_and_gradients(shifted, images, labels, architecture)[0]

    _, gradients, _ = reference.loss_and_gradients(parameters, images, labels, architecture)

    trained = {name for name in parameters if "moving" not in name}
    assert gradients.keys() == trained
    for name in trained:
        for index in np.ndindex(parameters[name].shape):
            numerical = (loss_at(name, index, STEP) - loss_at(name, index, -STEP)) / (2 * STEP)
            assert gradients[name][index] == pytest.approx(numerical, abs=TOLERANCE), (name, index)


def test_batch_normalized_activations_have_mean_beta_and_deviation_gamma() -> None:
    rng = np.random.default_rng(0)
    parameters = {"layer/gamma": np.array([2.0, 3.0]), "layer/beta": np.array([-1.0, 5.0])}
    y, _ = reference.batch_normalize(parameters, "layer", rng.normal(7, 4, (60, 2)), epsilon=0.0)
    np.testing.assert_allclose(y.mean(axis=0), [-1, 5], atol=1e-12)
    np.testing.assert_allclose(y.std(axis=0), [2, 3], atol=1e-12)
