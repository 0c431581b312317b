"""What the README and the findings say is so."""

import json
import re
from pathlib import Path

import pytest

from bnrepro.claims import ledger

ROOT = Path(__file__).parents[1]
LESSON = [claim.id for claim in ledger.LESSON]
FINDINGS = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("section", "dataset", "heading"),
    [
        ("The paper's figure, and ours over it", "mnist", "The paper's Figure 1(a), and ours over it"),
        ("On digits, in minutes", "digits", "Iterations to 90%"),
    ],
)
def test_its_tables_of_findings_are_the_reports(section, dataset, heading):
    findings = FINDINGS.partition(f"## {section}\n")[2].partition("\n## ")[0]
    rows = [line for line in findings.splitlines() if line.startswith("|")]
    report = (ROOT / "reports" / dataset / "report.md").read_text(encoding="utf-8").partition(f"## {heading}\n")[2]
    assert len(rows) > 4
    assert set(rows) <= set(report.partition("\n## ")[0].splitlines())


def test_its_verdicts_are_the_reports():
    table = FINDINGS.partition("## What is taught, and what was found\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| \[([a-z-]+)\]\(\S+\) \| .* \| ([a-z ]+) \| ([a-z ]+) \|$", table, re.MULTILINE)
    verdicts = {}
    for dataset in ("digits", "mnist"):
        entries = json.loads((ROOT / "reports" / dataset / "claims.json").read_text(encoding="utf-8"))
        verdicts[dataset] = {entry["id"]: entry["verdict"] for entry in entries if entry["id"] in LESSON}
    assert {name: digits for name, digits, _ in rows} == verdicts["digits"]
    assert {name: mnist for name, _, mnist in rows} == verdicts["mnist"]


@pytest.mark.parametrize(("dataset", "said"), [("digits", "trains {} networks"), ("mnist", "{} more networks")])
def test_the_networks_that_it_counts_are_those_of_the_records(dataset, said):
    runs = json.loads((ROOT / "reports" / dataset / "provenance.json").read_text(encoding="utf-8"))["runs"]
    assert said.format(runs) in README
