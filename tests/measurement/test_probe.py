"""The probe's looks, number by number, against the reference in NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from bnrepro.networks.variants.dense import Architecture
from bnrepro.networks.variants.layers import noise
from tests import reference
from tests.measurement.cases import FLOAT32, KINDS, Case, make_case

RATE = 0.3


def look(case: Case, seed: int = 0, step: int = 0):
    return case.probe.look(case.parameters, seed, step, RATE)


def inputs_of_layers(case: Case) -> np.ndarray:
    """What every sigmoid gets from every image, each mini-batch normalized by itself: [layers, images, width]."""
    layers = range(1, case.architecture.depth + 1)
    return np.stack(
        [
            np.concatenate(
                [
                    reference.sigmoid_inputs(case.parameters, images, case.architecture, layer)
                    for images, _ in case.probed()
                ]
            )
            for layer in layers
        ]
    )


def gradients(case: Case, parameters) -> dict[str, np.ndarray]:
    """The mean over the probe's mini-batches, which are of one size."""
    exact = {name: value.astype(np.float64) for name, value in parameters.items()}
    every = [reference.loss_and_gradients(exact, *batch, case.architecture)[1] for batch in case.probed()]
    return {name: np.mean([one[name] for one in every], axis=0) for name in every[0]}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("training", [40, 130, 6_700])  # fewer than a mini-batch; than the probe's 1,200; more
def test_percentiles_of_what_sigmoids_get_in_training(kind: str, training: int) -> None:
    case = make_case(kind, training, held_out=50, test=10)
    values = inputs_of_layers(case)
    expected = np.percentile(values, [15, 50, 85], axis=1, method="inverted_cdf").transpose(1, 0, 2)
    np.testing.assert_allclose(look(case)["percentiles"], expected, rtol=FLOAT32, atol=FLOAT32)


@pytest.mark.parametrize("kind", KINDS)
def test_saturated_is_where_the_slope_is_below_a_tenth_of_the_steepest(kind: str) -> None:
    case = make_case(kind, 1_500, held_out=0, test=10)
    case.parameters["hidden_2/kernel"][:, 0] = 0  # a unit that its bias alone decides
    case.parameters["hidden_2/bias" if case.architecture.hidden_bias else "hidden_2/beta"][0] = 9.0
    values = inputs_of_layers(case)
    flat = np.abs(values) > np.log((1 + np.sqrt(0.9)) / (1 - np.sqrt(0.9)))  # where s (1 - s) = 0.1 / 4: 3.64
    seen = look(case)
    np.testing.assert_allclose(seen["saturated"], flat.mean(axis=(1, 2)), atol=2e-4)  # an image on the edge
    np.testing.assert_allclose(seen["always_saturated"], flat.all(axis=1).mean(axis=1))
    assert seen["always_saturated"][1] > 0


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_the_references(kind: str) -> None:
    case = make_case(kind, 1_500, held_out=0, test=10)
    own = gradients(case, case.parameters)
    norms = [np.linalg.norm(own[f"{layer}/kernel"]) for layer in ("hidden_1", "hidden_2", "logits")]
    np.testing.assert_allclose(look(case)["gradient"], norms, rtol=1e-4)


