"""What the README says is so."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_its_table_of_findings_is_the_reports():
    findings = README.partition("## What was found")[2].partition("\n## ")[0]
    rows = [line for line in findings.splitlines() if line.startswith("|")]
    section = (ROOT / "reports/digits/report.md").read_text(encoding="utf-8").partition("## Iterations to 90%")[2]
    assert len(rows) > 5
    assert set(rows) <= set(section.partition("\n## ")[0].splitlines())


def test_it_has_no_gaps():
    assert not re.findall(r"@[A-Z]+@|TBD", README)


@pytest.mark.parametrize("target", re.findall(r"\]\((?!https?://)([^)]+)\)", README))
def test_its_links_lead_somewhere(target):
    assert (ROOT / target).exists()


@pytest.mark.parametrize("command", sorted(set(re.findall(r"(?:`|\n    )bnrepro ([a-z]+)", README))))
def test_its_commands_exist(command):
    from bnrepro.cli import main

    assert command in main.commands


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:`|    )make ([a-z-]+)", README))))
def test_its_make_targets_exist(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
