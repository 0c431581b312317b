"""The lesson's claims about TensorFlow, each against runs whose right verdict is known."""

import pytest

from bnrepro.claims.lesson import canned_flag, keras_layer, momentum, training_only, update_ops
from tests.claims.lesson import NEVER, NORMALIZED, PLAIN, evidence, judge, runs

CANNED = {"implementation": "canned_estimator"}
SCATTERED = [200, 900, 300]


def canned(depth, flag, population, without):
    return [
        *runs("depth", **CANNED, **NORMALIZED, depth=depth, steps=flag, population_steps=population),
        *runs("depth", **CANNED, **PLAIN, depth=depth, steps=without),
        *runs("depth", **NORMALIZED, depth=depth, steps=500),  # another implementation is not looked at
        *runs("depth", **PLAIN, depth=depth, steps=500),
    ]


@pytest.mark.parametrize(
    ("at_1", "at_3", "expected"),  # steps with the flag, and without
    [
        ((200, 500), (200, NEVER), "holds"),
        ((500, 200), (NEVER, 500), "fails"),
        ((200, 500), (500, 200), "depends"),
        ((200, 500), (SCATTERED, 500), "undecided"),
        ((NEVER, NEVER), (200, 500), "holds"),  # where no run arrives there is nothing to compare
        ((NEVER, NEVER), (NEVER, NEVER), "not tested"),
    ],
)
def test_the_flag_saves_iterations(at_1, at_3, expected):
    arms = [canned(depth, flag, 100, without) for depth, (flag, without) in ((1, at_1), (3, at_3))]
    assert judge(canned_flag.CLAIM.stated, evidence(*arms)) == expected


@pytest.mark.parametrize(
    ("at_1", "at_3", "expected"),  # steps by moving averages, and by population statistics
    [
        ((900, 900), (900, 900), "holds"),
        ((900, 300), (NEVER, 300), "fails"),
        ((900, 900), (900, 300), "depends"),
        ((900, 300), (100, 100), "undecided"),  # equal as far as evaluations tell, which are rare there
        ((900, 900), (NEVER, NEVER), "holds"),  # nothing was learned that users could get late
    ],
)
def test_users_get_what_the_canned_network_has_learned(at_1, at_3, expected):
    arms = [canned(depth, flag, population, 500) for depth, (flag, population) in ((1, at_1), (3, at_3))]
    assert judge(canned_flag.CLAIM.meant, evidence(*arms), canned_flag.CLAIM) == expected


def updates(implementation, **omitted):
    """Runs whose updates are run, and runs whose updates are omitted and that so measure something else."""
    arm = {"implementation": implementation, **NORMALIZED}
    run = {"accuracy": 0.95, "population_accuracy": 0.95, "lag": 0.1}
    return [*runs("updates", **arm, updates="run", **run), *runs("updates", **arm, updates="omitted", **run | omitted)]


@pytest.mark.parametrize(
    ("omitted", "expected"),
    [(0.97, "holds"), (0.947, "holds"), (0.5, "fails"), ([0.948, 0.92, 0.95], "undecided")],
)
@pytest.mark.parametrize(
    ("rule", "implementation"),
    [(keras_layer.CLAIM.stated, "keras_estimator"), (training_only.CLAIM.stated, "core_estimator")],
    ids=["keras-layer", "training-only"],
)
def test_without_updates_users_lose_nothing(rule, implementation, omitted, expected):
    assert judge(rule, evidence(updates(implementation, accuracy=omitted))) == expected


@pytest.mark.parametrize(
    ("with_layer", "converted", "expected"),
    [
        (0.95, None, "holds"),
        (0.95, 0.95, "holds"),
        (0.95, 0.5, "depends"),
        ([0.95, 0.95, 0.85], 0.95, "undecided"),
        (0.5, None, "fails"),
        (0.5, 0.95, "depends"),
    ],
)
def test_in_a_keras_model_the_layer_is_enough(with_layer, converted, expected):
    arms = [updates("keras_estimator", accuracy=0.1)]
    arms.append(runs("updates", **NORMALIZED, updates=None, accuracy=with_layer))
    if converted:
        told = {**NORMALIZED, "implementation": "converted_estimator", "updates": "run"}
        arms.append(runs("updates", **told, accuracy=converted))
    assert judge(keras_layer.CLAIM.meant, evidence(*arms), keras_layer.CLAIM) == expected


