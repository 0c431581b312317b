"""Numbers in the sentences about a claim: intervals, bounds and counts."""

import math

import pytest

from bnrepro.claims import prose
from bnrepro.claims.engine import Part
from bnrepro.claims.statistics import Effect


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.8, 2.51, "2 (1.8 to 2.51)"),
        (1.8, math.inf, "at least 1.8"),
        (0.0, 2.5, "at most 2.5"),  # a ratio that is open below
        (-math.inf, 2.5, "at most 2.5"),
        (0.0, math.inf, "not determined"),
    ],
)
def test_an_interval_that_is_open_is_told_by_the_end_that_is_known(low, high, expected):
    assert prose.effect(Effect(2.0, low, high, 5)) == expected


def test_an_interval_may_be_of_shares():
    assert prose.effect(Effect(0.02, -0.001, 0.041, 5), prose.percent) == "2.0% (-0.1% to 4.1%)"


def test_parts_are_counted_and_their_values_told_in_a_readers_words():
    effect = Effect(2.0, 1.5, 2.5, 5)
    parts = [
        Part(effect, so, {"initial_scheme": scheme}) for so, scheme in ((True, "gaussian"), (None, "he"), (False, "he"))
    ]
    assert prose.answers(parts) == "1 yes, 1 no, 1 undecided"
    assert prose.answers_by(parts, "initial_scheme") == (
        "at initial_scheme gaussian 1 yes; at initial_scheme he 1 no, 1 undecided"
    )
    assert prose.values(parts, "initial_scheme") == "small Gaussian initial weights and He's initial weights"
