"""What measures and stacks networks works for any: here one with feature maps, and one with skip connections."""

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from bnrepro.data.dataset import Dataset
from bnrepro.measurement.evaluator import Evaluator
from bnrepro.measurement.images import Images
from bnrepro.measurement.probe import Probe
from bnrepro.networks.inception import Architecture as Inception
from bnrepro.networks.layers import Pass, Sigmoid
from bnrepro.networks.network import Network, tensors_of
from bnrepro.networks.residual import Architecture as Residual
from bnrepro.networks.statistics import ByBatch, Fixed
from bnrepro.networks.variants import inception, residual
from bnrepro.training.stacked_loop import StackedLoop
from bnrepro.training.start import Start


def small_inception() -> Network:
    return inception.network(
        Inception(
            shape=(4, 4, 1),
            inputs=16,
            depth=1,
            width=3,
            classes=10,
            normalization="batch",
            activation="sigmoid",
            momentum=0.9,
            epsilon=0.01,
            dropout=0.0,
            l2=0.0,
        )
    )


def small_residual() -> Network:
    return residual.network(
        Residual(
            inputs=16,
            depth=3,
            width=12,
            classes=10,
            normalization="batch",
            placement="before",
            momentum=0.9,
            epsilon=0.01,
            activation="sigmoid",
            skip="identity",
        )
    )


def made_up(training: int = 300, test: int = 200) -> Dataset:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 17, (n, 16)).astype(np.uint8) for n in (training, test)]
    labels = [rng.integers(0, 10, n).astype(np.int32) for n in (training, test)]
    held_out = np.zeros(training, bool)
    return Dataset("made up", (4, 4, 1), 10, 16, images[0], labels[0], images[1], labels[1], held_out, digest="")


NETWORKS = pytest.mark.parametrize("build", [small_inception, small_residual])


@NETWORKS
def test_it_is_measured(build: Callable[[], Network]) -> None:
    network, data = build(), made_up()
    images = Images(data, np.arange(300))
    parameters = network.initial(0.5, seed=0)
    tensors, test = tensors_of(parameters), tf.constant(data.test_images / np.float32(16))
    evaluator = Evaluator(network, images)

    def accuracy(normalizer: Fixed | ByBatch, count: int) -> float:
        logits = network.rest(tensors, network.first(tensors, test[:count]), Pass(normalizer)).numpy()
        return float(np.mean(logits.argmax(axis=1) == data.test_labels[:count]))

    measured = evaluator.measure(parameters)
    statistics = evaluator.population_statistics(parameters, [images.inputs[images.population]])
    assert measured["accuracy"] == pytest.approx(accuracy(Fixed(network.moving_averages(tensors)), 200))
    assert measured["population_accuracy"] == pytest.approx(accuracy(Fixed(statistics), 200))
    assert measured["test_batch_accuracy"] == pytest.approx(accuracy(ByBatch(60), 180))
    final = evaluator.measure_final(parameters)
    assert final.keys() == {"population_accuracy", "test_batch_gained", "test_batch_lost"}  # it cannot be folded
    assert final["population_accuracy"] == measured["population_accuracy"]
    seen = evaluator_probe(network, images, parameters)
    hidden = sum(isinstance(layer, Sigmoid) for layer in flat(network.layers))
    assert seen["percentiles"].shape[:2] == (hidden, 3)
    assert seen["gradient"].shape == (len(network.kernels),)
    assert np.isfinite(seen["lag"]).all()
    assert np.isfinite(seen["gradient_change"]).all()


def evaluator_probe(network: Network, images: Images, parameters) -> dict[str, np.ndarray]:
    probe = Probe(network, images)
    zscores = probe.zscores(parameters)
    assert zscores["zscore_mean"] < 1e-5
    assert zscores["zscore_variance_error"] < 1e-4
    return probe.look(parameters, 0, 0, 0.1)


def flat(layers):
    for layer in layers:
        yield layer
        yield from flat(layer.layers)


def test_population_statistics_are_over_the_whole_feature_map() -> None:
    """Paper, section 3.2: m is the number of images times that of places."""
    network, data = small_inception(), made_up(training=120)
    images = Images(data, np.arange(120))
    parameters = network.initial(0.5, seed=0)
    products = network.first(tensors_of(parameters), images.inputs[images.population]).numpy()
    batches = products.reshape(2, 60 * 16, 3).astype(np.float64)
    chunks = [images.inputs[images.population]]
    mean, variance = Evaluator(network, images).population_statistics(parameters, chunks)["stem"]
    np.testing.assert_allclose(mean, batches.mean(axis=1).mean(axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(variance, batches.var(axis=1, ddof=1).mean(axis=0), rtol=1e-5)


@NETWORKS
def test_a_stack_of_it_makes_the_steps_of_gradient_descent(build: Callable[[], Network]) -> None:
    network, data, rng = build(), made_up(), np.random.default_rng(1)
    rows = rng.integers(0, 300, (4, 20)).astype(np.int32)
    last: dict[int, dict[str, np.ndarray]] = {}
    starts = [
        Start(
            network.initial(0.5, seed),
            iter(rows),
            np.full(4, 0.3, np.float32),
            (4,),
            lambda step, parameters, seed=seed: last.update({seed: parameters}),
            seed,
        )
        for seed in (0, 1)
    ]
    StackedLoop(network, "sgd", data, 2, 20, xla=False).train(starts)
    for start in starts:
        tensors = tensors_of(start.initial)
        for batch in rows:
            images = tf.constant(data.train_images[batch] / np.float32(16))
            found = network.gradients(tensors, images, tf.constant(data.train_labels[batch]), 20)
            moved = {name: tensors[name] - 0.3 * gradient for name, gradient in found.by.items()}
            tensors = tensors | moved | network.updated_averages(tensors, found.seen)
        for name, value in tensors.items():
            np.testing.assert_allclose(last[start.seed][name], value, rtol=1e-4, atol=1e-5, err_msg=name)
