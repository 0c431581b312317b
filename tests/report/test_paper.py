"""What the report says of the paper's figure, from tables of which it is known."""

import numpy as np
import pytest

from bnrepro.report import paper


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (2.5, 3.5, "3.00 (2.50–3.50)"),
        (2.5, np.inf, "≥ 3.00 (from 2.50)"),
        (0.0, 3.5, "≤ 3.00 (to 3.50)"),
        (0.0, np.inf, "–"),
    ],
)
def test_an_interval_without_an_end_is_a_bound(low, high, expected):
    assert paper._interval({"ours": 3.0, "low": low, "high": high}, "{:.2f}") == expected


def test_a_quantity_that_nobody_measured_is_a_dash():
    assert paper._interval({"ours": np.nan, "low": np.nan, "high": np.nan}, "{:.2f}") == "–"
    assert paper._papers({"paper": np.nan, "paper_censored": "both"}, "{:.2f}") == "–"
