"""Charts that DVC draws from the tables by the project's templates: two revisions in each."""

import json
import shutil

import pandas as pd
import pytest
import vl_convert
import yaml

from tests import pipeline

ROOT = pipeline.ROOT
DEFINED = [item for entry in yaml.safe_load((ROOT / "dvc.yaml").read_text())["plots"] for item in entry.items()]
OLDEST = "5.8"  # of Vega-Lite that vl-convert has; DVC's page loads 5.2


@pytest.fixture(scope="module")
def revisions(make_project, tmp_path_factory):
    """A repository of the digits' tables alone; since the tag `before`, runs of depth 3 have become better."""
    clone = pipeline.Clone(make_project(tmp_path_factory.mktemp("revisions")))
    tables = clone.folder / "reports" / "digits" / "tables"
    (tables / "curves").mkdir(parents=True)
    for name in ("speedup_by_target.csv", "curves/depth.csv"):
        shutil.copyfile(ROOT / "reports" / "digits" / "tables" / name, tables / name)
    for command in (
        "git init -q",
        "git config user.name Test",
        "git config user.email test@example.org",
        "dvc init -q",
    ):
        clone.run(*command.split())
    shutil.copytree(ROOT / ".dvc" / "plots", clone.folder / ".dvc" / "plots")
    clone.commit("Before")
    clone.run("git", "tag", "before")
    for name, column, better in (("speedup_by_target", "ratio", 2.0), ("curves/depth", "accuracy", 1.01)):
        table = pd.read_csv(tables / f"{name}.csv")
        rows = (table["depth"] == 3) & (table["implementation"] == "keras")
        table.loc[rows, column] *= better
        table.to_csv(tables / f"{name}.csv", index=False)
    return clone


def charts(clone, *arguments):
    """By name, the Vega-Lite specification of every chart that DVC draws."""
    found = json.loads(clone.run("dvc", "plots", "diff", *arguments, "--json").stdout)["data"]
    return {name: one["content"] for name, own in found.items() for one in own if one["type"] == "vega"}


def lines(spec, version=OLDEST):
    """By color, how many lines the drawn chart has."""
    svg = vl_convert.vegalite_to_svg(spec, vl_version=version)
    drawn = [part.partition("</g>")[0] for part in svg.split('<g class="mark-line')[1:]]
    colors = spec["spec"]["encoding"]["color"]["scale"]
    return {rev: "".join(drawn).count(f'stroke="{color}"') for rev, color in zip(*colors.values(), strict=True)}


@pytest.mark.parametrize("version", [OLDEST, vl_convert.get_vegalite_versions()[-1]])
def test_two_revisions_are_laid_over_each_other_in_one_chart(revisions, version):
    """Of three depths, both normalizations; the ratio has a line for each depth."""
    drawn = charts(revisions, "before")
    assert set(drawn) == {"Test error, digits", "Ratio of iterations, digits"}
    assert lines(drawn["Test error, digits"], version) == {"workspace": 6, "before": 6}
    assert lines(drawn["Ratio of iterations, digits"], version) == {"workspace": 3, "before": 3}


def test_the_numbers_of_each_revision_are_those_of_its_tables(revisions):
    spec = charts(revisions, "before")["Ratio of iterations, digits"]
    at = {"study": "depth", "implementation": "keras", "depth": "3", "mode": "ema", "target": "0.9"}
    rows = [row for row in spec["data"]["values"] if at.items() <= row.items()]
    ratios = {row["rev"]: float(row["ratio"]) for row in rows}
    assert len(rows) == 2
    assert ratios["workspace"] == pytest.approx(2 * ratios["before"])


def test_a_revision_from_before_these_charts_is_drawn_by_naming_the_table(revisions):
    table = "reports/digits/tables/curves/depth.csv"
    named = ["--targets", table, "--template", "test_error", "-x", "step", "-y", "accuracy"]
    assert lines(charts(revisions, "before", *named)[table]) == {"workspace": 6, "before": 6}


def test_a_dataset_without_tables_is_left_out(revisions):
    page = revisions.folder / "page"
    revisions.run("dvc", "plots", "show", "--out", str(page))
    text = (page / "index.html").read_text(encoding="utf-8")
    assert "Test error, digits" in text
    assert "Test error, MNIST" not in text


def test_every_dataset_that_has_a_report_has_every_chart():
    reported = [path.parent.name for path in ROOT.glob("reports/*/provenance.json")]
    templates = {path.stem for path in (ROOT / ".dvc" / "plots").glob("*.json")}
    tables = {(about["template"], *about["y"]) for _, about in DEFINED}
    for template, name in (("test_error", "curves/depth.csv"), ("ratio", "speedup_by_target.csv")):
        assert {path for own, path in tables if own == template} == {
            f"reports/{dataset}/tables/{name}" for dataset in reported
        }
    assert {template for template, _ in tables} == templates


@pytest.mark.parametrize(("name", "about"), DEFINED, ids=[name for name, _ in DEFINED])
def test_the_committed_tables_have_what_a_chart_reads(name, about):
    ((path, column),) = about["y"].items()
    template = (ROOT / ".dvc" / "plots" / f"{about['template']}.json").read_text(encoding="utf-8")
    read = {about["x"], column, "implementation", "normalization", "depth", "learning_rate"}
    read |= {own for own in ("study", "mode", "censored") if f"datum.{own}" in template}
    assert read <= set(pd.read_csv(ROOT / path, nrows=1).columns)
