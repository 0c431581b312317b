"""The images that networks are measured on."""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from bnrepro.data.dataset import Dataset

POPULATION_IMAGES = 6_000
POPULATION_BATCH = 60
PROBE_BATCHES = 20  # of the population's images: those on which single layers and units are looked at
_CHUNK = 100  # mini-batches in one pass, so that memory does not grow with the training set


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

    @property
    def population(self) -> slice:
        """The fixed training images, in whole mini-batches."""
        return slice(0, self.batches * self.batch)

    @property
    def probe(self) -> slice:
        """Those of them on which layers and units are looked at: 1,200, in whole mini-batches."""
        return slice(0, min(PROBE_BATCHES, self.batches) * self.batch)

    @property
    def test_batches(self) -> slice:
        """The test images, in the order of the file, in whole mini-batches."""
        test, batch = self.rows["test"], min(self.batch, self.count("test"))
        return slice(test.start, test.start + self.count("test") // batch * batch)

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
