"""What rules ask of runs: answers by each study's own budget, evaluations and looks."""

import numpy as np
import pytest

from bnrepro.claims import tuned
from bnrepro.claims.engine import NotTested
from tests.claims.lesson import BUDGET, GRID, NEVER, NORMALIZED, PLAIN, RATE, TARGET, both_arms, evidence, runs

THINNING_OUT = (0, 10, 20, 40, 80, 160, 320, 640, 800, 1000)


def bounds(sample):
    return [one.tolist() for one in (sample.at, sample.low, sample.high)]


def test_steps_lie_after_the_evaluation_before():
    found = evidence(runs("depth", **PLAIN, steps=[10, 160, 200], evaluated=THINNING_OUT))
    assert bounds(found.steps("depth", TARGET)) == [[10, 160, 320], [0, 80, 160], [10, 160, 320]]


@pytest.mark.parametrize("late", [{"steps": NEVER}, {"steps": 800, "diverged_at": 820}])
def test_a_run_that_does_not_arrive_takes_more_than_the_budget(late):
    """Two evaluations in a row have to have the target, before the run ends or diverges."""
    found = evidence(runs("depth", **PLAIN, **late), runs("learning_rate", **PLAIN, budget=2000, steps=1500))
    assert bounds(found.steps("depth", TARGET)) == [[BUDGET] * 3, [BUDGET] * 3, [np.inf] * 3]
    assert not found.arrives("depth", TARGET)
    assert found.arrives("learning_rate", TARGET)


def test_a_run_that_is_there_at_its_last_evaluation_alone_may_have_arrived_before():
    last = evidence(runs("depth", **PLAIN, steps=BUDGET))
    assert bounds(last.steps("depth", TARGET)) == [[BUDGET - GRID] * 3, [BUDGET - GRID] * 3, [np.inf] * 3]


def test_the_start_is_no_evaluation_to_arrive_at():
    assert bounds(evidence(runs("depth", **PLAIN, steps=0)).steps("depth", TARGET))[0] == [GRID] * 3


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (10, 40, True),
        (20, 40, None),  # after 10 and at 20, or after 20 and at 40: from the same to four times
        (320, 640, None),
        (160, 640, True),
        (80, 20, False),
        (640, NEVER, True),
        (NEVER, 640, False),
    ],
)
def test_a_difference_counts_where_evaluations_resolve_it(first, second, expected):
    arms = [
        runs("depth", **arm, steps=steps, evaluated=THINNING_OUT)
        for arm, steps in ((NORMALIZED, first), (PLAIN, second))
    ]
    (part,) = evidence(*arms).fewer_steps("depth", TARGET, NORMALIZED, PLAIN)
    assert part.so is expected


def test_two_that_do_not_arrive_are_not_compared():
    arms = runs("depth", **NORMALIZED), runs("depth", **PLAIN)
    assert evidence(*arms).fewer_steps("depth", TARGET, NORMALIZED, PLAIN) == []


@pytest.mark.parametrize(
    ("plain", "normalized", "counts", "note"),
    [
        ([500, NEVER, NEVER], 100, True, "arrived: 3 of 3 and 1 of 3 runs"),
        ([500, NEVER, NEVER], [100, 100, NEVER], False, "arrived: 2 of 3 and 1 of 3 runs"),
        (NEVER, 100, True, "arrived: 3 of 3 and 0 of 3 runs"),
        (500, 100, True, ""),
    ],
)
def test_a_comparison_counts_where_all_runs_of_one_arm_arrive(plain, normalized, counts, note):
    arms = runs("depth", **NORMALIZED, steps=normalized), runs("depth", **PLAIN, steps=plain)
    (part,) = evidence(*arms).fewer_steps("depth", TARGET, NORMALIZED, PLAIN)
    assert (part.counts, part.note) == (counts, note)


def test_a_seed_has_no_part_in_the_choice_of_its_rate():
    """All seeds together would choose the middle rate for all, by the third seed's luck there."""
    found = evidence(*at_rates(validation_steps=[300, [400, 400, 50], 900]))
    assert tuned.Grid(found, "learning_rate", PLAIN).choose(TARGET).rates.tolist() == [3 * RATE, 3 * RATE, RATE]


def test_the_best_accuracy_lasts_for_two_evaluations():
    lasting = runs("depth", **PLAIN, steps=500, accuracy=0.99)  # the last evaluation alone has it
    assert evidence(lasting).best("depth").at.tolist() == [0.95] * 3
    assert evidence(runs("depth", **PLAIN, diverged_at=20)).best("depth").at.tolist() == [0.0] * 3


