"""How good a network is. Batch normalization is evaluated by three kinds of statistics.

`ema` uses the moving averages of training, which is what users get. `population` is the paper's Algorithm 2: the
statistics of a fixed set of training images, gathered with the final parameters of the moment. `test_batch` normalizes
test images as training does, each mini-batch by itself, so that an image's answer depends on those beside it. Without
batch normalization all are the same number.
"""

from collections.abc import Iterable
from functools import partial

import numpy as np
import tensorflow as tf

from bnrepro.measurement.images import Images
from bnrepro.networks.folding import fold, plain
from bnrepro.networks.layers import Normalizer, Pass, Statistics, Tensors
from bnrepro.networks.network import Network, tensors_of
from bnrepro.networks.parameters import Parameters
from bnrepro.networks.statistics import ByBatch, Fixed

_Sums = dict[str, tuple[tf.Tensor, tf.Tensor, float | tf.Tensor]]


class Evaluator:
    """Measures one network, whatever its parameters."""

    def __init__(self, network: Network, images: Images, xla: bool = False):
        """`xla`: compile for the processor at hand; the numbers' last bits are then its own."""
        self._network, self._plain = network, plain(network)
        self._images = images
        self._measured = tf.function(self._measure, jit_compile=xla or None)
        self._sums = tf.function(self._sum_statistics, reduce_retracing=True)  # these are called once a run
        self._answers = tf.function(self._right_answers)
        self._final = tf.function(partial(self._test_logits, network))
        self._folded = tf.function(partial(self._test_logits, self._plain)) if self._plain else None

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
            "test_batch_accuracy": int(batch_count) / in_batches if self._network.normalizations else shares["test"],
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
            with batch normalization `test_batch_gained` and `test_batch_lost`: how many test images are put into the
            right class by the statistics of their own mini-batch alone, and by the moving averages alone; and where
            batch normalization can be folded, `folded_difference`: by how much the logits of the test
            images differ between the network with its moving averages and the plain network that these fold into, at
            most, over the largest logit; and `folded_disagreements`: how many test images the two put into different
            classes.
        """
        tensors, test = tensors_of(parameters), self._images.rows["test"]
        if not self._network.normalizations:
            right = _right(self._final(tensors, {}), self._images.labels[test])
            return {"population_accuracy": int(tf.reduce_sum(right)) / self._images.count("test")}
        logits = self._final(tensors, self.population_statistics(parameters, self._images.training_chunks()))
        right = int(tf.reduce_sum(_right(logits, self._images.labels[test])))
        by_averages, by_batch = (answers.numpy() for answers in self._answers(tensors))
        return {
            "population_accuracy": right / self._images.count("test"),
            "test_batch_gained": int((by_batch > by_averages).sum()),
            "test_batch_lost": int((by_batch < by_averages).sum()),
            **self._folding(parameters, tensors),
        }

    def population_statistics(self, parameters: Parameters, chunks: Iterable[tf.Tensor]) -> Statistics:
        """Mean and variance [channels] of what each normalization sees (Algorithm 2, lines 7 to 12).

        Args:
            chunks: inputs [images, ...], whole mini-batches each.
        """
        tensors = tensors_of(parameters)
        sums: list[_Sums] = []
        batches = 0
        for inputs in chunks:
            sums.append(self._sums(tensors, inputs))
            batches += len(inputs) // self._images.batch
        return self._population(sums, batches)

    def _folding(self, parameters: Parameters, tensors: Tensors) -> dict[str, float]:
        if self._folded is None:
            return {}
        normalized = self._final(tensors, self._network.moving_averages(tensors)).numpy()
        folded = self._folded(tensors_of(fold(self._network, parameters)), {}).numpy()
        return {
            "folded_difference": float(np.abs(folded - normalized).max() / np.abs(normalized).max()),
            "folded_disagreements": int((folded.argmax(axis=1) != normalized.argmax(axis=1)).sum()),
        }

    # --- graphs -------------------------------------------------------------------------------------------------------

    def _measure(self, parameters: Tensors) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor, tf.Tensor]:
        """Right answers by set of images; on the test set by other statistics; its mean cross-entropy.

        Every mode of evaluation shares the first layers.
        """
        images, network, test = self._images, self._network, self._images.rows["test"]
        first = network.first(parameters, images.inputs)

        def logits_by(normalizer: Normalizer, rows: slice) -> tf.Tensor:
            return network.rest(parameters, first[rows], Pass(normalizer))

        logits = network.rest(parameters, first, Pass(Fixed(network.moving_averages(parameters))))
        right = _right(logits, images.labels)
        counts = {name: tf.reduce_sum(right[rows]) for name, rows in images.rows.items()}
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(images.labels[test], logits[test])
        population_count = batch_count = counts["test"]
        if network.normalizations:
            sums = self._statistics(parameters, first[images.population])
            logits = logits_by(Fixed(self._population([sums], images.batches)), test)
            population_count = tf.reduce_sum(_right(logits, images.labels[test]))
            batches = images.test_batches
            logits = logits_by(ByBatch(min(images.batch, images.count("test"))), batches)
            batch_count = tf.reduce_sum(_right(logits, images.labels[batches]))
        return counts, population_count, batch_count, tf.reduce_mean(loss)

    def _right_answers(self, parameters: Tensors) -> tuple[tf.Tensor, tf.Tensor]:
        """By the moving averages and by the test images' own mini-batches: 1 for every right answer [test images]."""
        images, network, test = self._images, self._network, self._images.test_batches
        first = network.first(parameters, images.inputs[test])
        batch = min(images.batch, images.count("test"))
        by_averages, by_batch = (
            _right(network.rest(parameters, first, Pass(normalizer)), images.labels[test])
            for normalizer in (Fixed(network.moving_averages(parameters)), ByBatch(batch))
        )
        return by_averages, by_batch

    def _test_logits(self, network: Network, parameters: Tensors, statistics: Statistics) -> tf.Tensor:
        """Logits [images, classes] of the test set, normalized by `statistics`."""
        first = network.first(parameters, self._images.inputs[self._images.rows["test"]])
        return network.rest(parameters, first, Pass(Fixed(statistics)))

    def _sum_statistics(self, parameters: Tensors, inputs: tf.Tensor) -> _Sums:
        return self._statistics(parameters, self._network.first(parameters, inputs))

    def _statistics(self, parameters: Tensors, first: tf.Tensor) -> _Sums:
        """Sums over mini-batches of their means and variances [channels], each layer normalized by its own batch.

        Args:
            first: [batches * batch, ...], what the first layers give.

        Returns:
            By layer; the third is the factor m/(m-1) of an unbiased variance.
        """
        normalizer = ByBatch(self._images.batch)
        self._network.rest(parameters, first, Pass(normalizer))
        return {
            layer: (tf.reduce_sum(mean, 0), tf.reduce_sum(variance, 0), normalizer.unbiased[layer])
            for layer, (mean, variance) in normalizer.seen.items()
        }

    def _population(self, sums: list[_Sums], batches: int) -> Statistics:
        """Algorithm 2: the mean of the batches' means, and m/(m-1) times the mean of their variances."""
        return {
            layer: (
                tf.add_n([chunk[layer][0] for chunk in sums]) / batches,
                unbiased * tf.add_n([chunk[layer][1] for chunk in sums]) / batches,
            )
            for layer, (_, _, unbiased) in sums[0].items()
        }


def _right(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """1 where the largest logit is the label's, 0 elsewhere."""
    return tf.cast(tf.argmax(logits, axis=1, output_type=tf.int32) == labels, tf.int32)