def test_weights_are_kernels_norms() -> None:
    case = make_case("batch before", 100, 0, 10)
    norms = [np.linalg.norm(case.parameters[f"{layer}/kernel"]) for layer in ("hidden_1", "hidden_2", "logits")]
    np.testing.assert_allclose(look(case)["weights"], norms, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_gradient_change_is_by_a_step_of_the_layers_before(kind: str) -> None:
    case = make_case(kind, 1_500, held_out=0, test=10)
    own = gradients(case, case.parameters)
    moved = {
        name: value - RATE * own[name] if name in own and name.startswith("hidden_1/") else value
        for name, value in case.parameters.items()
    }
    before, after = own["hidden_2/kernel"], gradients(case, moved)["hidden_2/kernel"]
    cosine = (before * after).sum() / np.linalg.norm(before) / np.linalg.norm(after)
    expected = [np.linalg.norm(after - before), cosine]
    np.testing.assert_allclose(look(case)["gradient_change"], expected, rtol=1e-3)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_lag_is_the_moving_means_distance_in_standard_deviations(kind: str) -> None:
    case = make_case(kind, 1_500, held_out=0, test=10)
    observed = [reference.loss_and_gradients(case.parameters, *batch, case.architecture)[2] for batch in case.probed()]
    expected = []
    for layer in case.architecture.hidden_layers:
        means, variances = (np.array([one[layer][i] for one in observed]) for i in (0, 1))
        variance = variances.mean(axis=0) + means.var(axis=0) + case.architecture.epsilon
        distance = (case.parameters[f"{layer}/moving_mean"] - means.mean(axis=0)) / np.sqrt(variance)
        expected.append(np.sqrt(np.mean(distance**2)))
    np.testing.assert_allclose(look(case)["lag"], expected, rtol=1e-4)


def test_there_is_no_lag_without_batch_normalization_and_no_change_without_a_layer_before() -> None:
    seen = look(make_case("none", 130, held_out=0, test=10))
    assert np.isnan(seen["lag"]).all()
    assert not np.isnan(seen["gradient_change"]).any()


@pytest.mark.parametrize("kind", KINDS[1:])
def test_zscores_are_those_of_units_before_gamma_and_beta(kind: str) -> None:
    case = make_case(kind, 1_500, held_out=0, test=10, epsilon=0.05)
    seen = case.probe.zscores(case.parameters)
    expected = []
    for images, labels in case.probed():
        statistics = reference.loss_and_gradients(case.parameters, images, labels, case.architecture)[2]
        expected += [variance / (variance + 0.05) for _, variance in statistics.values()]
    assert seen["zscore_mean"] < 1e-4
    assert seen["zscore_variance_error"] < 1e-4
    assert seen["zscore_variance_least"] == pytest.approx(np.min(expected), rel=1e-4)
    assert seen["zscore_variance_median"] == pytest.approx(np.median(expected), rel=1e-4)
    assert seen["zscore_variance_least"] < 0.999  # epsilon shows, or the error would be that of doing nothing


def test_zscores_show_a_normalization_that_is_not_one(monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case("batch before", 1_500, held_out=0, test=10)
    real = tf.nn.batch_normalization
    monkeypatch.setattr(tf.nn, "batch_normalization", lambda x, m, v, *rest: real(x, 0.9 * m, 1.1 * v, *rest))
    seen = case.probe.zscores(case.parameters)
    assert seen["zscore_mean"] > 0.01
    assert seen["zscore_variance_error"] > 0.01


@pytest.mark.parametrize("kind", ["none", "batch before"])
def test_a_network_with_noise_is_looked_at_with_the_noise_of_the_step(kind: str) -> None:
    case = make_case(kind, 1_500, held_out=0, test=10)
    quiet = case.probe.look(case.parameters, 3, 5, RATE)["percentiles"][0]
    noisy = Case(Architecture(**{**vars(case.architecture), "noise": "shifting"}), case.parameters, case.dataset)
    one, again, other = (noisy.probe.look(case.parameters, 3, step, RATE)["percentiles"][0] for step in (5, 5, 6))
    np.testing.assert_array_equal(one, again)
    place = [tf.constant(value, tf.int64) for value in (3, 5)]
    drawn = noise("shifting", *place, 0, tf.constant([1_200, 6])).numpy()
    moved = np.median(drawn, axis=0) * (quiet[2] - quiet[0] if kind == "none" else 1)
    assert np.corrcoef(one[1] - quiet[1], moved)[0, 1] > 0.9
    assert np.abs(other[1] - one[1]).max() > 0.1