@pytest.mark.parametrize(
    ("accuracy", "population", "lag", "expected"),  # against 0.95, 0.95 and 0.1 where they are run
    [
        (0.5, 0.95, 5.0, "holds"),
        (0.5, [0.949, 0.95, 0.952], (0.0, 5.0), "holds"),  # of the lag, the end counts
        ([0.1, 0.5, 0.9], 0.95, 5.0, "undecided"),
        (0.95, 0.95, 5.0, "depends"),
        (0.5, 0.90, 5.0, "holds"),  # what population statistics say stands beside
        (0.5, 0.95, (5.0, 0.1), "depends"),
        (0.96, 0.90, 0.05, "fails"),
    ],
)
def test_updates_must_be_dependencies(accuracy, population, lag, expected):
    found = evidence(updates("core_estimator", accuracy=accuracy, population_accuracy=population, lag=lag))
    assert judge(update_ops.CLAIM.stated, found, update_ops.CLAIM) == expected


@pytest.mark.parametrize(
    ("lags", "expected"),  # of momentum 0, 0.9, 0.99 and 0.999: early and at the end
    [
        (((0.9, 0.9), (0.2, 0.5), (0.3, 0.2), (0.8, 0.1)), "holds"),
        (((0.0, 0.9), (0.3, 0.5), (0.2, 0.7), (0.8, 0.9)), "holds"),  # some are not compared
        (((0.9, 0.9), (0.2, 0.5), (0.78, 0.2), (0.8, 0.1)), "depends"),  # less than matters
        (((0.9, 0.4), (0.2, 0.5), (0.3, 0.2), (0.8, 0.1)), "depends"),
        (((0.9, 0.9), (0.2, 0.5), [(0.2, 0.2), (0.9, 0.2), (0.4, 0.2)], (0.8, 0.1)), "undecided"),
        (((0.9, 0.1), (0.8, 0.2), (0.9, 0.2), (0.7, 0.1)), "fails"),
    ],
)
def test_momentum_sets_how_much_recent_values_weigh(lags, expected):
    arms = [
        runs("momentum", **NORMALIZED, momentum=momentum, lag=lag)
        for momentum, lag in zip((0.0, 0.9, 0.99, 0.999), lags, strict=True)
    ]
    assert judge(momentum.CLAIM.stated, evidence(*arms), momentum.CLAIM) == expected


LOST = [0.9753, 0.9744, 0.9751, 0.9748, 0.9746]  # 7 to 16 images of 10,000 fewer than 97.6%


@pytest.mark.parametrize(
    ("accuracy", "gained", "lost", "expected"),  # by moving averages; images by test mini-batches
    [
        (0.9760, 30, 30, "holds"),
        (0.9770, 10, 90, "holds"),
        ([0.9759, 0.9761, 0.9760, 0.9758, 0.9760], 30, 30, "holds"),  # one image on average
        (LOST, 40, 20, "fails"),
        (LOST, 30, 30, "depends"),
        (0.9760, 40, 20, "depends"),
        ([0.96, 0.98, 0.97, 0.98, 0.99], 30, 30, "undecided"),
        ([0.9748, 0.9750, 0.9752, 0.9754, 0.9756], 34, 30, "undecided"),  # 4 and 8 images are too few
    ],
)
def test_stored_statistics_cost_no_accuracy(accuracy, gained, lost, expected):
    told = {"accuracy": accuracy, "population_accuracy": 0.9760, "test_batch_gained": gained, "test_batch_lost": lost}
    found = evidence(runs("depth", **NORMALIZED, seeds=5, **told))
    assert judge(training_only.CLAIM.meant, found, training_only.CLAIM) == expected


def test_images_that_change_are_counted_over_seeds():
    told = {"population_accuracy": 0.976, "test_batch_gained": [9, 0, 0], "test_batch_lost": [0, 0, 1]}
    entry = training_only.CLAIM.meant.judge(evidence(runs("depth", **NORMALIZED, accuracy=0.976, **told)))
    (counted,) = (part for part in entry["parts"] if part["name"] == training_only.CHANGED)
    assert (counted["estimate"], counted["counts"]) == (0.9, False)
    assert counted["low"] == pytest.approx(0.555, abs=0.001)  # Clopper and Pearson's tables, 9 of 10
    assert counted["so"] is False


def test_a_run_that_diverged_leaves_a_loss_undecided():
    told = {"accuracy": 0.976, "population_accuracy": 0.976, "test_batch_gained": 0, "test_batch_lost": 0}
    found = evidence(
        runs("depth", **NORMALIZED, depth=1, **told),
        runs("depth", **NORMALIZED, depth=3, **told | {"diverged_at": [None, 200, None]}),
    )
    assert judge(training_only.CLAIM.meant, found, training_only.CLAIM) == "undecided"
