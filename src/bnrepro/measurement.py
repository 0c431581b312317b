"""Parameters and data in, numbers out: one evaluator for all four networks.

Batch normalization is evaluated in two ways. `ema` uses the moving averages of training, which is what users get.
`population` is the paper's Algorithm 2: the statistics of a fixed set of training images, gathered with the final
parameters of the moment. Without batch normalization both are the same number.
"""

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from bnrepro.datasets import Dataset
from bnrepro.networks.parameters import Architecture, Parameters

POPULATION_IMAGES = 6_000
POPULATION_BATCH = 60
PROBE_BATCHES = 20  # of the population's images: those on which single units are looked at
PERCENTILES = (15, 50, 85)  # paper, Figure 1(b, c)
_CHUNK = 100  # mini-batches in one pass, so that memory does not grow with the training set

Tensors = dict[str, tf.Tensor]
Statistics = dict[str, tuple[tf.Tensor, tf.Tensor]]  # layer: mean, variance
Normalize = Callable[[str, tf.Tensor], tf.Tensor]


class Images:
    """What networks are measured on: the fixed training images, the test images, and those held out, in one tensor."""

    def __init__(self, dataset: Dataset, training_rows: np.ndarray):
        """`training_rows`: int [n], the training images that runs are trained on."""
        # A fixed draw, the same for all runs: neither the order of the file nor that of training plays a part.
        self._order = np.random.default_rng(0).permutation(training_rows)
        self._dataset = dataset
        fixed = self._order[:POPULATION_IMAGES]
        held_out = np.setdiff1d(np.arange(len(dataset.train_labels)), training_rows)
        sets = {
            "training": (dataset.train_images[fixed], dataset.train_labels[fixed]),
            "test": (dataset.test_images, dataset.test_labels),
        }
        if len(held_out):
            sets["validation"] = (dataset.train_images[held_out], dataset.train_labels[held_out])
        self.inputs = self._scaled(np.concatenate([images for images, _ in sets.values()]))
        self.labels = tf.constant(np.concatenate([labels for _, labels in sets.values()]))
        ends = np.cumsum([len(labels) for _, labels in sets.values()]).tolist()
        self.rows = {name: slice(start, end) for name, start, end in zip(sets, [0, *ends], ends, strict=False)}
        self.batch = min(POPULATION_BATCH, len(fixed))
        self.batches = len(fixed) // self.batch  # what does not fill the last one is left out

    def training_chunks(self) -> Iterator[tf.Tensor]:
        """Inputs [images, pixels] of the whole training set in the same order, at most 100 mini-batches a chunk."""
        rows = self._order[: len(self._order) // self.batch * self.batch]
        for start in range(0, len(rows), _CHUNK * self.batch):
            yield self._scaled(self._dataset.train_images[rows[start : start + _CHUNK * self.batch]])

    def count(self, name: str) -> int:
        """How many images a set has."""
        return self.rows[name].stop - self.rows[name].start

    def _scaled(self, images: np.ndarray) -> tf.Tensor:
        return tf.cast(tf.constant(images), tf.float32) / self._dataset.levels


class Evaluator:
    """Measures the networks of one architecture."""

    def __init__(self, architecture: Architecture, images: Images, xla: bool = False):
        """`xla`: compile for the processor at hand; the numbers' last bits are then its own."""
        self._architecture = architecture
        self._images = images
        self._measured = tf.function(self._measure, jit_compile=xla or None)
        self._sums = tf.function(self._sum_statistics, reduce_retracing=True)  # these two are called once a run
        self._final = tf.function(self._count_test)
        self._probed = tf.function(self._last_sigmoid_inputs, jit_compile=xla or None)

    def measure(self, parameters: Parameters) -> dict[str, float]:
        """Accuracies (shares of 1) and the mean cross-entropy (nats) of the test set.

        Returns:
            `accuracy`, `loss`, `training_accuracy` (on the fixed training images) and, where images are held out,
            `validation_accuracy`: all with the moving averages; `population_accuracy`: with population statistics.
        """
        counts, population_count, loss = self._measured(_tensors(parameters))
        shares = {name: int(counts[name]) / self._images.count(name) for name in counts}
        measured = {
            "accuracy": shares["test"],
            "population_accuracy": int(population_count) / self._images.count("test"),
            "loss": float(loss),
            "training_accuracy": shares["training"],
        }
        if "validation" in shares:
            measured["validation_accuracy"] = shares["validation"]
        return measured

    def probe(self, parameters: Parameters) -> np.ndarray:
        """Percentiles 15, 50 and 85 of what each sigmoid of the last hidden layer gets: float32 [3, width].

        Over 1,200 of the fixed training images, in mini-batches by whose own statistics batch normalization normalizes,
        as it does in training. A percentile is one of the values, the nearest in rank (paper, Figure 1(b, c)).
        """
        values = self._probed(_tensors(parameters)).numpy()
        ranks = [-(-percentile * len(values) // 100) - 1 for percentile in PERCENTILES]
        return np.partition(values, ranks, axis=0)[ranks]

    def measure_final(self, parameters: Parameters) -> dict[str, float]:
        """`population_accuracy` with statistics gathered over the whole training set (Algorithm 2, lines 7 to 12)."""
        tensors = _tensors(parameters)
        statistics: Statistics = {}
        if self._architecture.batch_norm:
            sums: list[Statistics] = []
            batches = 0
            for inputs in self._images.training_chunks():
                sums.append(self._sums(tensors, inputs))
                batches += len(inputs) // self._images.batch
            statistics = self._population(sums, batches)
        return {"population_accuracy": int(self._final(tensors, statistics)) / self._images.count("test")}

    def population_statistics(self, parameters: Parameters) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Mean and variance [width] of what each normalization sees, over the fixed training images."""
        inputs = self._images.inputs[: self._images.batches * self._images.batch]
        statistics = self._population([self._sums(_tensors(parameters), inputs)], self._images.batches)
        return {layer: (mean.numpy(), variance.numpy()) for layer, (mean, variance) in statistics.items()}

    # --- graphs -------------------------------------------------------------------------------------------------------

    def _measure(self, parameters: Tensors) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor]:
        """Right answers by set of images; those on the test set by population statistics; its mean cross-entropy.

        Most of the work is the first layer's matrix product, which both modes of evaluation share.
        """
        images, test = self._images, self._images.rows["test"]
        first = self._affine(parameters, "hidden_1", images.inputs)
        logits = self._forward(parameters, first, self._by(parameters, self._moving_averages(parameters)))
        right = _right(logits, images.labels)
        counts = {name: tf.reduce_sum(right[rows]) for name, rows in images.rows.items()}
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(images.labels[test], logits[test])
        population_count = counts["test"]
        if self._architecture.batch_norm:
            sums = self._statistics(parameters, first[: images.batches * images.batch])
            normalize = self._by(parameters, self._population([sums], images.batches))
            logits = self._forward(parameters, first[test], normalize)
            population_count = tf.reduce_sum(_right(logits, images.labels[test]))
        return counts, population_count, tf.reduce_mean(loss)

    def _count_test(self, parameters: Tensors, statistics: Statistics) -> tf.Tensor:
        """Right answers on the test set, normalized by `statistics`."""
        test = self._images.rows["test"]
        first = self._affine(parameters, "hidden_1", self._images.inputs[test])
        logits = self._forward(parameters, first, self._by(parameters, statistics))
        return tf.reduce_sum(_right(logits, self._images.labels[test]))

    def _sum_statistics(self, parameters: Tensors, inputs: tf.Tensor) -> Statistics:
        return self._statistics(parameters, self._affine(parameters, "hidden_1", inputs))

    def _statistics(self, parameters: Tensors, first: tf.Tensor) -> Statistics:
        """Sums over mini-batches of their means and variances [width], each layer normalized by its own batch.

        `first`: [batches * batch, width], the first layer's products.
        """
        sums: Statistics = {}
        self._forward(parameters, first, self._by_batch(parameters, sums))
        return sums

    def _last_sigmoid_inputs(self, parameters: Tensors) -> tf.Tensor:
        """What the sigmoids of the last hidden layer get in training: [probe images, width]."""
        probe = self._images.inputs[: min(PROBE_BATCHES, self._images.batches) * self._images.batch]
        first = self._affine(parameters, "hidden_1", probe)
        inputs, _ = self._hidden(parameters, first, self._by_batch(parameters, {}))
        return inputs

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

    def _moving_averages(self, parameters: Tensors) -> Statistics:
        if not self._architecture.batch_norm:
            return {}
        return {
            layer: (parameters[f"{layer}/moving_mean"], parameters[f"{layer}/moving_variance"])
            for layer in self._architecture.hidden_layers
        }

    def _by(self, parameters: Tensors, statistics: Statistics) -> Normalize:
        """Normalization by fixed statistics."""
        return lambda layer, z: self._normalized(parameters, layer, z, *statistics[layer])

    def _by_batch(self, parameters: Tensors, sums: Statistics) -> Normalize:
        """Normalization of each mini-batch by its own statistics, whose sums over mini-batches go into `sums`."""
        width = self._architecture.width

        def normalize(layer: str, z: tf.Tensor) -> tf.Tensor:
            z = tf.reshape(z, [-1, self._images.batch, width])
            mean, variance = tf.nn.moments(z, axes=[1], keepdims=True)
            sums[layer] = (tf.reduce_sum(mean, axis=[0, 1]), tf.reduce_sum(variance, axis=[0, 1]))
            return tf.reshape(self._normalized(parameters, layer, z, mean, variance), [-1, width])

        return normalize

    def _normalized(self, parameters: Tensors, layer: str, z: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor):
        """Algorithm 1's last two lines."""
        beta, gamma = parameters[f"{layer}/beta"], parameters[f"{layer}/gamma"]
        return tf.nn.batch_normalization(z, mean, variance, beta, gamma, self._architecture.epsilon)

    def _affine(self, parameters: Tensors, layer: str, x: tf.Tensor) -> tf.Tensor:
        z = tf.matmul(x, parameters[f"{layer}/kernel"])
        return z + parameters[f"{layer}/bias"] if f"{layer}/bias" in parameters else z

    def _forward(self, parameters: Tensors, first: tf.Tensor, normalize: Normalize) -> tf.Tensor:
        """Logits [images, classes] from the first layer's products [images, width]."""
        return self._affine(parameters, "logits", self._hidden(parameters, first, normalize)[1])

    def _hidden(self, parameters: Tensors, first: tf.Tensor, normalize: Normalize) -> tuple[tf.Tensor, tf.Tensor]:
        """The last hidden layer: what its sigmoids get, and what the layer gives, both [images, width]."""
        architecture = self._architecture
        x = z = first
        for layer in architecture.hidden_layers:
            z = first if layer == "hidden_1" else self._affine(parameters, layer, x)
            if architecture.batch_norm and architecture.placement == "before":
                z = normalize(layer, z)
            x = tf.sigmoid(z)
            if architecture.batch_norm and architecture.placement == "after":
                x = normalize(layer, x)
        return z, x


def _tensors(parameters: Parameters) -> Tensors:
    return {name: tf.constant(value) for name, value in parameters.items()}


def _right(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """1 where the largest logit is the label's, 0 elsewhere."""
    return tf.cast(tf.argmax(logits, axis=1, output_type=tf.int32) == labels, tf.int32)
