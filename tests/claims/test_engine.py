"""Verdicts from parts, how many parts are independent, what decides between them, and what claims.json keeps."""

import json

import numpy as np
import pandas as pd
import pytest

from bnrepro.claims import statistics
from bnrepro.claims.engine import Claim, NotTested, Part, Rule, contradicts, deciding, independent, verdict
from bnrepro.claims.statistics import Effect, Sample, TooFew
from tests.claims.lesson import PLAIN, evidence, runs


def part(so, networks="", **at):
    return Part(Effect(2.0, 1.5, 2.5, 5, frozenset(networks)), so, at)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([True, True], "holds"),
        ([False, False], "fails"),
        ([True, False, None], "depends"),
        ([True, None], "undecided"),
        ([False, None], "undecided"),
        ([None], "undecided"),
    ],
)
def test_a_verdict_follows_from_the_parts_that_count(answers, expected):
    parts = [part(so) for so in answers]
    assert verdict(parts) == expected
    beside = [Part(part(so).effect, so, counts=False) for so in (True, False, None)]
    assert verdict([*parts, *beside]) == expected


@pytest.mark.parametrize(
    ("networks", "expected"),
    [
        (["ab", "cd"], 2),
        (["ab", "bc"], 1),
        (["ab", "cd", "bc"], 1),  # by others
        (["ab", "ab", "cd"], 2),
        ([], 0),
    ],
)
def test_comparisons_that_share_a_network_are_one(networks, expected):
    assert independent([part(True, of) for of in networks]) == expected


@pytest.mark.parametrize(
    ("answers", "widened", "expected"),
    [
        ([True, True, False], [True, True, False], True),
        ([True, True, False], [None, None, False], True),  # the more frequent answer needs not to remain
        ([True, True, False], [True, True, None], False),
        ([False, False, True], [False, False, None], False),
        ([True, False], [None, False], False),  # equally frequent
        ([True, False], [True, False], True),
    ],
)
def test_the_rarer_answer_has_to_remain(answers, widened, expected):
    assert contradicts([part(so) for so in answers], [part(so) for so in widened]) is expected


def verdicts_of_many(rng, *true_ratios, seeds=10, spread=0.1, repeated=300):
    """Verdicts of a rule that compares ratios of runs that scatter, in as many parts."""
    index = range(seeds)

    def judged():
        pairs = [[pd.Series(np.exp(rng.normal(0, spread, seeds)), index) for _ in range(2)] for _ in true_ratios]

        def compare(_):
            effects = [
                statistics.ratio(Sample.known(first), Sample.known(times * second))
                for times, (first, second) in zip(true_ratios, pairs, strict=True)
            ]
            return [Part(effect, effect.exceeds(1, 1.2)) for effect in effects]

        return rule(compare).judge(evidence(runs("depth", **PLAIN)))["verdict"]

    return [judged() for _ in range(repeated)]


def test_many_parts_seldom_contradict_each_other_by_chance():
    """Twenty true ratios of the smallest size that matters: "not so" is wrong in one part of forty."""
    found = verdicts_of_many(np.random.default_rng(0), *[1.2] * 20)
    assert found.count("depends") / len(found) < 0.05


def test_one_part_that_differs_is_found_among_many():
    found = verdicts_of_many(np.random.default_rng(1), *[3.0] * 19, 0.8, repeated=20)
    assert set(found) == {"depends"}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            [part(True, depth=1, target=0.9), part(True, depth=1, target=0.8), part(False, depth=3, target=0.9)],
            ["depth"],
        ),
        (
            [part(True, depth=1, target=0.9), part(False, depth=3, target=0.97), part(False, depth=3, target=0.97)],
            ["depth", "target"],
        ),
        ([part(True, depth=1), part(False, depth=3)], []),  # each value is that of one part
        ([part(True, depth=1), part(True, depth=3), part(False, depth=3)], []),
        ([part(True, depth=1), part(True, depth=1), part(None, depth=3), part(False, depth=3)], ["depth"]),
        ([part(True, depth=1), part(True, depth=3)], []),
        ([part(True, layer=2, depth=3), part(True, depth=3), part(False, depth=1)], ["depth"]),
        ([], []),
    ],
)
def test_a_factor_decides_if_each_of_its_values_has_one_answer(parts, expected):
    assert deciding(parts) == expected


def test_what_is_compared_may_decide():
    effect = part(True).effect
    parts = [
        Part(effect, so, name=name) for so, name in ((True, "iterations"), (True, "iterations"), (False, "accuracy"))
    ]
    assert deciding(parts) == ["name"]


@pytest.mark.parametrize(("low", "high"), [(1.5, 2.5), (-np.inf, np.inf)])
def test_an_entry_gives_its_part_back(low, high):
    whole = Part(Effect(2.0, low, high, 5), None, {"depth": 3}, "iterations", "rate 1", counts=False)
    entry = json.loads(json.dumps(whole.entry(), allow_nan=False))
    assert Part.of_entry(entry) == whole


def rule(compare):
    return Rule(statement="So.", words="It is.", compare=compare, reads={"depth": ("depth",)})


def missing(runs):
    raise NotTested("no runs")


def too_few(runs):
    raise TooFew("three seeds")


@pytest.mark.parametrize(
    ("compare", "reason"),
    [
        (missing, "no runs"),
        (too_few, "three seeds"),
        (lambda runs: [], "nothing to compare"),
        (lambda runs: [Part(Effect(1, 1, 1, 3), True, counts=False)], "nothing to compare"),
    ],
)
def test_what_a_rule_misses_is_the_reason(compare, reason):
    entry = rule(compare).judge(evidence(runs("depth", **PLAIN)))
    assert entry["verdict"] == "not tested"
    assert reason in entry["reason"]


def test_a_claim_is_judged_as_stated_and_as_meant():
    both = Claim(
        id="id",
        place=1,
        title="T",
        source="S",
        stated=rule(lambda runs: [part(False, "ab")]),
        meant=rule(lambda runs: [part(True, "ab"), part(True, "cd")]),
    )
    entry = both.judge(evidence(runs("depth", **PLAIN)))
    assert [(entry[which]["verdict"], entry[which]["independent"]) for which in ("stated", "meant")] == [
        ("fails", 1),
        ("holds", 2),
    ]
    assert {both.judge(None)[which]["verdict"] for which in ("stated", "meant")} == {"not tested"}
