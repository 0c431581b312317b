"""What the README and the findings say is so."""

import json
import re

import pytest

from bnrepro.report.published import PARAMETERS
from tests import quoted

TEXTS = {name: (quoted.ROOT / name).read_text(encoding="utf-8") for name in quoted.DOCUMENTS}
# Sections that tell no results, or none of the reports'.
OTHER_SECTIONS = {
    "Start",
    "The networks",
    "How it works",
    "Change a study",
    "Check, compare and cite",
    "Limits",
    "More",
}
# Numbers that are no results: names, the paper's statement, and what a sentence fixes before a result.
NAMES = (
    r"Szegedy 2015|Figure 1(\([a-c, ]+\))?|Figures? 2( and 3)?|Figure 3|95% intervals?|momentum 0\.999|200 times|"
    r"\b([Tt]o|reach|reaches) 9[057]%|rate of 1\.2|Algorithm 2|seed of 100"
)
NOT_SHOWN = r"`[^`]*`|\]\([^)]*\)|^\d\. |<!--.*?-->"


@pytest.mark.parametrize("name", quoted.DOCUMENTS)
def test_what_it_quotes_is_in_the_reports(name, monkeypatch):
    monkeypatch.chdir(quoted.ROOT)
    assert quoted.rendered(TEXTS[name]) == TEXTS[name], "run `python -m tests.quoted`"


@pytest.mark.parametrize("name", quoted.DOCUMENTS)
def test_no_number_is_without_a_source(name):
    for section in re.split(r"^## ", quoted.unquoted(TEXTS[name]), flags=re.MULTILINE):
        title, _, text = section.partition("\n")
        if title not in OTHER_SECTIONS:
            shown = re.sub(NOT_SHOWN, "", text, flags=re.MULTILINE)
            assert re.findall(r".*\d.*", re.sub(NAMES, "", shown)) == [], title


@pytest.mark.parametrize("name", quoted.DOCUMENTS)
def test_what_it_quotes_is_within_a_line(name):
    """A comment at the beginning of a line makes the whole line HTML, whose Markdown is not read."""
    assert re.findall(r"^ *<!-- [^/]+ -->.+", re.sub("<!-- verdicts.*? -->", "", TEXTS[name]), flags=re.MULTILINE) == []


@pytest.mark.parametrize("dataset", PARAMETERS)
def test_the_networks_that_it_counts_are_those_of_the_records(dataset):
    runs = json.loads((quoted.ROOT / "reports" / dataset / "provenance.json").read_text(encoding="utf-8"))["runs"]
    assert f"<!-- {dataset} runs -->{runs:,}<!-- / -->" in TEXTS["README.md"]
