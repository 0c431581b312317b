"""What an explorer holds is what the committed tables have, run by run."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from bnrepro import paths
from bnrepro.analysis import tables
from bnrepro.analysis.curves import series
from bnrepro.errors import BadInput
from bnrepro.explorer import content
from bnrepro.study import params

ROOT = Path(__file__).parents[2]
REPORTED = sorted(path.parent.name for path in ROOT.glob("reports/*/provenance.json"))


@pytest.fixture(scope="module", params=REPORTED)
def explored(request):
    """A dataset, and what its explorer holds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        yield request.param, content.of(params.load(), request.param)


def test_every_run_has_the_steps_of_the_tables(explored):
    dataset, held = explored
    assert [study["name"] for study in held["studies"]]
    for study in held["studies"]:
        first = tables.read(dataset, f"first_steps/{study['name']}")
        first = first[first["mode"].isin(content.COLUMNS)]
        shown = [
            (run["seed"], mode, target, steps)
            for arm in study["arms"]
            for run in arm["runs"]
            for mode in study["modes"]
            for target, steps in zip(held["targets"], run["first"].get(mode, run["first"]["ema"]), strict=True)
        ]
        rows = first[["seed", "mode", "target", "steps"]].itertuples(index=False)
        tabulated = [(seed, mode, target, None if pd.isna(steps) else steps) for seed, mode, target, steps in rows]
        assert sorted(shown, key=str) == sorted(tabulated, key=str), study["name"]


def test_every_curve_has_the_accuracies_of_the_tables(explored):
    dataset, held = explored
    for study in held["studies"]:
        curves = tables.read(dataset, f"curves/{study['name']}")
        for mode in study["modes"]:
            shown = [
                accuracy
                for arm in study["arms"]
                for run in arm["runs"]
                for accuracy in run["accuracy"].get(mode, run["accuracy"]["ema"])
            ]
            assert sorted(shown) == sorted(curves[content.COLUMNS[mode]]), (study["name"], mode)


def test_what_is_compared_at_first_is_what_speedup_compares(explored):
    dataset, held = explored
    speedup = tables.read(dataset, "speedup")
    for study in held["studies"]:
        own = speedup[speedup["study"] == study["name"]]
        treated = own[[name for name in series(own) if own[name].notna().any()]].drop_duplicates()
        compared = [arm for arm in study["arms"] if arm["baseline"] is not None]
        assert len(compared) == len(treated), study["name"]
        assert {study["arms"][arm["baseline"]]["normalization"] for arm in compared} <= {"none"}


def test_links_tell_arms_apart(explored):
    """The page names an arm in a link by the values of what its study crosses."""
    for study in explored[1]["studies"]:
        links = [tuple(arm["values"]) for arm in study["arms"]]
        assert len(set(links)) == len(links) == len({arm["name"] for arm in study["arms"]})


def test_a_reader_sees_some_arms_at_first_and_not_too_many(explored):
    for study in explored[1]["studies"]:
        shown = [
            arm
            for arm in study["arms"]
            if all(key is None or key in own["shown"] for key, own in zip(arm["values"], study["factors"], strict=True))
        ]
        assert 1 <= len(shown) <= content.MOST_ARMS, study["name"]


@pytest.fixture
def given(project):
    """A project with the committed tables of the digits."""
    shutil.copytree(ROOT / "reports" / "digits" / "tables", paths.tables("digits"))
    shutil.copyfile(ROOT / "reports" / "digits" / "provenance.json", paths.provenance("digits"))
    return project


def test_a_study_that_has_no_tables_yet_is_left_out(given):
    for folder in ("curves", "first_steps"):
        (paths.tables("digits") / folder / "momentum.csv").unlink()
    names = [study["name"] for study in content.of(params.load(), "digits")["studies"]]
    assert "momentum" not in names
    assert "depth" in names


@pytest.mark.parametrize("table", ["curves/depth.csv", "first_steps/depth.csv"])
def test_a_damaged_table_is_refused(given, table):
    (paths.tables("digits") / table).write_bytes(b"\xff")
    with pytest.raises(BadInput, match=r"depth\.csv: not readable"):
        content.of(params.load(), "digits")


@pytest.mark.parametrize(("old", "new"), [("evaluate_every: 5\n", "evaluate_every: 50\n"), ("0.90, 0.95, 0.97", "0.9")])
def test_tables_of_other_parameters_are_refused(given, old, new):
    file = given / "params.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadInput, match=r"is not of this params\.yaml; run `dvc repro`"):
        content.of(params.load(), "digits")
