"""The lesson's first part, what was wrong and which remedies there were: each rule against runs that are known."""

import pytest

from bnrepro.claims.lesson import covariate_shift, depth_slows, dropout, saturation, small_learning_rate
from tests.claims.lesson import NEVER, NORMALIZED, PLAIN, RATE, both_arms, evidence, judge, runs


def verdict(module, *arms):
    return judge(module.CLAIM.stated, evidence(*arms), None if module.CLAIM.meant else module.CLAIM)


@pytest.mark.parametrize(
    ("steps", "deepest", "expected"),
    [
        ((200, 500, NEVER), {}, "holds"),
        ((200, NEVER, NEVER), {}, "holds"),  # of two that do not arrive nothing can be said
        ((NEVER, NEVER), {"before": 0.29}, "holds"),
        ((200, 500), {}, "depends"),  # slower, and trains all the same
        ((200, 500, NEVER), {"before": 0.5}, "depends"),  # does not arrive, but leaves chance
        ((NEVER, 500, NEVER), {}, "depends"),
        ((NEVER, NEVER), {"before": [0.1, 0.1, 0.5]}, "undecided"),
        ((200, 250, NEVER), {}, "undecided"),  # one evaluation later
        (([200, 500, 200], [500, 200, 500], NEVER), {}, "undecided"),
        ((500, 200), {}, "fails"),
        ((NEVER, 500), {}, "fails"),
        ((NEVER, NEVER), {"before": 0.5}, "fails"),
    ],
)
def test_depth_slows(steps, deepest, expected):
    arms = [runs("depth", **PLAIN, depth=1 + 2 * i, steps=own) for i, own in enumerate(steps[:-1])]
    arms.append(runs("depth", **PLAIN, depth=2 * len(steps) - 1, steps=steps[-1], **deepest))
    faster = runs("depth", **NORMALIZED, depth=2 * len(steps) - 1, steps=100)  # is not looked at
    assert verdict(depth_slows, *arms, faster) == expected


def at_all_rates(scheme, depth, *steps):
    return [
        runs("initial_weights", **PLAIN, initial_scheme=scheme, depth=depth, learning_rate=RATE * 10**i, steps=one)
        for i, one in enumerate((NEVER, *steps, NEVER))
    ]


@pytest.mark.parametrize(
    ("gaussian", "glorot_x4", "expected"),  # steps of the deep network at two rates; the shallow one takes 200
    [
        ((NEVER, NEVER), (NEVER, NEVER), "holds"),
        ((NEVER, NEVER), (NEVER, 800), "holds"),  # it takes longer; that it trains stands beside
        ((NEVER, NEVER), (100, NEVER), "depends"),
        ((NEVER, NEVER), ([800, 100, 200], NEVER), "undecided"),
        ((100, NEVER), (NEVER, 50), "fails"),
    ],
)
def test_depth_slows_by_initial_weights(gaussian, glorot_x4, expected):
    arms = []
    for scheme, deep in (("gaussian", gaussian), ("glorot_x4", glorot_x4)):
        arms += [*at_all_rates(scheme, 3, NEVER, 200), *at_all_rates(scheme, 7, *deep)]
    assert judge(depth_slows.CLAIM.meant, evidence(*arms), depth_slows.CLAIM) == expected


@pytest.mark.parametrize(
    ("shallow", "deep", "normalized", "expected"),
    [
        ((0.1, 0.2), (0.1, 0.6), 0.1, "holds"),
        ((0.1, 0.2), (0.1, 0.6), (0.15, 0.1), "holds"),  # fewer at the end with it
        ((0.1, 0.2), (0.1, 0.6), (0.0, 0.1), "depends"),  # with it, too, they retreat
        ((0.3, 0.2), (0.1, 0.6), 0.1, "depends"),
        ((0.1, 0.6), (0.1, 0.2), 0.1, "depends"),
        ((0.1, 0.3), (0.1, (0.0, 0.0, 0.0, 0.0, 1.0)), 0.1, "depends"),  # deeper: 1 of one layer, 0.2 of all
        ([(0.1, 0.11), (0.1, 0.2), (0.1, 0.9)], (0.1, 0.95), 0.0, "undecided"),
        ((0.6, 0.4), (0.6, 0.2), (0.0, 0.9), "fails"),
        ((0.1, 0.105), (0.1, 0.109), (0.0, 0.1), "fails"),  # by less than a hundredth, but always
    ],
)
def test_saturation(shallow, deep, normalized, expected):
    arms = [*both_arms(1, {"saturated": shallow}, {"saturated": normalized})]
    arms += [*both_arms(5, {"saturated": deep}, {"saturated": normalized})]
    assert verdict(saturation, *arms) == expected


