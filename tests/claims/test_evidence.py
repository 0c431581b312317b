"""What rules ask of runs: answers by each study's own budget and evaluations."""

import pytest

from tests.claims.lesson import NEVER, NORMALIZED, PLAIN, evidence, runs

THINNING_OUT = (0, 10, 20, 40, 80, 160, 320, 640, 800, 1000)


def test_a_run_arrives_within_the_budget_of_its_own_study():
    found = evidence(
        runs("depth", **PLAIN, budget=2000, steps=1500), runs("learning_rate", **PLAIN, budget=1000, steps=NEVER)
    )
    assert [found.budget(study) for study in ("depth", "learning_rate")] == [2000, 1000]
    assert found.arrive("depth", **PLAIN)
    assert not found.arrive("learning_rate", **PLAIN)
    never = found.steps("learning_rate", **PLAIN)
    assert found.fewer_steps("learning_rate", never, never) is False


@pytest.mark.parametrize(
    ("first", "second", "fewer", "no_fewer"),
    [
        (10, 40, True, False),
        (20, 40, None, True),
        (320, 640, None, True),
        (160, 640, True, False),
        (80, 20, False, True),
    ],
)
def test_a_difference_counts_where_evaluations_resolve_it(first, second, fewer, no_fewer):
    arms = [
        runs("depth", **arm, steps=steps, evaluated=THINNING_OUT)
        for arm, steps in ((NORMALIZED, first), (PLAIN, second))
    ]
    found = evidence(*arms, runs("noise", **PLAIN, steps=100))
    normalized, plain = (found.steps("depth", **arm) for arm in (NORMALIZED, PLAIN))
    assert found.fewer_steps("depth", normalized, plain) is fewer
    assert found.no_fewer_steps("depth", normalized, plain) is no_fewer
