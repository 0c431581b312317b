"""Each rule against runs whose right verdict is known: one at least for every verdict that it can give."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bnrepro.claims import ledger
from bnrepro.claims.engine import NotTested
from bnrepro.claims.statistics import less
from bnrepro.study import params
from tests.claims.lesson import BUDGET, GRID, NEVER, NORMALIZED, PLAIN, RATE, evidence, of_the_grids, runs

CLAIMS = {claim.id: claim for claim in ledger.LESSON}


def verdict(claim, *arms):
    return CLAIMS[claim].judge(evidence(*arms))["verdict"]


# --- the lesson's first part ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "deepest", "expected"),
    [
        ((200, 500, NEVER), {}, "holds"),
        ((200, NEVER, NEVER), {}, "holds"),  # of two that do not arrive nothing can be said
        ((NEVER, NEVER), {"before": 0.29}, "holds"),
        ((200, 500), {}, "mixed"),  # slower, and trains all the same
        ((200, 500, NEVER), {"before": 0.5}, "mixed"),  # does not arrive, but leaves chance
        ((NEVER, NEVER), {"before": [0.1, 0.1, 0.5]}, "mixed"),
        ((NEVER, 500, NEVER), {}, "mixed"),
        ((200, 250, NEVER), {}, "mixed"),  # one evaluation later
        (([200, 500, 200], [500, 200, 500], NEVER), {}, "mixed"),
        ((150, [200, 900, 200], NEVER), {}, "mixed"),  # later by 283 on average, with an error of 233
        ((500, 200), {}, "fails"),
        ((NEVER, 500), {}, "fails"),
        ((NEVER, NEVER), {"before": 0.5}, "fails"),
    ],
)
def test_depth_slows(steps, deepest, expected):
    arms = [runs("depth", **PLAIN, depth=1 + 2 * i, steps=own) for i, own in enumerate(steps[:-1])]
    arms.append(runs("depth", **PLAIN, depth=2 * len(steps) - 1, steps=steps[-1], **deepest))
    faster = runs("depth", **NORMALIZED, depth=2 * len(steps) - 1, steps=100)  # is not looked at
    assert verdict("depth-slows", *arms, faster) == expected


@pytest.mark.parametrize(
    ("shallow", "deep", "normalized", "expected"),
    [
        ((0.1, 0.2), (0.1, 0.6), (0.0, 0.1), "holds"),
        ((0.1, 0.2), (0.1, 0.6), (0.9, 0.1), "holds"),  # with it, the start does not matter
        ((0.1, 0.2), (0.1, 0.6), (0.0, 0.9), "mixed"),
        ((0.3, 0.2), (0.1, 0.6), (0.0, 0.1), "mixed"),
        ((0.1, 0.6), (0.1, 0.2), (0.0, 0.1), "mixed"),
        ((0.1, 0.3), (0.1, (0.0, 0.0, 0.0, 0.0, 1.0)), (0.0, 0.1), "mixed"),  # deeper: 1 of one layer, 0.2 of all
        ([(0.1, 0.11), (0.1, 0.2), (0.1, 0.9)], (0.1, 0.95), (0.0, 0.0), "mixed"),  # more, but within two errors
        ((0.6, 0.4), (0.6, 0.2), (0.0, 0.9), "fails"),
        ((0.1, 0.105), (0.1, 0.109), (0.1, 0.1), "fails"),  # by less than a hundredth, but always
    ],
)
def test_saturation(shallow, deep, normalized, expected):
    arms = [*both_arms(1, {"saturated": shallow}, {"saturated": normalized})]
    arms += [*both_arms(5, {"saturated": deep}, {"saturated": normalized})]
    assert verdict("saturation", *arms) == expected


def both_arms(depth, plain, normalized):
    """Networks of study `depth` that arrive, if nothing else is told."""
    yield runs("depth", **PLAIN, depth=depth, **{"steps": 500} | plain)
    yield runs("depth", **NORMALIZED, depth=depth, **{"steps": 200} | normalized)


@pytest.mark.parametrize(
    ("plain", "normalized", "expected"),
    [
        ({"travelled": (1.0, 2.0, 3.0)}, {"travelled": 0.5}, "holds"),
        ({"travelled": (1.0, 2.0, 3.0)}, {"travelled": (0.5, 0.5, 4.0)}, "mixed"),
        ({"travelled": [1.0, 1.0, 0.4]}, {"travelled": 0.5}, "mixed"),
        ({"travelled": [0.6, 0.6, 3.0]}, {"travelled": 0.5}, "mixed"),  # less by 0.9 on average, with an error of 0.8
        ({"travelled": 1.0}, {"travelled": 0.5, "spread": 0.5}, "mixed"),  # half as far, and twice as far in spreads
        ({"travelled": 1.0, "spread": 4.0}, {"travelled": 2.0, "spread": 10.0}, "mixed"),
        ({"travelled": 0.5}, {"travelled": (1.0, 2.0, 3.0)}, "fails"),
    ],
)
def test_covariate_shift(plain, normalized, expected):
    assert verdict("covariate-shift", *both_arms(3, plain, normalized)) == expected


@pytest.mark.parametrize("late", [{"steps": NEVER}, {"steps": [200, 200, NEVER]}])
@pytest.mark.parametrize("arm", ["plain", "normalized"])
@pytest.mark.parametrize("claim", ["saturation", "covariate-shift"])
def test_networks_that_do_not_arrive_are_not_compared(claim, arm, late):
    """They may well stand still, and would make a verdict of `holds` a mixed one."""
    moving, still = {"travelled": 1.0, "saturated": (0.1, 0.5)}, {"travelled": 0.1, "saturated": 0.1}
    told = {"plain": still, "normalized": moving}
    told[arm] = told[arm] | late
    deep = [*both_arms(5, **told)]
    assert verdict(claim, *deep) == "not tested"
    assert verdict(claim, *both_arms(3, moving, still), *deep) == "holds"


@pytest.mark.parametrize(
    ("third", "tenth", "expected"),
    [
        ({"jumped": 2.0, "steps": 600}, {"jumped": 1.0, "steps": 900}, "holds"),
        ({"jumped": (4.0, 1.0, 1.0), "steps": 600}, {"jumped": 1.0, "steps": 900}, "holds"),  # 2 over layers
        ({"jumped": 2.0, "steps": 600}, {"jumped": 4.0}, "holds"),  # at chance, shift is not compared
        ({"jumped": 2.0, "steps": 600}, {"jumped": 4.0, "before": [0.5, 0.5, 0.1]}, "holds"),
        ({"jumped": 2.0, "steps": 600}, {"jumped": 4.0, "before": 0.5}, "mixed"),
        ({"jumped": 2.0, "steps": 350}, {"jumped": 1.0, "steps": 900}, "mixed"),  # one evaluation later
        ({"jumped": [2.0, 2.0, 3.5], "steps": 600}, {"jumped": 1.0, "steps": 900}, "mixed"),
        ({"jumped": 4.0, "steps": 100}, {"jumped": 5.0, "steps": 100}, "fails"),
    ],
)
def test_small_learning_rate(third, tenth, expected):
    assert verdict("small-learning-rate", *at_rates(third, tenth)) == expected


def at_rates(third, *tenth):
    own = {"jumped": 3.0, "steps": 300}
    arms = [
        runs("learning_rate", **PLAIN, learning_rate=RATE * times, **told)
        for times, told in zip((1, 0.3333, 0.1), (own, third, *tenth), strict=False)
    ]
    return [*arms, runs("depth", **PLAIN)]  # which has the dataset's rate


def test_a_rate_that_was_not_run_is_named():
    entry = CLAIMS["small-learning-rate"].judge(evidence(*at_rates({"jumped": 2.0, "steps": 600})))
    assert entry["verdict"] == "not tested"
    assert f"{RATE / 10:g}" in entry["reason"]


@pytest.mark.parametrize(
    ("a_fifth", "half", "expected"),  # cosine and training accuracy, against 0 and 0.95 without dropout
    [
        ((0.5, 0.92), (0.9, 0.80), "holds"),
        (((0.5, -0.1), 0.92), (0.9, 0.80), "holds"),  # 0.2 over training
        ((0.5, 0.96), (0.9, 0.80), "mixed"),
        ((-0.5, 0.92), (0.9, 0.80), "mixed"),
        ((0.5, 0.943), (0.9, 0.80), "mixed"),  # lower by 0.7 points: 2,500 training images scatter by twice 0.44
        ((0.5, [0.80, 0.94, 0.94]), (0.9, 0.80), "mixed"),
        ((0.5, [0.96, 0.92, 0.92]), (0.9, 0.80), "mixed"),
        ((-0.5, 0.96), (-0.9, 0.97), "fails"),
    ],
)
def test_dropout(a_fifth, half, expected):
    arms = [
        runs("dropout", **PLAIN, dropout=rate, steps=300, cosine=cosine, training_accuracy=accuracy)
        for rate, (cosine, accuracy) in ((0.0, (0.0, 0.95)), (0.2, a_fifth), (0.5, half))
    ]
    assert verdict("dropout", *arms) == expected


@pytest.mark.parametrize(
    ("half", "expected"),
    [
        ({"steps": 300, "cosine": -0.9}, "mixed"),
        ({"cosine": -0.9}, "holds"),  # at chance it is not compared
        ({"steps": 300, "cosine": 0.9, "training_accuracy": 0.8, "diverged_at": [NEVER, NEVER, 600]}, "mixed"),
    ],
)
def test_dropout_with_which_a_network_does_not_train(half, expected):
    arms = [
        runs("dropout", **PLAIN, dropout=0.0, steps=300, cosine=0.0, training_accuracy=0.95),
        runs("dropout", **PLAIN, dropout=0.2, steps=300, cosine=0.5, training_accuracy=0.92),
        runs("dropout", **PLAIN, dropout=0.5, **half),
    ]
    assert verdict("dropout", *arms) == expected


# --- the second part --------------------------------------------------------------------------------------------------


OFF = {"zscore_mean": 0.5, "zscore_variance_error": 0.5, "zscore_variance_median": 0.5}


@pytest.mark.parametrize(
    ("keras", "core", "expected"),
    [
        ({}, {}, "holds"),
        ({}, OFF, "mixed"),
        ({}, {"zscore_mean": [0.0, 0.0, 0.5]}, "mixed"),  # no run may be off
        ({}, {"zscore_variance_error": [0.0, 0.0, 0.5]}, "mixed"),
        ({}, {"zscore_variance_median": [0.99, 0.99, 0.9]}, "mixed"),
        (OFF, OFF, "fails"),
    ],
)
def test_zscore(keras, core, expected):
    arms = [
        *(runs("depth", **NORMALIZED, **keras), runs("depth", **NORMALIZED, implementation="core_estimator", **core)),
        *(runs("depth", **PLAIN), runs("placement", **NORMALIZED, placement="after", **OFF)),  # are not looked at
    ]
    assert verdict("zscore", *arms) == expected


@pytest.mark.parametrize("elsewhere", [[], runs("placement", **NORMALIZED, placement="after")])
def test_without_batch_normalization_there_is_no_zscore(elsewhere):
    assert verdict("zscore", runs("depth", **PLAIN), elsewhere) == "not tested"


@pytest.mark.parametrize(
    ("plain", "normalized", "expected"),  # of the first layer, the one between, which is not looked at, and the last
    [
        ((0.1, 9.0, 1.0), (1.0, 1.0, 1.0), "holds"),
        ((0.1, 9.0, 0.1), (1.0, 1.0, 1.0), "mixed"),  # larger, and no more than the last layer's
        ((0.5, 9.0, 1.0), (0.1, 1.0, 0.1), "mixed"),  # the other way round
        ([(0.1, 9.0, 1.0), (0.1, 9.0, 1.0), (3.0, 9.0, 1.0)], (1.0, 1.0, 1.0), "mixed"),
        ([(0.9, 9.0, 1.0), (0.9, 9.0, 1.0), (0.1, 9.0, 1.0)], (1.0, 1.0, 1.0), "mixed"),  # less by 0.37, error 0.27
        ((1.0, 9.0, 1.0), (0.1, 1.0, 1.0), "fails"),
    ],
)
def test_gradients(plain, normalized, expected):
    plain = [(one, one) for one in plain] if isinstance(plain, list) else (plain, plain)
    arms = runs("depth", **PLAIN, gradient=plain), runs("depth", **NORMALIZED, gradient=(normalized, normalized))
    assert verdict("gradients", *arms) == expected


@pytest.mark.parametrize(
    ("plain", "normalized", "expected"),
    [
        ((0.3, 0.1), (0.4, 0.2), "holds"),  # one layer: there is no ratio
        ((0.3, 0.1), (0.4, 0.05), "mixed"),  # early, and not late
        ((0.3, 0.1), (0.2, 0.2), "mixed"),
        ((0.3, 0.1), (0.2, 0.05), "fails"),
    ],
)
def test_gradients_early_and_late(plain, normalized, expected):
    arms = [runs("depth", **PLAIN, depth=1, gradient=plain), runs("depth", **NORMALIZED, depth=1, gradient=normalized)]
    assert verdict("gradients", *arms) == expected


@pytest.mark.parametrize(
    ("keras", "canned", "expected"),
    [
        ((200, 500), (200, NEVER), "holds"),
        ((200, 500), (500, 200), "mixed"),
        ((200, 500), (200, 250), "mixed"),  # one evaluation earlier
        ((200, 500), (NEVER, NEVER), "mixed"),
        (([200, 500, 200], [500, 200, 500]), (200, 500), "mixed"),
        ((500, 200), (NEVER, 800), "fails"),
        ((500, 200), (NEVER, NEVER), "fails"),  # what does not arrive is not faster
    ],
)
def test_fewer_iterations(keras, canned, expected):
    arms = [
        runs("depth", normalization=normalization, implementation=implementation, depth=5, steps=steps)
        for implementation, both in (("keras", keras), ("canned_estimator", canned))
        for normalization, steps in zip(("batch", "none"), both, strict=True)
    ]
    assert verdict("fewer-iterations", *arms) == expected


@pytest.mark.parametrize("diverged_at", [20, 120])  # before its first evaluation, and after it
def test_a_run_that_diverges_takes_the_budget_not_the_steps_to_its_end(diverged_at):
    plain, diverged = runs("depth", **PLAIN, steps=500), runs("depth", **NORMALIZED, diverged_at=diverged_at)
    assert verdict("fewer-iterations", plain, diverged) == "fails"
    np.testing.assert_array_equal(evidence(diverged).steps("depth", **NORMALIZED), [BUDGET] * 3)


def test_a_seed_that_diverges_is_a_pair_like_any_other():
    plain = runs("depth", **PLAIN, steps=500)
    diverged = runs("depth", **NORMALIZED, steps=[200, 200, NEVER], diverged_at=[NEVER, NEVER, 120])
    assert verdict("fewer-iterations", plain, diverged) == "mixed"


def test_the_start_is_no_evaluation_to_arrive_at():
    np.testing.assert_array_equal(evidence(runs("depth", **PLAIN, steps=0)).steps("depth", **PLAIN), [GRID] * 3)


def test_a_seed_without_a_partner_leaves_it_open():
    """It may be the one that is as fast, or the one that diverged."""
    plain = runs("depth", **PLAIN, seeds=5, steps=[500, 500, 500, 500, 100])
    assert verdict("fewer-iterations", plain, runs("depth", **NORMALIZED, seeds=4, steps=200)) == "mixed"


@pytest.mark.parametrize(
    ("five", "thirty", "plain", "expected"),
    [
        (100, 200, {}, "holds"),
        (100, 200, {"diverged_at": 120}, "holds"),
        (100, 200, {"steps": [NEVER, NEVER, 900]}, "mixed"),
        (100, 200, {"steps": 900}, "mixed"),
        (100, 250, {}, "mixed"),  # one evaluation earlier
        (100, NEVER, {}, "mixed"),
        ([100, 100, 500], 200, {}, "mixed"),
        (500, NEVER, {"steps": 300}, "fails"),
        (500, NEVER, {"steps": [300, NEVER, NEVER]}, "mixed"),  # that no run arrives is neither so nor not so
    ],
)
def test_higher_learning_rate(five, thirty, plain, expected):
    arms = [
        runs("learning_rate", **NORMALIZED, learning_rate=RATE * times, population_steps=steps, steps=600)
        for times, steps in ((1, 300), (5, five), (30, thirty))
    ]
    arms += [runs("learning_rate", **PLAIN, learning_rate=RATE, steps=700)]
    arms += [runs("learning_rate", **PLAIN, learning_rate=RATE * 30, **plain)]
    assert verdict("higher-learning-rate", *arms, runs("depth", **PLAIN)) == expected


@pytest.mark.parametrize(("own", "expected"), [(700, "holds"), ([700, NEVER, 700], "not tested")])
def test_higher_rates_are_compared_where_the_own_one_trains(own, expected):
    arms = [
        runs("learning_rate", **NORMALIZED, learning_rate=RATE * times, steps=steps)
        for times, steps in ((1, 300), (5, 100), (30, 200))
    ]
    arms += [runs("learning_rate", **PLAIN, learning_rate=RATE, steps=own)]
    arms += [runs("learning_rate", **PLAIN, learning_rate=RATE * 30)]
    assert verdict("higher-learning-rate", *arms, runs("depth", **PLAIN)) == expected


@pytest.mark.parametrize(
    ("at_5", "at_7", "expected"),  # accuracy without it, steps with it
    [
        ((0.1, 300), (0.1, 800), "holds"),
        ((0.5, NEVER), (0.1, 800), "holds"),  # at depth 5 it trains without, too
        ((0.1, 300), (0.1, [300, 300, NEVER]), "mixed"),
        ((0.5, 300), (0.1, [300, NEVER, NEVER]), "mixed"),
        ((0.1, 300), (0.1, NEVER), "mixed"),
        ((0.1, NEVER), ([0.1, 0.1, 0.5], 300), "fails"),  # at depth 7 it trains without, once
        ((0.1, NEVER), (0.1, NEVER), "fails"),
        ((0.5, 300), ([0.1, 0.1, 0.5], 300), "not tested"),
    ],
)
def test_sigmoid_trains(at_5, at_7, expected):
    arms = []
    for depth, (best, steps) in ((5, at_5), (7, at_7)):
        arms += [*both_arms(depth, {"steps": NEVER, "before": best}, {"steps": steps})]
    assert verdict("sigmoid-trains", *arms) == expected


# --- the third part ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flag", "population", "without", "expected"),
    [
        (200, 200, 500, "holds"),
        (200, 150, 500, "holds"),  # by population statistics one evaluation earlier: no fewer
        ([200, 300, 250], [250, 150, 250], 800, "holds"),  # nor are they where pairs disagree: 33 on average
        (400, 150, 700, "mixed"),  # users get it late
        ([200, 200, 900], 150, NEVER, "mixed"),  # later by 283 on average, with an error of 233
        (500, 500, 300, "mixed"),
        ([200, 800, 200], [200, 800, 200], 500, "mixed"),
        (900, 150, 500, "fails"),
        (NEVER, NEVER, 500, "fails"),  # nothing was learned that users could get late
    ],
)
def test_canned_flag(flag, population, without, expected):
    canned = {"implementation": "canned_estimator"}
    arms = [
        runs("depth", **NORMALIZED, **canned, steps=flag, population_steps=population),
        runs("depth", **PLAIN, **canned, steps=without),
        *(runs("depth", **NORMALIZED, steps=900), runs("depth", **PLAIN, steps=100)),  # another's are not looked at
    ]
    assert verdict("canned-flag", *arms) == expected


@pytest.mark.parametrize(
    ("normalized", "omitted", "expected"),
    [
        (200, 0.97, "holds"),
        (200, 0.95, "holds"),
        (200, 0.947, "holds"),  # as many images scatter by it
        (200, 0.94, "mixed"),
        (200, [0.90, 0.95, 0.95], "mixed"),  # lower by 1.7 points, with an error of 1.7
        (500, 0.95, "mixed"),
        (250, 0.95, "mixed"),  # one evaluation earlier
        (500, 0.94, "fails"),
    ],
)
def test_keras_layer(normalized, omitted, expected):
    arms = [runs("depth", **NORMALIZED, steps=normalized), runs("depth", **PLAIN, steps=300)]
    for implementation, accuracy in (("keras_estimator", omitted), ("core_estimator", 0.7)):
        own = {"implementation": implementation, **NORMALIZED}
        arms += [runs("updates", **own, updates="run", accuracy=0.95)]
        arms += [runs("updates", **own, updates="omitted", accuracy=accuracy)]
    assert verdict("keras-layer", *arms) == expected


@pytest.mark.parametrize(
    ("accuracy", "population", "lag", "expected"),  # against 0.95, 0.95 and 0.1 where they are run
    [
        (0.5, 0.95, 5.0, "holds"),
        (0.5, [0.949, 0.95, 0.952], (0.0, 5.0), "holds"),  # of the lag, the end counts
        ([0.1, 0.5, 0.9], 0.95, 5.0, "mixed"),  # lower by 45 points, with an error of 23
        (0.947, 0.95, 5.0, "mixed"),  # as many images scatter by it
        (0.5, 0.94, 5.0, "mixed"),
        (0.5, 0.96, 5.0, "mixed"),
        (0.5, 0.95, (5.0, 0.05), "mixed"),
        (0.5, 0.95, [0.2, 0.2, 0.05], "mixed"),
        (0.96, 0.94, 0.05, "fails"),
        (0.96, 0.96, 0.05, "fails"),
    ],
)
def test_update_ops(accuracy, population, lag, expected):
    core = {"implementation": "core_estimator", **NORMALIZED}
    arms = [
        runs("updates", **core, updates="run", accuracy=0.95, population_accuracy=0.95, lag=0.1),
        runs("updates", **core, updates="omitted", accuracy=accuracy, population_accuracy=population, lag=lag),
    ]
    assert verdict("update-ops", *arms) == expected


@pytest.mark.parametrize(
    ("lags", "expected"),  # of momentum 0, 0.9, 0.99 and 0.999: early and at the end
    [
        (((0.9, 0.9), (0.2, 0.5), (0.3, 0.2), (0.8, 0.1)), "holds"),
        (((0.0, 0.9), (0.3, 0.5), (0.2, 0.2), (0.8, 0.9)), "holds"),  # some are not compared
        (((0.9, 0.9), (0.2, 0.1), (0.3, 0.2), (0.8, 0.1)), "mixed"),
        (((0.9, 0.9), (0.2, 0.5), (0.9, 0.2), (0.8, 0.1)), "mixed"),
        (((0.9, 0.9), [(0.2, 0.5), (0.2, 0.5), (0.9, 0.5)], (0.3, 0.2), (0.8, 0.1)), "mixed"),
        (((0.9, 0.1), (0.8, 0.2), (0.3, 0.9), (0.2, 0.1)), "fails"),
    ],
)
def test_momentum(lags, expected):
    arms = [
        runs("momentum", **NORMALIZED, momentum=momentum, lag=lag)
        for momentum, lag in zip((0.0, 0.9, 0.99, 0.999), lags, strict=True)
    ]
    assert verdict("momentum", *arms) == expected


@pytest.mark.parametrize(
    ("ema", "population", "by_batch", "expected"),
    [
        (0.95, 0.95, 0.95, "holds"),
        (0.97, 0.95, 0.94, "holds"),
        (0.948, 0.95, 0.951, "holds"),  # as many images scatter by it
        ([0.93, 0.96, 0.96], 0.95, 0.95, "holds"),
        ([0.90, 0.96, 0.96], 0.95, 0.90, "mixed"),  # lower by 1 point, and not in all pairs
        (0.90, 0.95, 0.90, "mixed"),
        (0.90, 0.90, 0.95, "mixed"),
        (0.90, 0.95, 0.95, "fails"),
    ],
)
def test_training_only(ema, population, by_batch, expected):
    accuracies = {"accuracy": ema, "population_accuracy": population, "test_batch_accuracy": by_batch}
    assert verdict("training-only", runs("depth", **NORMALIZED, folded_difference=0.5, **accuracies)) == expected


# --- the last part ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "weight", "own", "expected"),  # against 500 of sigmoid units, and 300 of ReLU units
    [
        (200, 400, 100, "holds"),
        (200, 400, 400, "mixed"),  # than sigmoid units, but not than its own kind
        (200, 450, 100, "mixed"),  # one evaluation earlier
        (200, NEVER, 100, "mixed"),
        ([200, 600, 200], 400, 100, "mixed"),
        (900, NEVER, 400, "fails"),
    ],
)
def test_alternatives(layer, weight, own, expected):
    arms = [
        runs("alternatives", normalization="layer", activation="sigmoid", steps=layer),
        runs("alternatives", normalization="weight", activation="sigmoid", steps=weight),
        runs("alternatives", normalization="self", activation="selu", steps=own),
        runs("alternatives", **PLAIN, activation="sigmoid", steps=500),
        runs("alternatives", **PLAIN, activation="relu", steps=300),
        runs("alternatives", normalization="layer", activation="relu", steps=50),  # is not looked at
    ]
    assert verdict("alternatives", *arms) == expected


def tuned(normalization, *steps):
    """An arm at 1, 5 and 30 times the rate: steps on test images, or these and those on held-out images."""
    arms = []
    for times, own in zip((1, 5, 30), steps, strict=True):
        told = dict(zip(("steps", "validation_steps"), own if isinstance(own, tuple) else (own,), strict=False))
        arms += runs("learning_rate", normalization=normalization, learning_rate=RATE * times, **told)
    return arms


@pytest.mark.parametrize(
    ("batch", "none", "expected"),
    [
        ((500, 300, 100), (500, 400, NEVER), "holds"),
        ((200, 200, (600, 200)), (400, 400, (100, 400)), "holds"),  # of equals the lower
        ((500, 300, 100), (500, 150, NEVER), "mixed"),  # one evaluation earlier
        ((500, 300, [100, 500, 100]), (500, 450, NEVER), "mixed"),
        ((500, 300, 200), (500, 100, NEVER), "fails"),
        (((100, 500), 300, (700, 100)), (500, 400, NEVER), "fails"),  # chosen by held-out images alone
        ((500, 300, [NEVER, 100, 100]), (500, 200, NEVER), "fails"),  # 400 on average: not the rate of the fastest run
        ((500, 300, 100), (NEVER, NEVER, NEVER), "not tested"),
        ((NEVER, NEVER, NEVER), (500, 300, 100), "not tested"),
    ],
)
def test_best_against_best(batch, none, expected):
    assert verdict("best-against-best", tuned("batch", *batch), tuned("none", *none)) == expected


@pytest.mark.parametrize(
    ("steady", "shifting", "expected"),  # against 500 without batch normalization
    [
        (200, 800, "holds"),
        (200, 500, "holds"),  # all of the advantage goes, and no more
        (200, 450, "holds"),  # one evaluation earlier is no fewer
        (200, [300, 800, 800], "holds"),  # nor is it where pairs disagree: later by 133 on average
        (200, [100, 800, 300], "mixed"),  # earlier by 100 on average
        (800, 800, "mixed"),  # it is the noise, and not that it shifts
        (450, 800, "mixed"),
        (400, 450, "mixed"),
        (NEVER, NEVER, "mixed"),
        (200, 300, "fails"),  # an advantage is left
        (900, 300, "fails"),
    ],
)
def test_cause(steady, shifting, expected):
    assert verdict("cause", *noisy(steady, shifting)) == expected


def noisy(steady, shifting, jumped=2.0):
    """Steps by population statistics, with noise; by moving averages they say something else."""
    arms = [
        runs("noise", **NORMALIZED, noise=kind, population_steps=own, steps=400, jumped=jumped)
        for kind, own in (("none", 100), ("steady", steady), ("shifting", shifting))
    ]
    return [*arms, runs("noise", **PLAIN, noise="none", steps=500, jumped=1.0)]


@pytest.mark.parametrize(
    ("jumped", "expected"),
    [
        (1.1, "holds"),
        ((0.5, 0.5, 2.6), "holds"),  # 1.2 over layers
        (1.0, "not tested"),
        (0.9, "not tested"),
        ([0.9, 2.0, 2.0], "not tested"),
    ],
)
def test_the_cause_is_tested_where_noise_brings_the_shift_back(jumped, expected):
    assert verdict("cause", *noisy(200, 800, jumped)) == expected


# --- what all rules share ---------------------------------------------------------------------------------------------


def trained(spec):
    """Sigmoid networks without normalization arrive up to depth 3, all others do at any; noise moves inputs."""
    arrives = 200 if spec.normalization != "none" else 500 if spec.depth <= 3 else NEVER
    return {"steps": arrives, "jumped": 2.0 if spec.noise == "shifting" else 1.0}


@pytest.fixture(scope="module")
def shipped():
    """Every run of the studies in params.yaml."""
    return evidence(*of_the_grids(params.load(Path(__file__).parents[2] / "params.yaml"), trained))


def test_the_studies_of_params_yaml_have_the_runs_that_the_rules_look_at(shipped):
    entries = ledger.judge(shipped)
    assert {entry["id"]: entry["reason"] for entry in entries if entry["verdict"] == "not tested"} == {}


LOOKED_AT = {
    "depth": {
        *("depth-slows", "saturation", "covariate-shift", "small-learning-rate"),
        *("zscore", "gradients", "fewer-iterations", "higher-learning-rate", "sigmoid-trains"),
        *("canned-flag", "keras-layer", "training-only"),
    },
    "learning_rate": {"small-learning-rate", "higher-learning-rate", "best-against-best"},
    "dropout": {"dropout"},
    "updates": {"keras-layer", "update-ops"},
    "momentum": {"momentum"},
    "alternatives": {"alternatives"},
    "noise": {"cause"},
    "placement": set(),
}


@pytest.mark.parametrize(("study", "claims"), LOOKED_AT.items())
def test_without_a_study_what_rests_on_it_is_not_tested(shipped, study, claims):
    tables = {name: getattr(shipped, name) for name in ("curves", "finals", "layers")}
    left = {name: table[table["study"] != study] for name, table in tables.items()}
    entries = ledger.judge(replace(shipped, **left))
    reasons = {entry["id"]: entry["reason"] for entry in entries if entry["verdict"] == "not tested"}
    assert reasons.keys() == claims
    assert all(reason == "there is nothing to compare in the runs" or study in reason for reason in reasons.values())


def test_a_factor_that_a_study_does_not_cross_is_named():
    entry = CLAIMS["cause"].judge(evidence(runs("noise", **NORMALIZED)))
    assert entry["verdict"] == "not tested"
    assert entry["reason"] == "study noise does not cross noise"


def test_a_comparison_needs_two_seeds():
    arms = runs("depth", **NORMALIZED, seeds=1, steps=200), runs("depth", **PLAIN, seeds=1, steps=500)
    entry = CLAIMS["fewer-iterations"].judge(evidence(*arms))
    assert entry["verdict"] == "not tested"
    assert "two seeds" in entry["reason"]


@pytest.mark.parametrize(
    ("first", "second", "error", "resolution", "expected"),
    [
        ([1, 2, 3], [2, 3, 4], 0, 0, True),
        ([2, 3, 4], [1, 2, 3], 0, 0, False),
        ([1, 2, 3], [1, 2, 3], 0, 0, None),
        ([1, 2, 5], [2, 3, 4], 0, 0, None),  # one pair the other way
        ([1, 2, 3, 4], [3, 4, 5, 4], 0, 0, True),  # one that is equal: 1.5 on average, with a standard error of 0.5
        ([1, 1, 1], [1.1, 1.1, 3], 0, 0, None),  # 0.73 on average, with a standard error of 0.63
        ([1, 1, 1], [2.9, 2.9, 3.1], 0, 0, True),
        ([1, 2, 3], [2, 3, 4], 0.51, 0, None),
        ([1, 2, 3], [2, 3, 4], 0.49, 0, True),
        ([1, 2, 3], [2, 3, 4], 0, 1, None),
        ([1, 2, 3], [2, 3, 4], 0, 0.99, True),
        ([1, 2, np.nan], [2, 3, 4], 0, 0, None),  # what diverged has no number
        ([1, 2, 3], [2, 3, np.nan], 0, 0, None),
    ],
)
def test_less(first, second, error, resolution, expected):
    assert less(pd.Series(first), pd.Series(second), error, resolution) is expected


def test_pairs_are_of_the_same_seed_whatever_their_order():
    first = pd.Series({0: 1.0, 1: 11.0, 2: 21.0})
    assert less(first, pd.Series({2: 22.0, 1: 12.0, 0: 2.0})) is True
    assert less(first, pd.Series({2: 22.0, 1: 12.0, 0: 2.0, 7: -99.0})) is None
    with pytest.raises(NotTested, match="two seeds"):
        less(first[:1], pd.Series({0: 2.0}))
