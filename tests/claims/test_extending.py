"""docs/extending.md, section "A claim": its module, taken from the page, becomes a claim like any other."""

import re
from pathlib import Path

import pytest

from bnrepro.claims import ledger, lesson
from tests.claims.lesson import NEVER, PLAIN, evidence, judge, runs

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"


@pytest.fixture
def claims(tmp_path, monkeypatch):
    """The lesson's claims, with the page's among its modules."""
    section = PAGE.read_text(encoding="utf-8").partition("## A claim\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    (tmp_path / "relu_is_faster.py").write_text(block, encoding="utf-8")
    monkeypatch.setattr(lesson, "__path__", [*lesson.__path__, str(tmp_path)])
    return ledger.claims_of(lesson)


@pytest.mark.parametrize(
    ("relu", "expected"), [(200, "holds"), (NEVER, "fails"), ([200, 480, 200], "undecided"), (450, "undecided")]
)
def test_the_claim_of_the_page_is_found_in_its_place_and_judged(claims, relu, expected):
    ids = [claim.id for claim in claims]
    assert ids[: ids.index("relu-is-faster")][-1] == "alternatives"
    assert len(ids) == len(ledger.LESSON) + 1
    claim = claims[ids.index("relu-is-faster")]
    arms = [
        runs("alternatives", **PLAIN, activation=activation, steps=steps)
        for activation, steps in (("relu", relu), ("sigmoid", 500))
    ]
    assert judge(claim.stated, evidence(*arms), claim) == expected
