"""The report shows what files hold as text, whatever it would be in HTML or in Markdown."""

import csv
import json
import re
from html.parser import HTMLParser

import pytest

from bnrepro import paths
from bnrepro.claims import ledger
from bnrepro.errors import BadInput
from bnrepro.report.write import write
from tests.report import made_up

MARKUP = (
    "<script>alert(1)</script> <img src=x onerror=alert(2)> [link](javascript:alert(3)) ![](http://127.0.0.1/seen) "
    '`code` **bold** _emphasis_ | cell &lt; " onclick="alert(4) \r# Heading\r\\'
)


class Page(HTMLParser):
    """What a browser would make of a page: its elements with their attributes, and its text."""

    def __init__(self, text: str):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def found():
    """What a report of made-up runs is made from: verdicts and tables."""
    records = made_up.runs(made_up.as_taught)
    return made_up.judged(records), made_up.tables(records)


@pytest.fixture
def reports(project, found):
    made_up.write(*found)
    return paths.reports("digits")


def page_of(reports):
    write(made_up.FEW, "digits")
    return Page((reports / "report.html").read_text(encoding="utf-8"))


def test_every_claim_has_a_line_in_the_ledger_a_section_and_its_rules(reports):
    page = page_of(reports)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    claims = [claim.id for claim in ledger.LESSON]
    assert [one for one in ids if one in claims] == claims
    assert [one for one in ids if one.startswith("rule-")] == [f"rule-{claim}" for claim in claims]
    text = (reports / "report.md").read_text(encoding="utf-8")
    lines = text.partition("## The ledger")[2].partition("*Holds*")[0].splitlines()
    tested = [line.partition("]")[0].removeprefix("| [") for line in lines if line.startswith("| [")]
    untested = [one for line in lines if line.startswith("Not tested") for one in re.findall(r"\[([a-z-]+)\]", line)]
    assert tested == [one for one in claims if one not in untested]
    assert untested == [one for one in claims if one not in tested]
    assert not re.findall(r"\bnan\b|\binf\b", text)


def test_the_report_begins_with_the_answer(reports):
    page_of(reports)
    beginning = (reports / "report.md").read_text(encoding="utf-8").partition("\n## ")[0]
    assert "% test accuracy, with one rate for both: SGD " in beginning


def test_markup_in_a_table_is_shown_as_text(reports):
    whole = page_of(reports)
    table = reports / "tables" / "final_accuracy.csv"
    header, *rows = csv.reader(table.read_text(encoding="utf-8").splitlines())
    added = next(list(row) for row in rows if row[0] == "depth")
    added[header.index("normalization")] = MARKUP
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows, added])

    shows_as_text(page_of(reports), whole)


def shows_as_text(page, whole):
    """Shows MARKUP; and has, beside it, nothing that the `whole` page has not."""
    assert MARKUP.replace("\r", " ") in page.text
    kinds = {tag for tag, _ in whole.elements}
    assert {tag for tag, _ in page.elements} == kinds
    assert "script" not in kinds
    for kind in ("h1", "h2", "h3"):
        assert [tag for tag, _ in page.elements].count(kind) <= [tag for tag, _ in whole.elements].count(kind), kind
    attributes = [(name, value or "") for _, attributes in page.elements for name, value in attributes.items()]
    assert not [name for name, _ in attributes if name.startswith("on")]
    assert {value.partition(":")[0] for name, value in attributes if name == "src"} == {"data"}
    links = [value for name, value in attributes if name == "href"]
    known = (
        "#",
        "figures/",
        "../../docs/",
        "../../benchmarks/",
        "provenance.json",
        "claims.json",
        "explorer.html",
        "https://arxiv.org/abs/",
    )
    assert links
    assert all(link.startswith(known) for link in links)


@pytest.mark.parametrize(
    ("rule", "key"), [(None, "source"), ("stated", "statement"), ("meant", "words"), ("meant", "reason")]
)
def test_markup_in_a_verdict_is_shown_as_text(reports, rule, key):
    whole, path = page_of(reports), paths.claims("digits")
    entries = json.loads(path.read_text())
    (entries[0][rule] if rule else entries[0])[key] = MARKUP
    path.write_text(json.dumps(entries))
    shows_as_text(page_of(reports), whole)


def test_the_page_asks_for_nothing_and_runs_nothing(reports):
    (policy,) = (found for tag, found in page_of(reports).elements if tag == "meta" and "http-equiv" in found)
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert policy["content"].startswith("default-src 'none';")


@pytest.mark.parametrize("key", ["bnrepro", "processor", "data_digest", "records_digest", "versions", "studies"])
@pytest.mark.parametrize("value", [MARKUP, "two\nlines", None])
def test_a_provenance_that_could_not_be_is_refused(reports, key, value):
    path = paths.provenance("digits")
    made_from = json.loads(path.read_text())
    made_from[key] = {"tensorflow": value} if key == "versions" else value
    if value is None:
        del made_from[key]
    path.write_text(json.dumps(made_from))
    with pytest.raises(BadInput, match=r"provenance\.json: not readable") as caught:
        page_of(reports)
    assert f"({key}" in caught.value.message


@pytest.mark.parametrize(
    "change",
    [
        {"id": "<b>"},
        {"stated": {"verdict": "mixed"}},
        {"stated": {"digest": "none at all"}},
        {"stated": {"parts": [{"name": MARKUP}]}},
        {"stated": {"parts": [{"estimate": MARKUP}]}},
    ],
    ids=str,
)
def test_a_verdict_that_could_not_be_is_refused(reports, change):
    path = paths.claims("digits")
    entries = json.loads(path.read_text())
    for key, value in change.items():
        if key == "id":
            entries[0][key] = value
        elif "parts" in value:
            entries[0][key]["parts"][0] |= value["parts"][0]
        else:
            entries[0][key] |= value
    path.write_text(json.dumps(entries))
    with pytest.raises(BadInput, match=r"claims\.json: not readable \(0\..*`bnrepro summarize digits`"):
        page_of(reports)
