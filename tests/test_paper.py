"""MNIST beside the paper's figure, by the commands that a user types, over the first of the paper's steps."""

import json
import re

import pandas as pd
import pytest

from bnrepro.claims import ledger
from tests import pipeline

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reports(tmp_path_factory, mnist_mirror):
    clone = pipeline.clone(tmp_path_factory.mktemp("paper"), pipeline.paper)
    clone.run("dvc", "repro", BNREPRO_MIRROR=mnist_mirror)
    return clone.folder / "reports" / "mnist"


def test_runs_that_end_before_the_papers_do_test_none_of_its_claims(reports):
    entries = json.loads((reports / "claims.json").read_text())
    about_the_figure = entries[-len(ledger.PAPER) :]
    assert [entry["id"] for entry in about_the_figure] == [claim.id for claim in ledger.PAPER]
    judged = [entry[which] for entry in about_the_figure for which in ("stated", "meant") if which in entry]
    assert {rule["verdict"] for rule in judged} == {"not tested"}


def test_the_calibration_is_of_the_arm_without_normalization_alone(reports):
    curves = pd.read_csv(reports / "tables" / "curves" / "calibration.csv", keep_default_na=False)
    assert set(curves["normalization"]) == {"none"}
    surface = pd.read_csv(reports / "tables" / "calibration.csv")
    assert surface["distance"].is_monotonic_increasing
    assert len(surface) == 2
    assert set(curves["seed"]) == {0, 1}


def test_settings_of_several_studies_are_beside_each_other(reports):
    settings = pd.read_csv(reports / "tables" / "specifications.csv")
    assert settings.groupby("study")["chosen"].all().to_dict() == {"paper": True, "specifications": False}
    assert settings["ratio"].isna().all()  # of fewer than three pairs


def test_factors_of_a_study_are_columns_of_its_tables(reports):
    steps = pd.read_csv(reports / "tables" / "steps_to_target.csv", keep_default_na=False)
    assert set(steps[steps["study"] == "momentum"]["momentum"]) == {"0.9", "0.99"}
    assert set(steps[steps["study"] == "paper"]["momentum"]) == {""}


def test_the_report_shows_what_was_compared(reports):
    text = (reports / "report.md").read_text()
    for name in ("figure_1a", "figure_1bc", "calibration", "speedup_by_target", "iterations_to_target"):
        assert f"](figures/{name}.svg)" in text
        assert (reports / "figures" / f"{name}.pdf").is_file()
    assert not re.findall(r"\bnan\b", text)
    assert "too few or too short to be compared" in text