@pytest.mark.parametrize(
    ("plain", "normalized", "expected"),  # by layer: what the next one gets; nothing gets the outputs of the last
    [
        ({"travelled": (1.0, 2.0, 0.0)}, {"travelled": (0.5, 0.5, 9.0)}, "holds"),
        ({"travelled": (1.0, 2.0, 3.0)}, {"travelled": (0.5, 4.0, 0.5)}, "depends"),
        ({"travelled": [0.6, 0.6, 3.0]}, {"travelled": 0.5}, "undecided"),
        ({"travelled": 0.5}, {"travelled": (1.0, 2.0, 3.0)}, "fails"),
        ({"travelled": 0.52}, {"travelled": 0.5}, "fails"),  # too little to matter
        (
            {"travelled": 1.0, "spread": 4.0},
            {"travelled": 0.5, "spread": 0.5},
            "fails",
        ),  # half as far, by its own spread
    ],
)
def test_covariate_shift(plain, normalized, expected):
    assert verdict(covariate_shift, *both_arms(3, plain, normalized)) == expected


@pytest.mark.parametrize("late", [{"steps": NEVER}, {"steps": [200, 200, NEVER]}])
@pytest.mark.parametrize("arm", ["plain", "normalized"])
@pytest.mark.parametrize("module", [saturation, covariate_shift])
def test_networks_that_do_not_arrive_are_not_compared(module, arm, late):
    """They may well stand still, and would turn a verdict of `holds`."""
    moving, still = {"travelled": 1.0, "saturated": (0.1, 0.5)}, {"travelled": 0.1, "saturated": 0.1}
    told = {"plain": still, "normalized": moving}
    told[arm] = told[arm] | late
    deep = [*both_arms(5, **told)]
    assert verdict(module, *deep) == "not tested"
    assert verdict(module, *both_arms(3, moving, still), *deep) == "holds"


@pytest.mark.parametrize(
    ("third", "tenth", "expected"),  # against shifts of 3 and 300 steps
    [
        ({"jumped": 1.5, "steps": 600}, {"jumped": 1.0, "steps": 900}, "holds"),
        ({"jumped": 1.5, "steps": 600}, {"jumped": 9.0}, "holds"),  # at chance, shift is not compared
        ({"jumped": 1.5, "steps": 600}, {"jumped": 9.0, "before": [0.5, 0.5, 0.1]}, "holds"),
        ({"jumped": 1.5, "steps": 600}, {"jumped": 9.0, "before": 0.5}, "depends"),  # it is the same at equal accuracy
        ({"jumped": (1.5, 1.5, 9.0), "steps": 600}, {"jumped": 1.0, "steps": 900}, "holds"),  # nothing gets the last
        ({"jumped": 2.9, "steps": 600}, {"jumped": 1.0, "steps": 900}, "depends"),
        ({"jumped": [1.5, 1.5, 9.0], "steps": 600}, {"jumped": 1.0, "steps": 900}, "undecided"),
        ({"jumped": 1.5, "steps": 350}, {"jumped": 1.0, "steps": 900}, "undecided"),  # one evaluation later
        ({"jumped": 4.0, "steps": 100}, {"jumped": 5.0, "steps": 100}, "fails"),
        ({"jumped": 4.0}, {"jumped": 5.0}, "not tested"),
    ],
)
def test_small_learning_rate(third, tenth, expected):
    assert verdict(small_learning_rate, *at_rates(third, tenth)) == expected


def test_what_shifts_after_equal_accuracy_does_not_count():
    """The smaller rate moves in the middle of training, when the network has arrived."""
    arms = at_rates({"travelled": 9.0, "steps": 350}, {"travelled": 9.0, "steps": 400})
    shifts = [
        part
        for part in small_learning_rate.CLAIM.stated.judge(evidence(*arms))["parts"]
        if part["name"] == small_learning_rate.SHIFT
    ]
    assert [part["so"] for part in shifts] == [None, None]  # nothing has shifted by then
    assert all(part["at"]["level"] == 0.95 for part in shifts)


