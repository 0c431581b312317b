"""What a reader is told of an entry of claims.json: the parts that decide, and words about its own rule alone."""

from dataclasses import replace

import pytest

from bnrepro.claims.engine import Claim, NotTested, Part, Rule
from bnrepro.claims.statistics import Effect
from bnrepro.report import verdicts

HEADLINE = {"depth": 3, "target": 0.9}
SETTINGS = {"first_seed": 100}


def part(estimate, so, counts=True, **at):
    return Part(Effect(estimate, estimate / 2, estimate * 2, 5, frozenset([str(estimate)])), so, at, counts=counts)


def claim_of(parts, **told):
    rule = Rule(statement="It is.", words="More.", compare=lambda runs: parts, reads={}, measure="times more")
    return Claim(
        **{"id": "id", "place": 1, "title": "T", "source": "S", "stated": rule, "findings": {"holds": "So."}} | told
    )


class Runs:
    settings = SETTINGS

    def select(self, reads):
        return self


def told(parts, **claim):
    own = claim_of(parts, **claim)
    return verdicts.told(own.judge(Runs()), own, HEADLINE, SETTINGS)


def quoted(parts):
    return [(quote["so"], quote["text"]) for quote in told(parts)["last"]["quoted"]]


def test_of_parts_that_agree_the_headline_is_quoted():
    parts = [part(1.5, True, depth=1, target=0.9), part(2.5, True, depth=3, target=0.9), part(4.0, True, depth=3)]
    assert quoted(parts) == [("yes", "times more, depth 3, to 90%: 2.5 (1.25 to 5)")]


def test_of_a_verdict_that_depends_a_part_of_either_answer_is_quoted():
    parts = [part(2.5, True, depth=3), part(2.5, True, depth=3), part(1.0, None, depth=3), part(0.5, False, depth=1)]
    assert [so for so, _ in quoted(parts)] == ["yes", "no"]
    assert told(parts)["last"]["depends_on"] == "hidden layers"


def test_of_an_undecided_verdict_what_is_undecided_is_quoted():
    assert [so for so, _ in quoted([part(2.5, True), part(1.0, None)])] == ["undecided"]


def test_where_the_rarer_answer_does_not_remain_both_are_quoted():
    found = iter([[part(2.5, True), part(0.5, False)], [part(2.5, True), part(0.5, None)]])
    own = claim_of([])
    own = replace(own, stated=replace(own.stated, compare=lambda runs: next(found)))
    (rule,) = verdicts.told(own.judge(Runs()), own, HEADLINE, SETTINGS)["rules"]
    assert (rule["verdict"], [quote["so"] for quote in rule["quoted"]]) == ("undecided", ["yes", "no"])


def test_a_part_that_is_listed_beside_decides_nothing():
    last = told([part(2.5, True), part(0.5, False, counts=False)])["last"]
    assert (last["verdict"], last["seeds"], last["tally"]) == ("holds", "5", "1 yes")
    assert [row["so"] for row in last["parts"]] == ["yes", "listed beside"]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ({"normalization": "none", "target": 0.965}, "times more, no normalization, to 96.5%"),
        ({"times": 0.3333, "level": 0.892}, "times more, 0.33 times the rate, at an accuracy of 89.2%"),
        ({"share": 0.1, "layer": 2}, "times more, at 10% of training, layer 2"),
        ({"initial_scheme": "glorot_x4"}, "times more, Glorot's initial weights times 4"),
        ({"target": "by hand"}, "times more, target by hand"),
    ],
)
def test_a_part_says_where_it_was_measured(at, expected):
    (row,) = told([part(2.5, True, **at)])["last"]["parts"]
    assert row["name"] == expected


def test_another_rules_parts_have_no_words_here():
    own = claim_of([part(2.5, True)])
    entry = own.judge(Runs())
    assert verdicts.told(entry, own, {}, SETTINGS)["finding"] == "So."
    assert verdicts.told(entry, own, {}, {"first_seed": 0})["finding"] == ""
    entry["stated"]["digest"] = "0" * 64
    assert verdicts.told(entry, own, {}, SETTINGS)["finding"] == ""


def test_what_was_not_tested_as_meant_is_told_as_stated():
    def missing(runs):
        raise NotTested("no runs")

    meant = Rule(statement="It should be.", words="Less.", compare=missing, reads={})
    found = told([part(2.5, True)], meant=meant)
    assert (found["last"]["as"], found["finding"], found["rules"][1]["reason"]) == ("stated", "", "no runs")
