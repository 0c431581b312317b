"""One evaluator: its numbers against the reference, on images made up so that every mode has its own number."""

import numpy as np
import pytest

from bnrepro.data.dataset import Dataset
from tests import reference
from tests.measurement.cases import FLOAT32, KINDS, Case, make_case, scaled

# Two logits closer than this could change places by float32's rounding; images with such logits are left out.
MARGIN = 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_is_the_references(kind: str) -> None:
    case = make_case(kind, training=1_000, held_out=300, test=2_000)
    data, rows, averages = case.dataset, case.training_rows, case.moving_averages()
    test_logits = reference.infer(case.parameters, scaled(data.test_images), averages, case.architecture)
    held_out = data.held_out
    expected = {
        "accuracy": case.accuracy(data.test_images, data.test_labels, averages),
        "population_accuracy": case.accuracy(data.test_images, data.test_labels, case.population(case.drawn_rows())),
        "test_batch_accuracy": float(case.right_in_test_batches().mean()),
        "loss": reference.cross_entropy(test_logits, data.test_labels),
        "training_accuracy": case.accuracy(data.train_images[rows], data.train_labels[rows], averages),
        "validation_accuracy": case.accuracy(data.train_images[held_out], data.train_labels[held_out], averages),
    }

    measured = case.evaluator.measure(case.parameters)

    assert measured.keys() == expected.keys()
    assert measured["loss"] == pytest.approx(expected["loss"], rel=FLOAT32)
    for name in expected.keys() - {"loss"}:
        assert measured[name] == pytest.approx(expected[name], abs=1e-9), name
    different = 5 if case.architecture.batch_norm else 3  # otherwise one could stand in for another unnoticed
    assert len({round(value, 9) for name, value in expected.items() if name != "loss"}) == different


def test_without_normalization_both_modes_are_the_same_number() -> None:
    case = make_case("none", training=100, held_out=0, test=500)
    measured = case.evaluator.measure(case.parameters)
    assert measured["population_accuracy"] == measured["test_batch_accuracy"] == measured["accuracy"]
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
    images = case.images
    measured = case.evaluator.population_statistics(case.parameters, [images.inputs[images.population]])
    assert measured.keys() == {"hidden_1", "hidden_2"}
    for layer, (mean, variance) in expected.items():
        # A mean near zero is a difference of numbers of order 1: its rounding is measured by them.
        np.testing.assert_allclose(measured[layer][0], mean, rtol=FLOAT32, atol=FLOAT32, err_msg=layer)
        np.testing.assert_allclose(measured[layer][1], variance, rtol=FLOAT32, err_msg=layer)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_images_are_counted_that_two_kinds_of_statistics_class_differently(kind: str) -> None:
    case = make_case(kind, training=200, held_out=0, test=2_000)
    by_batch = case.right_in_test_batches()
    images, labels = case.dataset.test_images[: len(by_batch)], case.dataset.test_labels[: len(by_batch)]
    logits = reference.infer(case.parameters, scaled(images), case.moving_averages(), case.architecture)
    by_averages = logits.argmax(axis=1) == labels
    measured = case.evaluator.measure_final(case.parameters)
    assert measured["test_batch_gained"] == np.sum(by_batch & ~by_averages)
    assert measured["test_batch_lost"] == np.sum(by_averages & ~by_batch)
    assert measured["test_batch_gained"] != measured["test_batch_lost"]  # one could stand in for the other


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

    assert case.evaluator.measure_final(case.parameters)["population_accuracy"] == 1.0

    for part in (slice(6_000), slice(12_000), slice(6_000, None)):  # what a forgotten pass would give
        forgotten = case.population(case.drawn_rows()[part])
        assert case.accuracy(dataset.test_images, dataset.test_labels, forgotten) < 1.0