def at_rates(third, *tenth):
    own = {"jumped": 3.0, "steps": 300}
    arms = [
        runs("learning_rate", **PLAIN, learning_rate=RATE * times, **told)
        for times, told in zip((1, 0.3333, 0.1), (own, third, *tenth), strict=False)
    ]
    return [*arms, runs("depth", **PLAIN)]  # which has the dataset's rate


def test_a_rate_that_was_not_run_is_named():
    entry = small_learning_rate.CLAIM.stated.judge(evidence(*at_rates({"jumped": 2.0, "steps": 600})))
    assert entry["verdict"] == "not tested"
    assert f"{RATE / 10:g}" in entry["reason"]


@pytest.mark.parametrize(
    ("a_fifth", "half", "expected"),  # cosine and training accuracy, against 0 and 0.95 without dropout
    [
        ((0.5, 0.92), (0.9, 0.80), "holds"),
        (((0.5, -0.9), 0.92), (0.9, 0.80), "holds"),  # after the levels are reached it does not matter
        ((0.5, 0.95), (0.9, 0.80), "depends"),
        ((0.5, 0.96), (0.9, 0.80), "undecided"),  # it still gains at the end of the budget
        ((-0.5, 0.92), (0.9, 0.80), "depends"),
        ((0.5, 0.945), (0.9, 0.80), "depends"),  # lower by half a hundredth
        ((0.5, [0.80, 0.94, 0.94]), (0.9, 0.80), "undecided"),
        (([0.5, 0.5, -0.9], 0.92), (0.9, 0.80), "undecided"),
        ((1.0000001, 0.92), (0.9, 0.80), "undecided"),  # a cosine that is rounded: no ratio
        ((-0.5, 0.95), (-0.9, 0.95), "fails"),
    ],
)
def test_dropout(a_fifth, half, expected):
    arms = [
        runs("dropout", **PLAIN, dropout=rate, steps=300, cosine=cosine, training_accuracy=accuracy)
        for rate, (cosine, accuracy) in ((0.0, (0.0, 0.95)), (0.2, a_fifth), (0.5, half))
    ]
    assert verdict(dropout, *arms) == expected


@pytest.mark.parametrize(
    ("half", "expected"),
    [
        ({"steps": 300, "cosine": -0.9}, "depends"),
        ({"cosine": -0.9}, "holds"),  # at chance it is not compared
        ({"cosine": -0.9, "before": 0.4, "training_accuracy": 0.4}, "holds"),  # nor below the levels
        ({"cosine": -0.9, "before": 0.8, "training_accuracy": 0.8}, "depends"),  # it reaches two of them
        ({"steps": 300, "cosine": 0.9, "training_accuracy": 0.8, "diverged_at": [NEVER, NEVER, 600]}, "undecided"),
    ],
)
def test_dropout_with_which_a_network_does_not_train(half, expected):
    arms = [
        runs("dropout", **PLAIN, dropout=0.0, steps=300, cosine=0.0, training_accuracy=0.95),
        runs("dropout", **PLAIN, dropout=0.2, steps=300, cosine=0.5, training_accuracy=0.92),
        runs("dropout", **PLAIN, dropout=0.5, **half),
    ]
    assert verdict(dropout, *arms) == expected


def test_turns_are_tabulated_where_all_runs_of_a_rate_reach_the_level():
    arms = [
        runs("dropout", **PLAIN, dropout=0.0, steps=300, cosine=0.5, training_accuracy=0.95),
        runs("dropout", **PLAIN, dropout=0.2, steps=300, cosine=0.75, after=[0.95, 0.8, 0.95]),
    ]
    table = dropout.turns(evidence(*arms))
    assert table.groupby("dropout")["level"].unique().map(list).to_dict() == {0.0: [0.5, 0.7, 0.9], 0.2: [0.5, 0.7]}
    assert table.groupby("dropout")["turn"].unique().map(list).to_dict() == {0.0: [0.5], 0.2: [0.25]}
    assert dropout.turns(evidence(runs("depth", **PLAIN, steps=300))).empty
