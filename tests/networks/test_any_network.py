"""What measures and stacks networks works for any: here a small Inception with feature maps, and a residual network."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf

from bnrepro.data.dataset import Dataset
from bnrepro.measurement.evaluator import Evaluator
from bnrepro.measurement.images import Images
from bnrepro.measurement.probe import Probe
from bnrepro.networks.layers import BatchNorm, Dense, Layer, Pass, Sigmoid
from bnrepro.networks.network import Network, tensors_of
from bnrepro.networks.statistics import ByBatch, Fixed
from bnrepro.training.stacked_loop import StackedLoop
from bnrepro.training.start import Start


@dataclass(frozen=True)
class AsImages(Layer):
    side: int

    every_pass_alike = True

    def __call__(self, parameters, x, run):
        return tf.reshape(x, [-1, self.side, self.side, 1])


@dataclass(frozen=True)
class Conv(Layer):
    name: str
    size: int
    channels_in: int
    channels: int

    every_pass_alike = True

    @property
    def kernel(self):
        return f"{self.name}/kernel"

    def initial(self, rng, stddev):
        shape = (self.size, self.size, self.channels_in, self.channels)
        return {self.kernel: (stddev * rng.standard_normal(shape)).astype(np.float32)}

    def __call__(self, parameters, x, run):
        return tf.nn.conv2d(x, parameters[self.kernel], 1, "SAME")


@dataclass(frozen=True)
class Branches(Layer):
    """Side by side, each a sequence of layers; their channels are concatenated."""

    branches: tuple[tuple[Layer, ...], ...]

    @property
    def layers(self):
        return [layer for branch in self.branches for layer in branch]

    def __call__(self, parameters, x, run):
        outputs = []
        for branch in self.branches:
            y = x
            for layer in branch:
                y = layer(parameters, y, run)
            outputs.append(y)
        return tf.concat(outputs, -1)


class GlobalAverage(Layer):
    def __call__(self, parameters, x, run):
        return tf.reduce_mean(x, [1, 2])


@dataclass(frozen=True)
class Skip(Layer):
    layers: tuple[Layer, ...]

    def __call__(self, parameters, x, run):
        y = x
        for layer in self.layers:
            y = layer(parameters, y, run)
        return x + y


def conv(name: str, size: int, channels_in: int, channels: int) -> tuple[Layer, ...]:
    return Conv(name, size, channels_in, channels), BatchNorm(name, channels, 0.9, 0.01), Sigmoid()


def inception() -> Network:
    branches = (conv("narrow", 1, 4, 3), (*conv("reduce", 1, 4, 2), *conv("wide", 3, 2, 5)))
    return Network([AsImages(4), *conv("stem", 3, 1, 4), Branches(branches), GlobalAverage(), Dense("logits", 8, 10)])


def residual() -> Network:
    blocks = [Skip((BatchNorm(name, 12, 0.9, 0.01), Sigmoid(), Dense(name, 12, 12))) for name in ("block_1", "block_2")]
    return Network([Dense("stem", 16, 12), *blocks, Sigmoid(), Dense("logits", 12, 10)])


def made_up(training: int = 300, test: int = 200) -> Dataset:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 17, (n, 16)).astype(np.uint8) for n in (training, test)]
    labels = [rng.integers(0, 10, n).astype(np.int32) for n in (training, test)]
    held_out = np.zeros(training, bool)
    return Dataset("made up", (4, 4, 1), 10, 16, images[0], labels[0], images[1], labels[1], held_out, digest="")


NETWORKS = pytest.mark.parametrize("build", [inception, residual])


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
    network, data = inception(), made_up(training=120)
    images = Images(data, np.arange(120))
    parameters = network.initial(0.5, seed=0)
    products = network.first(tensors_of(parameters), images.inputs[images.population]).numpy()
    batches = products.reshape(2, 60 * 16, 4).astype(np.float64)
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
