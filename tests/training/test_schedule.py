"""The steps at which a run is measured."""

import numpy as np
import pytest

from bnrepro.training.schedule import evaluation_steps


def test_without_a_number_every_multiple_is_measured():
    assert evaluation_steps(40, 10, None) == [0, 10, 20, 30, 40]


@pytest.mark.parametrize("evaluations", [2, 3, 10, 150, 5_000])
def test_evaluations_begin_early_thin_out_and_end_with_the_run(evaluations):
    steps = np.array(evaluation_steps(50_000, 100, evaluations))
    gaps = np.diff(steps)
    assert (steps[0], steps[1], steps[-1]) == (0, 100, 50_000)
    assert len(steps) <= evaluations + 1
    assert (gaps > 0).all()
    assert (steps % 100 == 0).all()
    assert gaps[: len(gaps) // 2].max() <= gaps[len(gaps) // 2 :].max()


def test_their_ratio_is_the_same_but_for_rounding():
    steps = np.array(evaluation_steps(100_000, 1, 6)[1:])
    np.testing.assert_array_equal(steps, [1, 10, 100, 1_000, 10_000, 100_000])
