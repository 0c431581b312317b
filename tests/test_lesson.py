"""The lesson's claims, from params.yaml to the report, by the commands that a user types."""

import json
import re

import pandas as pd
import pytest

from bnrepro.claims import ledger
from tests import pipeline

pytestmark = pytest.mark.slow
FIGURES = ["layers", "learning_rate", "dropout", "moving_averages", "alternatives", "noise"]


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    clone = pipeline.clone(tmp_path_factory.mktemp("lesson"), pipeline.lesson)
    clone.run("dvc", "repro")
    return clone.folder / "reports" / "digits"


def test_every_claim_is_judged_or_says_why_not(reports):
    entries = json.loads((reports / "claims.json").read_text())
    assert [entry["id"] for entry in entries] == [claim.id for claim in ledger.LESSON]
    for entry in entries:
        assert entry["measured"] if entry["verdict"] != "not tested" else entry["reason"]
    tested = [entry["id"] for entry in entries if entry["verdict"] != "not tested"]
    assert len(tested) >= 12, "a hundred steps are too few for some, not for most"


def test_the_report_has_a_section_and_the_figure_of_every_claim(reports):
    text, page = (reports / "report.md").read_text(), (reports / "report.html").read_text()
    for claim in ledger.LESSON:
        assert f'<h3 id="{claim.id}">' in text
        assert f'<h3 id="{claim.id}">' in page
        assert f'href="#{claim.id}"' in page
    for name in FIGURES:
        assert f"](figures/{name}.svg)" in text
        assert "<text" in (reports / "figures" / f"{name}.svg").read_text()
    assert not re.findall(r"\bnan\b", text)
    assert len(page.encode()) < 2**20


def test_layers_are_tabulated_step_by_step(reports):
    layers = pd.read_csv(reports / "tables" / "layers.csv", keep_default_na=False, na_values=[""])
    deep = layers[(layers["study"] == "depth") & (layers["depth"] == 3)]
    assert set(deep["layer"]) == {1, 2, 3}
    assert deep["step"].max() == 100
    assert deep["saturated"].between(0, 1).all()
    assert (reports / "tables" / "layers.csv").stat().st_size < 2**20


def test_forgotten_updates_show_in_what_users_get_alone(reports):
    curves = pd.read_csv(reports / "tables" / "curves" / "updates.csv")
    end = curves[curves["step"] == curves["step"].max()]
    by_updates = end.set_index(["implementation", "seed", "updates"])[["loss", "population_accuracy"]].unstack()
    assert (by_updates["loss", "omitted"] > by_updates["loss", "run"]).all()
    assert (by_updates["population_accuracy", "omitted"] == by_updates["population_accuracy", "run"]).all()
