"""Parameters and data in, numbers out: one evaluator for all four networks.

Batch normalization is evaluated in two ways. `ema` uses the moving averages of training, which is what users get.
`population` is the paper's Algorithm 2: the statistics of a fixed set of training images, gathered with the final
parameters of the moment. Without batch normalization both are the same number.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from bnrepro.datasets import Dataset
from bnrepro.networks.parameters import Architecture, Parameters

POPULATION_IMAGES = 6_000
POPULATION_BATCH = 60
_CHUNK = 100  # mini-batches in one pass, so that memory does not grow with the training set

Tensors = dict[str, tf.Tensor]
Statistics = dict[str, tuple[tf.Tensor, tf.Tensor]]  # layer: mean [width], variance [width]


class Evaluator:
    """Measures the networks of one architecture on one dataset."""

    def __init__(self, architecture: Architecture, dataset: Dataset, training_rows: np.ndarray):
        """`training_rows`: int [n], the training images that runs are trained on."""
        self._architecture = architecture
        self._dataset = dataset
        # A fixed draw, the same for all runs: neither the order of the file nor that of training plays a part.
        order = np.random.default_rng(0).permutation(training_rows)
        self._population_rows = order[:POPULATION_IMAGES]
        self._all_rows = order
        self._sets = {"test": (dataset.test_images, dataset.test_labels), "training": self._rows(self._population_rows)}
        held_out = np.setdiff1d(np.arange(len(dataset.train_labels)), training_rows)
        if len(held_out):
            self._sets["validation"] = self._rows(held_out)
        self._tensors = {
            name: (tf.constant(images), tf.constant(labels)) for name, (images, labels) in self._sets.items()
        }
        self._population_batches = self._batches(self._population_rows)

    def measure(self, parameters: Parameters) -> dict[str, float]:
        """Accuracies (shares of 1) and the mean cross-entropy (nats) of the test set.

        Returns:
            `accuracy`, `loss`, `training_accuracy` (on the fixed training images) and, where images are held out,
            `validation_accuracy`: all with the moving averages; `population_accuracy`: with population statistics.
        """
        tensors = {name: tf.constant(value) for name, value in parameters.items()}
        averages = self._moving_averages(tensors)
        correct, loss = self._score(tensors, "test", averages)
        measured = {
            "accuracy": correct,
            "population_accuracy": correct,
            "loss": loss,
            "training_accuracy": self._score(tensors, "training", averages)[0],
        }
        if self._architecture.batch_norm:
            population = self._population(tensors, self._population_batches)
            measured["population_accuracy"] = self._score(tensors, "test", population)[0]
        if "validation" in self._sets:
            measured["validation_accuracy"] = self._score(tensors, "validation", averages)[0]
        return measured

    def measure_final(self, parameters: Parameters) -> dict[str, float]:
        """`population_accuracy` with statistics gathered over the whole training set (Algorithm 2, lines 7 to 12)."""
        tensors = {name: tf.constant(value) for name, value in parameters.items()}
        statistics: Statistics = {}
        if self._architecture.batch_norm:
            statistics = self._population(tensors, self._batches(self._all_rows))
        return {"population_accuracy": self._score(tensors, "test", statistics)[0]}

    def population_statistics(self, parameters: Parameters) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Mean and variance [width] of what each normalization sees, over the fixed training images."""
        tensors = {name: tf.constant(value) for name, value in parameters.items()}
        statistics = self._population(tensors, self._population_batches)
        return {layer: (mean.numpy(), variance.numpy()) for layer, (mean, variance) in statistics.items()}

    def _rows(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self._dataset.train_images[rows], self._dataset.train_labels[rows]

    def _batches(self, rows: np.ndarray) -> np.ndarray:
        """Rows as mini-batches [batches, batch]; what does not fill the last one is left out."""
        size = min(POPULATION_BATCH, len(rows))
        return rows[: len(rows) // size * size].reshape(-1, size)

    def _moving_averages(self, parameters: Tensors) -> Statistics:
        if not self._architecture.batch_norm:
            return {}
        return {
            layer: (parameters[f"{layer}/moving_mean"], parameters[f"{layer}/moving_variance"])
            for layer in self._architecture.hidden_layers
        }

    def _score(self, parameters: Tensors, name: str, statistics: Statistics) -> tuple[float, float]:
        images, labels = self._tensors[name]
        correct, loss = _correct_and_loss(
            parameters, images, labels, statistics, self._dataset.levels, self._architecture
        )
        return int(correct) / len(labels), float(loss)

    def _population(self, parameters: Tensors, batches: np.ndarray) -> Statistics:
        """Algorithm 2: the mean of the batches' means, and m/(m-1) times the mean of their variances."""
        sums: dict[str, list[tf.Tensor]] = {}
        for start in range(0, len(batches), _CHUNK):
            chunk = tf.constant(self._dataset.train_images[batches[start : start + _CHUNK]])
            for layer, (mean, variance) in _batch_statistics(
                parameters, chunk, self._dataset.levels, self._architecture
            ).items():
                total = sums.setdefault(layer, [tf.zeros_like(mean), tf.zeros_like(variance)])
                total[0] += mean
                total[1] += variance
        count, size = batches.shape
        unbiased = size / (size - 1)
        return {layer: (mean / count, unbiased * variance / count) for layer, (mean, variance) in sums.items()}


@tf.function(reduce_retracing=True)
def _correct_and_loss(parameters, images, labels, statistics, levels: int, architecture: Architecture):
    """Number of right answers, and the mean cross-entropy."""

    def normalize(layer: str, z: tf.Tensor) -> tf.Tensor:
        mean, variance = statistics[layer]
        return _normalized(z, mean, variance, parameters, layer, architecture.epsilon)

    logits = _forward(parameters, tf.cast(images, tf.float32) / levels, normalize, architecture)
    right = tf.argmax(logits, axis=1, output_type=tf.int32) == labels
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return tf.reduce_sum(tf.cast(right, tf.int32)), tf.reduce_mean(loss)


@tf.function(reduce_retracing=True)
def _batch_statistics(parameters, images, levels: int, architecture: Architecture):
    """Sums over mini-batches of their means and variances, each layer normalized by its own batch on the way.

    `images`: [batches, batch, inputs].
    """
    batches, batch = tf.shape(images)[0], tf.shape(images)[1]
    sums = {}

    def normalize(layer: str, z: tf.Tensor) -> tf.Tensor:
        z = tf.reshape(z, [batches, batch, architecture.width])
        mean, variance = tf.nn.moments(z, axes=[1], keepdims=True)
        sums[layer] = (tf.reduce_sum(mean, axis=[0, 1]), tf.reduce_sum(variance, axis=[0, 1]))
        z = _normalized(z, mean, variance, parameters, layer, architecture.epsilon)
        return tf.reshape(z, [batches * batch, architecture.width])

    x = tf.reshape(tf.cast(images, tf.float32) / levels, [batches * batch, architecture.inputs])
    _forward(parameters, x, normalize, architecture)
    return sums


def _normalized(z: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor, parameters: Tensors, layer: str, epsilon: float):
    """Algorithm 1's last two lines."""
    scale = parameters[f"{layer}/gamma"] / tf.sqrt(variance + epsilon)
    return z * scale + (parameters[f"{layer}/beta"] - mean * scale)


def _forward(
    parameters: Tensors, x: tf.Tensor, normalize: Callable[[str, tf.Tensor], tf.Tensor], architecture: Architecture
) -> tf.Tensor:
    """Logits [images, classes] of inputs [images, inputs]."""
    for layer in architecture.hidden_layers:
        x = tf.matmul(x, parameters[f"{layer}/kernel"])
        if architecture.hidden_bias:
            x += parameters[f"{layer}/bias"]
        if architecture.batch_norm and architecture.placement == "before":
            x = normalize(layer, x)
        x = tf.sigmoid(x)
        if architecture.batch_norm and architecture.placement == "after":
            x = normalize(layer, x)
    return tf.matmul(x, parameters["logits/kernel"]) + parameters["logits/bias"]