def test_the_best_accuracy_is_that_of_any_run_of_a_seed():
    arms = [
        runs("learning_rate", **PLAIN, learning_rate=RATE, before=[0.2, 0.6, 0.2]),
        runs("learning_rate", **PLAIN, learning_rate=3 * RATE, before=[0.5, 0.3, 0.4]),
    ]
    best = evidence(*arms).best("learning_rate")
    assert best.at.tolist() == [0.5, 0.6, 0.4]
    assert len(best.runs) == 6


def at_rates(**told):
    """Runs at rates of 1, 3 and 10 times; a list has a value for each."""
    return [
        runs("learning_rate", **PLAIN, learning_rate=RATE * times, **{name: own[i] for name, own in told.items()})
        for i, times in enumerate((1, 3, 10))
    ]


@pytest.mark.parametrize(
    ("told", "times"),
    [
        ({"steps": [100, 900, 900], "validation_steps": [700, 300, 500]}, 3),  # test images do not choose
        ({"validation_steps": [700, 300, [100, NEVER, NEVER]]}, 3),  # the mean, the budget where it does not arrive
        ({"validation_steps": [700, 300, 300]}, 3),  # of equals the lower
        ({"before": [0.2, 0.3, 0.5]}, 10),  # nobody arrives: the higher accuracy
        ({"before": [0.2, 0.2, 0.1]}, 1),
    ],
)
def test_the_best_rate_is_chosen_on_images_held_out(told, times):
    rates = tuned.Grid(evidence(*at_rates(**told)), "learning_rate", PLAIN).choose(TARGET).rates
    assert rates.unique().tolist() == [RATE * times]


@pytest.mark.parametrize(
    ("steps", "low", "high"),  # times the dataset's rate
    [
        ([300, 300, NEVER], 3, 10),
        ([300, NEVER, 300], 10, np.inf),  # one between that does not arrive is passed over
        ([NEVER, NEVER, NEVER], 0, 1),
    ],
)
def test_the_highest_rate_lies_below_the_next_of_the_grid(steps, low, high):
    at, lower, upper = bounds(evidence(*at_rates(steps=steps)).highest_rate("learning_rate", TARGET, **PLAIN))
    assert (lower, upper) == ([RATE * low] * 3, [RATE * high] * 3)
    assert np.isfinite(at).all()
    assert min(at) > 0


def test_the_highest_rate_is_of_each_seed():
    found = evidence(*at_rates(steps=[300, [300, NEVER, 300], [NEVER, NEVER, 300]]))
    assert found.highest_rate("learning_rate", TARGET, **PLAIN).low.tolist() == [3 * RATE, RATE, 10 * RATE]


def test_a_look_is_the_first_from_a_step_on():
    found = evidence(
        runs("depth", **PLAIN, depth=2, saturated=((0.1, 0.2), (0.3, 0.4)), diverged_at=[NEVER, NEVER, 600])
    )
    assert found.moment("depth", 0.1) == 100
    assert found.look("depth", "saturated", found.moment("depth", 0)).to_numpy().tolist() == [[0.1, 0.2]] * 3
    assert found.look("depth", "saturated", 451)[2].tolist() == [0.4] * 3
    assert found.look("depth", "saturated", found.moment("depth", 1)).index.tolist() == [0, 1]


def test_looks_may_be_at_a_step_of_each_seed():
    found = evidence(runs("depth", **PLAIN, steps=[100, 700, 700], lag=(0.2, 0.6)))
    lag = found.look("depth", "lag", found.steps("depth", TARGET).at)
    assert lag[1].tolist() == [0.2, 0.6, 0.6]


def test_depths_train_where_all_runs_arrive():
    arms = [*both_arms(1, {}, {}), *both_arms(3, {}, {"steps": [200, 200, NEVER]}), *both_arms(5, {"steps": NEVER}, {})]
    assert evidence(*arms).trained_depths() == [1]


def test_a_rate_is_named_by_multiples_of_the_datasets_own():
    found = evidence(*at_rates(steps=[1, 1, 1]), runs("depth", **PLAIN))
    assert found.rate("learning_rate", 3) == 3 * RATE
    with pytest.raises(NotTested, match=r"rate of 2\.5"):
        found.rate("learning_rate", 5)


def test_what_runs_lack_is_named():
    found = evidence(runs("noise", **NORMALIZED))
    for factors, said in (({"noise": "none"}, "does not cross noise"), ({"depth": 7}, "no runs with depth 7")):
        with pytest.raises(NotTested, match=said):
            found.best("noise", **factors)
