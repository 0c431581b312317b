"""The order of mini-batches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnrepro.training.batches import mini_batches

seeds = st.integers(0, 2**32 - 1)
# TensorFlow's threads and the collector can hold a test up: time is no property of what is tested here.
no_deadline = settings(deadline=None, max_examples=60)


@st.composite
def requests(draw: st.DrawFn) -> tuple[np.ndarray, int, int]:
    """Rows (distinct, not 0 to n - 1: a subset of a training set), a batch size that they fill, and steps."""
    rows = draw(st.lists(st.integers(0, 10_000), min_size=1, max_size=60, unique=True))
    batch_size = draw(st.integers(1, len(rows)))
    return np.array(rows), batch_size, draw(st.integers(0, 40))


def stacked(seed: int, rows: np.ndarray, batch_size: int, steps: int) -> np.ndarray:
    batches = list(mini_batches(seed, rows, batch_size, steps))
    return np.array(batches).reshape(len(batches), batch_size)


@no_deadline
@given(seeds, requests())
def test_count_size_and_type(seed: int, request_: tuple[np.ndarray, int, int]) -> None:
    rows, batch_size, steps = request_
    batches = list(mini_batches(seed, rows, batch_size, steps))
    assert len(batches) == steps
    assert all(batch.shape == (batch_size,) and batch.dtype == np.int32 for batch in batches)


@no_deadline
@given(seeds, requests())
def test_an_epoch_repeats_nothing_and_draws_from_the_rows_alone(
    seed: int, request_: tuple[np.ndarray, int, int]
) -> None:
    rows, batch_size, steps = request_
    batches = stacked(seed, rows, batch_size, steps)
    per_epoch = len(rows) // batch_size
    for first in range(0, steps, per_epoch):
        epoch = batches[first : first + per_epoch].ravel()
        assert len(np.unique(epoch)) == len(epoch)
        assert np.isin(epoch, rows).all()


@no_deadline
@given(seeds, requests(), st.integers(0, 40))
def test_a_shorter_run_sees_the_beginning_of_a_longer_one(
    seed: int, request_: tuple[np.ndarray, int, int], fewer: int
) -> None:
    rows, batch_size, steps = request_
    shorter = stacked(seed, rows, batch_size, min(fewer, steps))
    np.testing.assert_array_equal(shorter, stacked(seed, rows, batch_size, steps)[: len(shorter)])


@no_deadline
@given(seeds, seeds)
def test_the_order_is_the_seeds(seed: int, other: int) -> None:
    rows = np.arange(1_000)
    order = stacked(seed, rows, 10, 100)
    np.testing.assert_array_equal(order, stacked(seed, rows, 10, 100))
    # Two permutations of 1,000 agree at one place on average.
    assert (seed == other) == (np.mean(order == stacked(other, rows, 10, 100)) > 0.05)


def test_epochs_are_shuffled_anew_and_leave_out_others() -> None:
    first, second = stacked(0, np.arange(65), 60, 2)
    assert np.mean(first == second) < 0.2
    assert set(first) != set(second)  # the five left out are not the same five


@pytest.mark.parametrize("count", [0, 59])
def test_too_few_examples_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} examples do not fill a mini-batch of 60"):
        next(mini_batches(0, np.arange(count), 60, 1))
