"""The lesson's second part, what batch normalization does: each rule against runs whose right verdict is known."""

import pytest

from bnrepro.claims.lesson import gradients, higher_learning_rate, sigmoid_trains, zscore
from tests.claims.lesson import NEVER, NORMALIZED, PLAIN, RATE, both_arms, evidence, judge, runs


def verdict(claim, which, *arms):
    """As stated or as meant; the words are those of the last of the two."""
    return judge(getattr(claim, which), evidence(*arms), claim if which == "meant" or not claim.meant else None)


@pytest.mark.parametrize(
    ("at_3", "at_5", "expected"),  # norms of kernels; of one unit, so that each is a weight
    [
        (1.0, 1.05, "holds"),
        (1.0, 0.1, "depends"),
        (1.0, [0.9, 1.1, 1.2], "undecided"),
        (0.1, 5.0, "fails"),
    ],
)
def test_weights_as_zscores(at_3, at_5, expected):
    arms = [runs("depth", **NORMALIZED, depth=depth, weights=norm) for depth, norm in ((1, 1.0), (3, at_3), (5, at_5))]
    assert verdict(zscore.CLAIM, "stated", *arms, runs("depth", **PLAIN, weights=7.0)) == expected


OFF = {"zscore_mean": 0.5, "zscore_variance_error": 0.5, "zscore_variance_median": 0.5}


@pytest.mark.parametrize(
    ("shallow", "deep", "expected"),
    [
        ({}, {}, "holds"),
        ({}, OFF, "depends"),
        ({}, {"zscore_mean": [0.0, 0.0, 0.5]}, "undecided"),
        ({}, {"zscore_variance_error": [0.4, 0.5, 0.5]}, "depends"),
        ({}, {"zscore_variance_median": [0.90, 0.91, 0.9]}, "depends"),
        (OFF, OFF, "fails"),
    ],
)
def test_zscores_of_units(shallow, deep, expected):
    arms = [
        *(runs("depth", **NORMALIZED, depth=1, **shallow), runs("depth", **NORMALIZED, **deep)),
        *(runs("depth", **PLAIN), runs("placement", **NORMALIZED, placement="after", **OFF)),  # are not looked at
    ]
    assert verdict(zscore.CLAIM, "meant", *arms) == expected


@pytest.mark.parametrize("elsewhere", [[], runs("placement", **NORMALIZED, placement="after")])
def test_without_batch_normalization_there_is_no_zscore(elsewhere):
    for which in ("stated", "meant"):
        assert verdict(zscore.CLAIM, which, runs("depth", **PLAIN), elsewhere) == "not tested"


@pytest.mark.parametrize(
    ("plain", "normalized", "expected"),  # of the first layer, the one between, which is not looked at, and the last
    [
        ((0.1, 9.0, 1.0), (1.0, 1.0, 1.0), "holds"),
        ((0.1, 9.0, 0.1), (1.0, 1.0, 1.0), "holds"),  # that it is no more than the last layer's stands beside
        ((0.5, 9.0, 1.0), (0.1, 1.0, 0.1), "fails"),  # the other way round
        ([(0.1, 9.0, 1.0), (0.1, 9.0, 1.0), (3.0, 9.0, 1.0)], (1.0, 1.0, 1.0), "undecided"),
        ((1.0, 9.0, 1.0), (0.1, 1.0, 1.0), "fails"),
        ((1.0, 9.0, 1.0), (1.05, 1.0, 1.0), "fails"),  # too little to matter
    ],
)
def test_gradients(plain, normalized, expected):
    plain = [(one, one) for one in plain] if isinstance(plain, list) else (plain, plain)
    arms = runs("depth", **PLAIN, gradient=plain), runs("depth", **NORMALIZED, gradient=(normalized, normalized))
    assert verdict(gradients.CLAIM, "stated", *arms) == expected


@pytest.mark.parametrize(
    ("plain", "normalized", "expected"),
    [
        ((0.3, 0.1), (0.4, 0.2), "holds"),  # one layer: there is no ratio
        ((0.3, 0.1), (0.4, 0.05), "depends"),  # early, and not late
        ((0.3, 0.1), (0.2, 0.2), "depends"),
        ((0.3, 0.1), (0.2, 0.05), "fails"),
    ],
)
def test_gradients_early_and_late(plain, normalized, expected):
    arms = [runs("depth", **PLAIN, depth=1, gradient=plain), runs("depth", **NORMALIZED, depth=1, gradient=normalized)]
    assert verdict(gradients.CLAIM, "stated", *arms) == expected


@pytest.mark.parametrize(("weights", "expected"), [(1.0, "holds"), (0.1, "fails")])
def test_a_gradient_is_measured_by_the_size_of_its_kernel(weights, expected):
    """With batch normalization a kernel a tenth as large has ten times the gradient, and the network is the same."""
    arms = [
        runs("depth", **PLAIN, depth=1, gradient=0.5),
        runs("depth", **NORMALIZED, depth=1, gradient=1.0, weights=weights),
    ]
    assert verdict(gradients.CLAIM, "stated", *arms) == expected


