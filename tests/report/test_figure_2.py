"""What the report says of the paper's Figures 2 and 3, from a table of which it is known."""

import numpy as np
import pytest

from bnrepro.report import figure_2

ARM = {
    "arm": "BN-x5",
    "normalization": "batch",
    "activation": "relu",
    "learning_rate": 0.25,
    "seeds": 3,
    "arrived": 3,
    "steps": 100.0,
    "steps_low": 80.0,
    "steps_high": 120.0,
    "steps_censored": "none",
    "ratio": 4.0,
    "low": 3.0,
    "high": 5.0,
    "censored": "none",
    "best": 0.95,
    "best_low": 0.94,
    "best_high": 0.96,
    "paper_steps": 2.1e6,
    "paper_ratio": 14.76,
    "paper_best": 0.73,
}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, "100 (80–120)"),
        ({"arrived": 2, "steps_high": np.nan, "steps_censored": "lower"}, "≥100 (from 80)"),
        ({"steps_low": np.nan, "steps_censored": "upper"}, "≤100 (to 120)"),
        ({"arrived": 0, "steps": 600.0, "steps_high": np.nan, "steps_censored": "lower"}, "not within 600"),
    ],
)
def test_steps_are_told_with_what_is_known_of_them(told, expected):
    assert figure_2._row(ARM | told)["steps"] == expected


def test_what_the_paper_does_not_give_is_a_dash():
    row = figure_2._row(ARM | dict.fromkeys(("paper_steps", "paper_ratio", "paper_best"), np.nan))
    assert [row[f"paper_{name}"] for name in ("steps", "ratio", "best")] == ["–", "–", "–"]
    assert figure_2._row(ARM)["paper_steps"] == "2.1 million"
