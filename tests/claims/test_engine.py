"""Verdicts from parts, how many parts are independent, what decides between them, and what claims.json keeps."""

import json

import numpy as np
import pytest

from bnrepro.claims.engine import Claim, NotTested, Part, Rule, by_chance, deciding, independent, verdict
from bnrepro.claims.statistics import Effect, TooFew
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


def test_agreement_by_chance_is_that_of_tossed_coins():
    rng = np.random.default_rng(0)
    tossed = rng.integers(0, 2, (100_000, 4)).all(axis=1).mean()
    assert by_chance(4) == pytest.approx(tossed, abs=0.003)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([part(True, depth=1, target=0.9), part(False, depth=3, target=0.9)], ["depth"]),
        ([part(True, depth=1, target=0.9), part(False, depth=3, target=0.97)], ["depth", "target"]),
        ([part(True, depth=1), part(True, depth=3), part(False, depth=3)], []),
        ([part(True, depth=1), part(None, depth=1), part(False, depth=3)], ["depth"]),
        ([part(True, depth=1), part(True, depth=3)], []),
        ([part(True, layer=2, depth=3), part(False, depth=1)], ["depth"]),
        ([], []),
    ],
)
def test_a_factor_decides_if_each_of_its_values_has_one_answer(parts, expected):
    assert deciding(parts) == expected


def test_what_is_compared_may_decide():
    effect = part(True).effect
    assert deciding([Part(effect, True, name="iterations"), Part(effect, False, name="accuracy")]) == ["name"]


@pytest.mark.parametrize(("low", "high"), [(1.5, 2.5), (-np.inf, np.inf)])
def test_an_entry_gives_its_part_back(low, high):
    whole = Part(Effect(2.0, low, high, 5), None, {"depth": 3}, "iterations", counts=False)
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