@pytest.mark.parametrize(
    ("five", "thirty", "plain", "expected"),
    [
        (100, 200, {}, "holds"),
        (100, 200, {"diverged_at": 120}, "holds"),
        (100, 200, {"diverged_at": 0}, "holds"),
        (100, 200, {"steps": 900}, "depends"),
        (100, NEVER, {}, "depends"),
        (100, 200, {"steps": [NEVER, NEVER, 900]}, "undecided"),
        (100, 250, {}, "undecided"),  # one evaluation earlier
        ([100, 100, 500], 200, {}, "undecided"),
        (500, NEVER, {"steps": 300}, "fails"),
    ],
)
def test_higher_learning_rate(five, thirty, plain, expected):
    assert verdict(higher_learning_rate.CLAIM, "stated", *at_higher_rates(700, five, thirty, plain)) == expected


@pytest.mark.parametrize("own", [NEVER, [700, NEVER, 700]])
def test_that_a_network_fails_counts_where_it_arrives_at_the_own_rate(own):
    arms = at_higher_rates(own, 500, NEVER, {})
    assert verdict(higher_learning_rate.CLAIM, "stated", *arms) == "fails"  # "depends", if it counted


def at_higher_rates(own, five, thirty, plain):
    arms = [
        runs("learning_rate", **NORMALIZED, learning_rate=RATE * times, population_steps=steps, steps=600)
        for times, steps in ((1, 300), (5, five), (30, thirty))
    ]
    arms += [runs("learning_rate", **PLAIN, learning_rate=RATE, steps=own)]
    arms += [runs("learning_rate", **PLAIN, learning_rate=RATE * 30, **plain)]
    return [*arms, runs("depth", **PLAIN)]


@pytest.mark.parametrize(
    ("plain", "normalized", "expected"),  # steps at rates of 1, 3, 10 and 30 times
    [
        ((500, NEVER, NEVER, NEVER), (500, 400, 300, NEVER), "holds"),
        ((NEVER, 500, NEVER, NEVER), (NEVER, NEVER, NEVER, 900), "holds"),
        ((500, NEVER, NEVER, NEVER), (500, 400, NEVER, NEVER), "undecided"),  # one step of the grid
        ((500, 400, 300, 200), (500, 400, 300, 200), "undecided"),  # the grid ends before either fails
        ((500, 400, [300, NEVER, NEVER], NEVER), (500, 400, 300, NEVER), "undecided"),
        ((500, 400, 300, NEVER), (500, NEVER, NEVER, NEVER), "fails"),
        ((NEVER, NEVER, NEVER, NEVER), (500, 400, 300, NEVER), "not tested"),  # there is no highest rate
    ],
)
def test_higher_rates_can_be_used(plain, normalized, expected):
    arms = [
        runs("learning_rate", **arm, learning_rate=RATE * times, steps=one)
        for arm, steps in ((PLAIN, plain), (NORMALIZED, normalized))
        for times, one in zip((1, 3, 10, 30), steps, strict=True)
    ]
    assert verdict(higher_learning_rate.CLAIM, "meant", *arms) == expected


@pytest.mark.parametrize(
    ("at_5", "at_7", "expected"),  # accuracy without it, steps with it
    [
        ((0.1, 300), (0.1, 800), "holds"),
        ((0.5, NEVER), (0.1, 800), "holds"),  # at depth 5 it trains without, too
        ((0.1, 300), (0.1, [300, 300, NEVER]), "undecided"),
        ((0.1, 300), (0.1, NEVER), "depends"),
        ((0.1, NEVER), ([0.1, 0.1, 0.5], 300), "fails"),  # at depth 7 it trains without, once
        ((0.1, NEVER), (0.1, NEVER), "fails"),
        ((0.5, 300), ([0.1, 0.1, 0.5], 300), "not tested"),
    ],
)
def test_sigmoid_trains(at_5, at_7, expected):
    arms = []
    for depth, (best, steps) in ((5, at_5), (7, at_7)):
        arms += both_arms(depth, {"steps": NEVER, "before": best}, {"steps": steps})
    assert verdict(sigmoid_trains.CLAIM, "stated", *arms) == expected


@pytest.mark.parametrize(
    ("gaussian", "glorot_x4", "expected"),  # steps without it at the middle and the highest rate, and with it
    [
        ((NEVER, NEVER, 300), (NEVER, NEVER, 300), "holds"),
        ((900, NEVER, 300), (NEVER, NEVER, 300), "holds"),
        ((900, NEVER, 300), (200, NEVER, 600), "depends"),
        ((NEVER, 900, 300), (NEVER, NEVER, 300), "undecided"),  # without it a higher rate may be better
        ((200, NEVER, 600), (200, NEVER, NEVER), "fails"),
    ],
)
def test_sigmoid_trains_by_initial_weights(gaussian, glorot_x4, expected):
    arms = []
    for scheme, (slow, fast, steps) in (("gaussian", gaussian), ("glorot_x4", glorot_x4)):
        own = {"initial_scheme": scheme, "depth": 7}
        for arm, by_rate in ((PLAIN, (NEVER, slow, fast)), (NORMALIZED, (NEVER, steps, NEVER))):
            arms += [
                runs("initial_weights", **arm, **own, learning_rate=rate, steps=one)
                for rate, one in zip((RATE / 10, RATE, RATE * 10), by_rate, strict=True)
            ]
        arms += [runs("initial_weights", **PLAIN, initial_scheme=scheme, depth=3, learning_rate=RATE, steps=100)]
    assert verdict(sigmoid_trains.CLAIM, "meant", *arms) == expected
