"""The answer at the head of a report, from parts of which it is known."""

import math

import pytest

from bnrepro.claims.engine import Part
from bnrepro.claims.statistics import Effect
from bnrepro.report import answer

TARGETS = [0.95, 0.9, 0.97]


def entry(*parts):
    return {"stated": {"parts": [part.entry() for part in parts]}}


def part(estimate, so=True, low=None, high=None, note="", **at):
    own = {"target": 0.95} | at
    return Part(Effect(estimate, low or estimate - 0.5, high or estimate + 0.5, 10), so, own, note=note)


def at_one_rate(estimate, **told):
    return part(estimate, **{"implementation": "keras", "depth": 3} | told)


def found(one_rate=(), tuned=()):
    return answer.context({"fewer-iterations": entry(*one_rate), "best-against-best": entry(*tuned)}, TARGETS)


def test_it_is_of_the_keras_model_with_three_hidden_layers():
    beside = [at_one_rate(9.0, implementation="canned_estimator"), at_one_rate(9.0, depth=5)]
    (row,) = found([*beside, at_one_rate(3.5)])["rows"]
    assert row["ratios"] == ["3.5 (3 to 4)"]


@pytest.mark.parametrize(
    ("estimate", "high", "so", "said"),
    [
        (3.5, 4.0, True, "3.5 (3 to 4) times fewer"),
        (1.1, 1.6, None, "undecided"),
        (0.8, 1.15, False, "hardly fewer"),
        (0.6, 0.8, False, "1.67 (1.25 to 10) times more"),
    ],
)
def test_it_says_what_the_part_at_the_headlines_target_says(estimate, high, so, said):
    parts = [at_one_rate(estimate, high=high, so=so), at_one_rate(9.0, target=0.9)]
    assert found(parts)["sentence"] == f"Iterations to 95% test accuracy, with one rate for both: SGD {said}."


def test_of_a_bound_the_end_that_is_known_is_told():
    (row,) = found([at_one_rate(9.0, target=0.9, low=2.0, high=math.inf)])["rows"]
    assert row["ratios"] == ["at least 2"]


def test_every_optimizer_has_a_line_and_an_edge_of_its_grid_is_marked():
    tuned = [part(1.5, optimizer="sgd"), part(1.2, so=None, optimizer="adam", note="rates, at an edge of the grid")]
    rows = found(tuned=tuned)["rows"]
    assert [row["name"].rpartition(", ")[2] for row in rows] == ["SGD", "Adam"]
    assert [row["ratios"][0] for row in rows] == ["1.5 (1 to 2)", "1.2 (0.7 to 1.7) †"]


def test_without_an_arrival_at_the_headlines_target_it_says_so():
    assert found([at_one_rate(3.5, target=0.9)])["sentence"].endswith(": SGD no run arrives.")


def test_without_parts_there_is_no_answer():
    assert found() == {"sentence": "", "targets": [], "rows": []}
