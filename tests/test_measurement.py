"""One evaluator: its numbers against the reference, on images made up so that every mode has its own number."""

from dataclasses import dataclass

import numpy as np
import pytest

from bnrepro.datasets import Dataset
from bnrepro.measurement import Evaluator, Images
from bnrepro.networks.parameters import Architecture, Parameters, initial_parameters
from tests import reference

LEVELS = 16
PIXELS = 8
KINDS = ["none", "batch before", "batch after"]
FLOAT32 = 1e-5  # relative: some hundred roundings of 6e-8 in every number
# Two logits closer than this could change places by float32's rounding; images with such logits are left out.
MARGIN = 1e-4


@dataclass(frozen=True)
class Case:
    architecture: Architecture
    parameters: Parameters
    dataset: Dataset

    @property
    def training_rows(self) -> np.ndarray:
        return np.flatnonzero(~self.dataset.held_out)

    @property
    def evaluator(self) -> Evaluator:
        return Evaluator(self.architecture, Images(self.dataset, self.training_rows))

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
        for name, value in initial_parameters(architecture, 1.0, seed=0).items()
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
    dataset = Dataset("made up", LEVELS, images(count), labels(count), images(test), labels(test), apart, digest="")
    return Case(architecture, parameters, dataset)


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_is_the_references(kind: str) -> None:
    case = make_case(kind, training=1_000, held_out=300, test=2_000)
    data, rows, averages = case.dataset, case.training_rows, case.moving_averages()
    test_logits = reference.infer(case.parameters, scaled(data.test_images), averages, case.architecture)
    held_out = data.held_out
    expected = {
        "accuracy": case.accuracy(data.test_images, data.test_labels, averages),
        "population_accuracy": case.accuracy(data.test_images, data.test_labels, case.population(case.drawn_rows())),
        "loss": reference.cross_entropy(test_logits, data.test_labels),
        "training_accuracy": case.accuracy(data.train_images[rows], data.train_labels[rows], averages),
        "validation_accuracy": case.accuracy(data.train_images[held_out], data.train_labels[held_out], averages),
    }

    measured = case.evaluator.measure(case.parameters)

    assert measured.keys() == expected.keys()
    assert measured["loss"] == pytest.approx(expected["loss"], rel=FLOAT32)
    for name in expected.keys() - {"loss"}:
        assert measured[name] == pytest.approx(expected[name], abs=1e-9), name
    different = 4 if case.architecture.batch_norm else 3  # otherwise one could stand in for another unnoticed
    assert len({round(value, 9) for name, value in expected.items() if name != "loss"}) == different


def test_without_normalization_both_modes_are_the_same_number() -> None:
    case = make_case("none", training=100, held_out=0, test=500)
    measured = case.evaluator.measure(case.parameters)
    assert measured["population_accuracy"] == measured["accuracy"]
    assert case.evaluator.measure_final(case.parameters) == {"population_accuracy": measured["accuracy"]}


def test_without_held_out_images_there_is_no_validation_accuracy() -> None:
    case = make_case("batch before", training=100, held_out=0, test=50)
    assert "validation_accuracy" not in case.evaluator.measure(case.parameters)


@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize(
    "training",
    [
        40,  # fewer than a mini-batch: one of 40
        130,  # two mini-batches, ten images left out
        6_700,  # more than the 6,000 that are fixed
    ],
)
def test_population_statistics_are_algorithm_2(kind: str, training: int) -> None:
    case = make_case(kind, training, held_out=50, test=10)
    expected = case.population(case.drawn_rows()[:6_000])
    measured = case.evaluator.population_statistics(case.parameters)
    assert measured.keys() == {"hidden_1", "hidden_2"}
    for layer, (mean, variance) in expected.items():
        # A mean near zero is a difference of numbers of order 1: its rounding is measured by them.
        np.testing.assert_allclose(measured[layer][0], mean, rtol=FLOAT32, atol=FLOAT32, err_msg=layer)
        np.testing.assert_allclose(measured[layer][1], variance, rtol=FLOAT32, err_msg=layer)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_final_measurement_takes_the_whole_training_set(kind: str) -> None:
    """13,500 images: two whole passes of 6,000 and a part of one.

    The labels are the reference's own answers, so that each of 40,000 images would show a difference.
    """
    case = make_case(kind, training=13_500, held_out=100, test=40_000)
    statistics = case.population(case.drawn_rows())
    images = case.dataset.test_images
    logits = reference.infer(case.parameters, scaled(images), statistics, case.architecture)
    best, second = -np.partition(-logits, 1, axis=1)[:, :2].T
    clear = best - second > MARGIN
    answers = logits.argmax(axis=1).astype(np.int32)
    dataset = Dataset(
        **{**vars(case.dataset), "test_images": images[clear], "test_labels": answers[clear], "digest": ""}
    )
    case = Case(case.architecture, case.parameters, dataset)

    assert case.evaluator.measure_final(case.parameters) == {"population_accuracy": 1.0}

    for part in (slice(6_000), slice(12_000), slice(6_000, None)):  # what a forgotten pass would give
        forgotten = case.population(case.drawn_rows()[part])
        assert case.accuracy(dataset.test_images, dataset.test_labels, forgotten) < 1.0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("training", [40, 130, 6_700])  # fewer than a mini-batch; than the probe's 1,200; more
def test_the_probe_sees_what_the_last_sigmoids_get_in_training(kind: str, training: int) -> None:
    case = make_case(kind, training, held_out=50, test=10)
    rows = case.drawn_rows()[:1_200]
    size = min(60, len(rows))
    batches = [scaled(case.dataset.train_images[rows[i : i + size]]) for i in range(0, len(rows) - size + 1, size)]
    values = np.concatenate([reference.last_sigmoid_inputs(case.parameters, b, case.architecture) for b in batches])
    expected = np.percentile(values, [15, 50, 85], axis=0, method="inverted_cdf")
    np.testing.assert_allclose(case.evaluator.probe(case.parameters), expected, rtol=FLOAT32, atol=FLOAT32)
