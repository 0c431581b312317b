"""When runs are measured and looked into, and their learning rates."""

import numpy as np
import pytest

from bnrepro.data.dataset import Dataset
from bnrepro.training.run import run
from bnrepro.training.schedule import LOOKS, evaluation_steps, learning_rates, look_steps
from bnrepro.training.stack import run_stack
from tests.networks.specs import run_spec


def test_without_a_number_every_multiple_is_measured() -> None:
    assert evaluation_steps(100, 20, None) == (0, 20, 40, 60, 80, 100)


@pytest.mark.parametrize(("steps", "every", "evaluations"), [(50_000, 50, 150), (3_000, 10, 40), (40, 20, 9)])
def test_evaluations_thin_out_towards_the_last_step(steps: int, every: int, evaluations: int) -> None:
    evaluated = np.array(evaluation_steps(steps, every, evaluations))
    assert evaluated[0] == 0
    assert evaluated[-1] == steps
    assert len(evaluated) <= evaluations + 1
    assert (evaluated % every == 0).all()
    apart = np.diff(evaluated)
    assert (apart > 0).all()
    assert (np.diff(apart) >= -every).all()  # rounding to a multiple alone may bring two nearer


def test_evaluations_are_a_ratio_apart() -> None:
    """Beyond the first ones, which no multiple lies between."""
    evaluated = np.array(evaluation_steps(100_000, 10, 100))
    late = evaluated[evaluated > 10_000]
    np.testing.assert_allclose(late[1:] / late[:-1], 10_000 ** (1 / 99), rtol=2e-3)


@pytest.mark.parametrize(("evaluations", "apart"), [(49, 1), (50, 1), (99, 2), (100, 2), (120, 3), (500, 10)])
def test_looks_are_evenly_many_evaluations_apart_and_see_both_ends(evaluations: int, apart: int) -> None:
    looks = look_steps(range(0, 10 * evaluations + 1, 10))
    assert looks[0] == 0
    assert looks[-1] == 10 * evaluations
    assert set(np.diff(looks[1:])) == {10 * apart}
    assert len(looks) <= LOOKS + 1


def test_a_learning_rate_decays_exponentially_to_its_share() -> None:
    rates = learning_rates(0.4, 0.25, 100)
    assert rates.dtype == np.float32
    assert rates[0] == np.float32(0.4)
    assert rates[50] == np.float32(0.2)
    np.testing.assert_allclose(rates[1:] / rates[:-1], 0.25**0.01, rtol=1e-6)
    assert set(learning_rates(0.1, 1.0, 5)) == {np.float32(0.1)}


@pytest.mark.parametrize("implementation", ["keras", "core_estimator"])
def test_a_run_is_measured_at_its_schedules_steps(digits: Dataset, implementation: str) -> None:
    """By the same numbers as where it is measured more often."""
    dense, sparse = (
        run(run_spec(implementation, "batch", steps=64, evaluate_every=4, evaluations=n), digits) for n in (None, 4)
    )
    assert sparse.curve["step"] == [0, 4, 12, 24, 64]
    kept = [dense.curve["step"].index(step) for step in sparse.curve["step"]]
    for name, values in sparse.curve.items():
        assert values == [dense.curve[name][index] for index in kept]
    assert sparse.layers["step"].tolist() == sparse.curve["step"]


def test_a_stack_is_measured_at_its_schedules_steps(digits: Dataset) -> None:
    spec = run_spec("keras", steps=64, evaluate_every=4, evaluations=4)
    (result,) = run_stack([spec], digits)
    assert result.curve["step"] == [0, 4, 12, 24, 64]
