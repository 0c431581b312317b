"""How good a network is. Batch normalization is evaluated by three kinds of statistics.

`ema` uses the moving averages of training, which is what users get. `population` is the paper's Algorithm 2: the
statistics of a fixed set of training images, gathered with the final parameters of the moment. `test_batch` normalizes
test images as training does, each mini-batch by itself, so that an image's answer depends on those beside it. Without
batch normalization all are the same number.
"""

from functools import partial

import numpy as np
import tensorflow as tf

from bnrepro.measurement.images import Images
from bnrepro.networks.folding import fold, plain
from bnrepro.networks.forward import Forward, Statistics, Tensors, tensors_of
from bnrepro.networks.parameters import Architecture, Parameters


class Evaluator:
    """Measures the networks of one architecture."""

    def __init__(self, architecture: Architecture, images: Images, xla: bool = False):
        """`xla`: compile for the processor at hand; the numbers' last bits are then its own."""
        self._architecture = architecture
        self._forward = Forward(architecture)
        self._images = images
        self._measured = tf.function(self._measure, jit_compile=xla or None)
        self._sums = tf.function(self._sum_statistics, reduce_retracing=True)  # these are called once a run
        self._final = tf.function(partial(self._test_logits, self._forward))
        self._folded = tf.function(partial(self._test_logits, Forward(plain(architecture))))

    def measure(self, parameters: Parameters) -> dict[str, float]:
        """Accuracies (shares of 1) and the mean cross-entropy (nats) of the test set.

        Returns:
            `accuracy`, `loss`, `training_accuracy` (on the fixed training images) and, where images are held out,
            `validation_accuracy`: all with the moving averages; `population_accuracy`: with population statistics;
            `test_batch_accuracy`: with those of the test images' own mini-batches, whole ones alone.
        """
        counts, population_count, batch_count, loss = self._measured(tensors_of(parameters))
        images = self._images
        shares = {name: int(counts[name]) / images.count(name) for name in counts}
        in_batches = images.test_batches.stop - images.test_batches.start
        measured = {
            "accuracy": shares["test"],
            "population_accuracy": int(population_count) / images.count("test"),
            "test_batch_accuracy": int(batch_count) / in_batches if self._architecture.batch_norm else shares["test"],
            "loss": float(loss),
            "training_accuracy": shares["training"],
        }
        if "validation" in shares:
            measured["validation_accuracy"] = shares["validation"]
        return measured

    def measure_final(self, parameters: Parameters) -> dict[str, float]:
        """What is measured once.

        Returns:
            `population_accuracy`, with statistics gathered over the whole training set (Algorithm 2, lines 7 to 12);
            and with batch normalization, `folded_difference`: by how much the logits of the test images differ between
            the network with its moving averages and the plain network that these fold into, at most, over the largest
            logit; and `folded_disagreements`: how many test images the two put into different classes.
        """
        tensors, test = tensors_of(parameters), self._images.rows["test"]
        if not self._architecture.batch_norm:
            right = _right(self._final(tensors, {}), self._images.labels[test])
            return {"population_accuracy": int(tf.reduce_sum(right)) / self._images.count("test")}
        sums: list[Statistics] = []
        batches = 0
        for inputs in self._images.training_chunks():
            sums.append(self._sums(tensors, inputs))
            batches += len(inputs) // self._images.batch
        logits = self._final(tensors, self._population(sums, batches))
        right = int(tf.reduce_sum(_right(logits, self._images.labels[test])))
        normalized = self._final(tensors, self._forward.moving_averages(tensors)).numpy()
        folded = self._folded(tensors_of(fold(self._architecture, parameters)), {}).numpy()
        return {
            "population_accuracy": right / self._images.count("test"),
            "folded_difference": float(np.abs(folded - normalized).max() / np.abs(normalized).max()),
            "folded_disagreements": int((folded.argmax(axis=1) != normalized.argmax(axis=1)).sum()),
        }

    def population_statistics(self, parameters: Parameters) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Mean and variance [width] of what each normalization sees, over the fixed training images."""
        inputs = self._images.inputs[self._images.population]
        statistics = self._population([self._sums(tensors_of(parameters), inputs)], self._images.batches)
        return {layer: (mean.numpy(), variance.numpy()) for layer, (mean, variance) in statistics.items()}

    # --- graphs -------------------------------------------------------------------------------------------------------

    def _measure(self, parameters: Tensors) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor, tf.Tensor]:
        """Right answers by set of images; on the test set by other statistics; its mean cross-entropy.

        Most of the work is the first layer's matrix product, which all modes of evaluation share.
        """
        images, forward, test = self._images, self._forward, self._images.rows["test"]
        first = forward.affine(parameters, "hidden_1", images.inputs)
        logits = forward.logits(parameters, first, forward.by(parameters, forward.moving_averages(parameters)))
        right = _right(logits, images.labels)
        counts = {name: tf.reduce_sum(right[rows]) for name, rows in images.rows.items()}
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(images.labels[test], logits[test])
        population_count = batch_count = counts["test"]
        if self._architecture.batch_norm:
            sums = self._statistics(parameters, first[images.population])
            logits = forward.logits(
                parameters, first[test], forward.by(parameters, self._population([sums], images.batches))
            )
            population_count = tf.reduce_sum(_right(logits, images.labels[test]))
            batches = images.test_batches
            by_batch = forward.by_batch(parameters, min(images.batch, images.count("test")))
            logits = forward.logits(parameters, first[batches], by_batch)
            batch_count = tf.reduce_sum(_right(logits, images.labels[batches]))
        return counts, population_count, batch_count, tf.reduce_mean(loss)

    def _test_logits(self, forward: Forward, parameters: Tensors, statistics: Statistics) -> tf.Tensor:
        """Logits [images, classes] of the test set, normalized by `statistics`."""
        first = forward.affine(parameters, "hidden_1", self._images.inputs[self._images.rows["test"]])
        return forward.logits(parameters, first, forward.by(parameters, statistics))

    def _sum_statistics(self, parameters: Tensors, inputs: tf.Tensor) -> Statistics:
        return self._statistics(parameters, self._forward.affine(parameters, "hidden_1", inputs))

    def _statistics(self, parameters: Tensors, first: tf.Tensor) -> Statistics:
        """Sums over mini-batches of their means and variances [width], each layer normalized by its own batch.

        `first`: [batches * batch, width], the first layer's products.
        """
        seen: Statistics = {}
        self._forward.whole(parameters, first, self._forward.by_batch(parameters, self._images.batch, seen))
        return {layer: (tf.reduce_sum(mean, 0), tf.reduce_sum(variance, 0)) for layer, (mean, variance) in seen.items()}

    def _population(self, sums: list[Statistics], batches: int) -> Statistics:
        """Algorithm 2: the mean of the batches' means, and m/(m-1) times the mean of their variances."""
        unbiased = self._images.batch / (self._images.batch - 1)
        return {
            layer: (
                tf.add_n([chunk[layer][0] for chunk in sums]) / batches,
                unbiased * tf.add_n([chunk[layer][1] for chunk in sums]) / batches,
            )
            for layer in self._architecture.hidden_layers
        }


def _right(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """1 where the largest logit is the label's, 0 elsewhere."""
    return tf.cast(tf.argmax(logits, axis=1, output_type=tf.int32) == labels, tf.int32)
