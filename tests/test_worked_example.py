"""The worked example of docs/replicate_another_paper.md: its diffs and commands, taken from the page and tried."""

import json
import re
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from tests import pipeline

PAGE = Path(__file__).parents[1] / "docs" / "replicate_another_paper.md"
BLOCKS = re.findall(r"^```(diff|sh)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
DIFFS = [text for language, text in BLOCKS if language == "diff"]


def few(tree: dict) -> None:
    """The headline's study and the example's own, on digits, over a hundred steps."""
    pipeline.only(tree, "depth", "rms")
    tree["training"]["digits"] |= {"steps": 100, "evaluate_every": 10, "seeds": 2, "targets": [0.3]}
    tree["studies"]["depth"] |= {"implementation": ["keras"], "depth": [1], "seeds_of": {}}
    tree["studies"]["rms"] |= {"depth": [1], "seeds": 2}


def test_the_diffs_fit_the_code():
    assert len(DIFFS) > 10
    done = subprocess.run(
        ["git", "apply", "--check"],
        input="".join(DIFFS),
        cwd=pipeline.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """A clone in which someone has followed the page, with few runs."""
    clone = pipeline.clone(tmp_path_factory.mktemp("example"), change=None)
    for language, text in BLOCKS:
        if language == "diff":
            patch = clone.folder / ".git" / "block.diff"
            patch.write_text(text, encoding="utf-8")
            clone.run("git", "apply", str(patch))
            continue
        if "dvc repro" in text:
            clone.params(few)
        clone.run("bash", "-euc", text)
    return clone


@pytest.mark.slow
def test_it_ends_with_the_studys_curves_figure_and_verdict(followed):
    reports = followed.folder / "reports" / "digits"
    curves = pd.read_csv(reports / "tables" / "curves" / "rms.csv", keep_default_na=False)
    assert set(curves["normalization"]) == {"none", "layer", "rms"}
    best = curves[curves["activation"] == "sigmoid"].groupby("normalization")["accuracy"].max()
    assert best["rms"] > 0.5, "it has learned something"
    one, other = (curves[curves["normalization"] == name]["loss"].tolist() for name in ("layer", "rms"))
    assert one != other
    for ending in ("svg", "png", "pdf"):
        assert (reports / "figures" / f"rms.{ending}").stat().st_size > 1_000
    (claim,) = (entry for entry in json.loads((reports / "claims.json").read_text()) if entry["id"] == "recentering")
    assert claim["verdict"] in ("holds", "mixed", "fails")
    text = (reports / "report.md").read_text()
    assert '<h3 id="recentering">' in text
    assert "](figures/rms.svg)" in text


@pytest.mark.slow
def test_nothing_is_left_to_commit_and_the_rule_came_before_its_result(followed):
    assert followed.run("git", "status", "--porcelain").stdout == ""
    rule, result = (
        followed.run("git", "log", "--format=%ct %s", "--diff-filter=A", "--", path).stdout
        for path in ("src/bnrepro/analysis/claims/recentering.py", "reports/digits/claims.json")
    )
    assert "before any run" in rule
    subjects = followed.run("git", "log", "--format=%s").stdout.splitlines()
    assert subjects.index(result.split(" ", 1)[1].strip()) < subjects.index(rule.split(" ", 1)[1].strip())
    assert "up to date" in followed.run("dvc", "status").stdout
