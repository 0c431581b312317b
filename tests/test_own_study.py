"""A study and a figure of one's own, as docs/extending.md has them: added to a clone that has results."""

import json
import re

import pytest
import yaml

from tests import pipeline

pytestmark = pytest.mark.slow
PAGE = (pipeline.ROOT / "docs" / "extending.md").read_text(encoding="utf-8")


def block(section, language):
    """The code that a section of the page shows."""
    text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return re.search(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[1]


@pytest.fixture
def with_study(clone):
    clone.params(lambda tree: tree["studies"].update(yaml.safe_load(block("A study", "yaml"))))
    clone.run("dvc", "repro")
    return clone


def section(clone):
    report = (clone.folder / "reports" / "digits" / "report.md").read_text(encoding="utf-8")
    return report.partition("\n### Study light_dropout\n")[2].partition("\n## ")[0]


def plots(clone):
    """The figures that `dvc plots show` shows of the digits, which alone have results here."""
    done = clone.run("dvc", "plots", "show", "reports/digits/plots")
    assert "failed" not in done.stdout + done.stderr
    page = (clone.folder / "dvc_plots" / "index.html").read_text(encoding="utf-8")
    return set(re.findall(r"plots_(\w+)\.png", page))


def of_a_page(figures):
    """Those that are no other's for a column."""
    return {path.stem for path in figures.glob("*.svg") if not path.stem.endswith("_column")}


def test_a_study_has_a_figure_and_a_table_without_code_and_a_figure_costs_one_file(with_study):
    figures = with_study.folder / "reports" / "digits" / "figures"
    assert "](figures/study_light_dropout.svg)" in section(with_study)
    rows = [line for line in section(with_study).splitlines() if re.match(r"\| (no|batch) normalization \|", line)]
    assert len(rows) == 2 * 2 * 3  # normalizations, depths, dropouts
    drawn = of_a_page(figures)
    assert plots(with_study) == drawn >= {"study_light_dropout", "iterations_to_target"}
    made_from = json.loads((with_study.folder / "reports" / "digits" / "provenance.json").read_text())
    assert made_from["studies"]["light_dropout"]["records"] == 2 * 2 * 3 * 2

    module = with_study.folder / "src" / "bnrepro" / "figures" / "light_dropout.py"
    module.write_text(block("A figure", "python"), encoding="utf-8")
    assert "Running stage 'train" not in with_study.run("dvc", "repro").stdout
    assert of_a_page(figures) == drawn - {"study_light_dropout"} | {"light_dropout"}
    assert "](figures/light_dropout.svg)" in section(with_study)
    assert "**How to read it.** Means over seeds" in section(with_study)
