"""Made-up networks and images on which every mode of evaluation has its own number."""

from dataclasses import dataclass

import numpy as np

from bnrepro.data.dataset import Dataset
from bnrepro.measurement.evaluator import Evaluator
from bnrepro.measurement.images import Images
from bnrepro.measurement.probe import Probe
from bnrepro.networks.network import Network
from bnrepro.networks.parameters import Parameters
from bnrepro.networks.variants import dense
from bnrepro.networks.variants.dense import Architecture
from tests import reference

LEVELS = 16
PIXELS = 8
KINDS = ["none", "batch before", "batch after"]
FLOAT32 = 1e-5  # relative: some hundred roundings of 6e-8 in every number


@dataclass(frozen=True)
class Case:
    architecture: Architecture
    parameters: Parameters
    dataset: Dataset

    @property
    def training_rows(self) -> np.ndarray:
        return np.flatnonzero(~self.dataset.held_out)

    @property
    def network(self) -> Network:
        return dense.network(self.architecture)

    @property
    def images(self) -> Images:
        return Images(self.dataset, self.training_rows)

    @property
    def evaluator(self) -> Evaluator:
        return Evaluator(self.network, self.images)

    @property
    def probe(self) -> Probe:
        return Probe(self.network, self.images)

    def probed(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Images [batch, pixels] and labels [batch] of the mini-batches that a probe looks at."""
        rows, images, labels = self.drawn_rows()[:1_200], self.dataset.train_images, self.dataset.train_labels
        size = min(60, len(rows))
        parts = [rows[i : i + size] for i in range(0, len(rows) - size + 1, size)]
        return [(scaled(images[part]), labels[part]) for part in parts]

    def drawn_rows(self) -> np.ndarray:
        """The order in which training images are drawn. Published numbers depend on it, so it is pinned here."""
        return np.random.default_rng(0).permutation(self.training_rows)

    def population(self, rows: np.ndarray) -> reference.Statistics:
        """Algorithm 2 over mini-batches of 60, what does not fill the last one left out."""
        if not self.architecture.batch_norm:
            return {}
        size = min(60, len(rows))
        batches = [scaled(self.dataset.train_images[rows[i : i + size]]) for i in range(0, len(rows) - size + 1, size)]
        return reference.population_statistics(self.parameters, batches, self.architecture)

    def accuracy(self, images: np.ndarray, labels: np.ndarray, statistics: reference.Statistics) -> float:
        logits = reference.infer(self.parameters, scaled(images), statistics, self.architecture)
        return float(np.mean(logits.argmax(axis=1) == labels))

    def right_in_test_batches(self) -> np.ndarray:
        """Every mini-batch of 60 test images, in their order, by its own mean and variance; the rest left out."""
        images, labels = scaled(self.dataset.test_images), self.dataset.test_labels
        size = 60 if self.architecture.batch_norm else len(labels)
        right = []
        for rows in (slice(start, start + size) for start in range(0, len(labels) - size + 1, size)):
            _, _, own = reference.loss_and_gradients(self.parameters, images[rows], labels[rows], self.architecture)
            logits = reference.infer(self.parameters, images[rows], own, self.architecture)
            right.append(logits.argmax(axis=1) == labels[rows])
        return np.concatenate(right)

    def moving_averages(self) -> reference.Statistics:
        return reference.moving_averages(self.parameters, self.architecture)


def scaled(images: np.ndarray) -> np.ndarray:
    return images.astype(np.float64) / LEVELS


def make_case(kind: str, training: int, held_out: int, test: int, epsilon: float = 0.01) -> Case:
    """A network with random parameters, its moving averages far from what they should be, and random images."""
    normalization, _, placement = kind.partition(" ")
    architecture = Architecture(PIXELS, 2, 6, 10, normalization, placement or "before", 0.9, epsilon)
    rng = np.random.default_rng(0)
    parameters = {
        name: rng.normal(0, 1.5, value.shape).astype(np.float32)
        for name, value in dense.network(architecture).initial(1.0, seed=0).items()
    }
    for name, value in parameters.items():
        if name.endswith("moving_variance"):
            parameters[name] = np.abs(value) + 0.1

    def images(count: int) -> np.ndarray:
        return rng.integers(0, LEVELS + 1, (count, PIXELS)).astype(np.uint8)

    def labels(count: int) -> np.ndarray:
        return rng.integers(0, 10, count).astype(np.int32)

    apart = np.isin(np.arange(training + held_out), rng.permutation(training + held_out)[:held_out])
    count = training + held_out
    dataset = Dataset(
        "made up",
        (1, PIXELS, 1),
        10,
        LEVELS,
        images(count),
        labels(count),
        images(test),
        labels(test),
        apart,
        digest="",
    )
    return Case(architecture, parameters, dataset)
