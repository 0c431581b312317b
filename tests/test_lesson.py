"""The lesson's claims in the committed reports, which `.ci/run` makes anew and compares."""

import json
import re

import pandas as pd
import pytest

from bnrepro import explorer
from bnrepro.claims import ledger
from tests.pipeline import ROOT

REPORTS = ROOT / "reports"
NOT_TESTED = {  # for want of their studies
    "digits": ["depth-slows", "dropout", "sigmoid-trains", "alternatives", "cause"],
    "mnist": ["gradient-preservation", "trains-deeper", "skip-connections", *2 * ["singular-values"]],
}


@pytest.fixture(params=["digits", "mnist"])
def report(request):
    return REPORTS / request.param


def test_every_claim_is_judged(report):
    entries = json.loads((report / "claims.json").read_text())
    ids = [claim.id for claim in ledger.LESSON]
    assert [entry["id"] for entry in entries][: len(ids)] == ids
    rules = [(entry["id"], entry[which]) for entry in entries for which in ("stated", "meant") if which in entry]
    untested = [name for name, rule in rules if rule["verdict"] == "not tested" or not rule["parts"]]
    assert untested == NOT_TESTED[report.name]


def test_the_report_has_a_section_and_the_figure_of_every_claim(report):
    text, page = (report / "report.md").read_text(), (report / "report.html").read_text()
    for claim in ledger.LESSON:
        assert f'<h3 id="{claim.id}" markdown="1">' in text
        assert f'<h3 id="{claim.id}">' in page
        assert f'href="#{claim.id}"' in page
        if claim.figure and claim.id not in NOT_TESTED[report.name]:
            assert f"](figures/{claim.figure}.svg)" in text
            assert "<text" in (report / "figures" / f"{claim.figure}.svg").read_text()
    assert not re.findall(r"\bnan\b", text)


@pytest.mark.parametrize("other", ["digits", "MNIST"])
def test_a_report_speaks_of_its_own_dataset(report, other):
    """But for the paper, whose dataset is MNIST: of the digits' report, where no claim quotes the paper."""
    said = (report / "report.md").read_text().partition("## Appendix")[0]
    lines = [line for line in said.splitlines() if other in line and "paper" not in line]
    assert report.name == other.lower() or lines == []


def test_what_git_holds_of_a_report_is_small(report):
    files = [path for path in report.rglob("*") if path.is_file() and path.name != explorer.NAME]
    sizes = {path.name: path.stat().st_size for path in files}
    assert max(sizes.values()) < 2**20, max(sizes, key=sizes.get)


def test_layers_are_tabulated_step_by_step():
    layers = pd.read_csv(REPORTS / "digits" / "tables" / "layers" / "depth.csv", keep_default_na=False, na_values=[""])
    deep = layers[(layers["study"] == "depth") & (layers["depth"] == 3)]
    assert set(deep["layer"]) == {1, 2, 3}
    assert (deep["step"].min(), deep["step"].max()) == (0, 3_000)
    assert deep["saturated"].between(0, 1).all()


def test_forgotten_updates_show_in_what_users_get_alone():
    curves = pd.read_csv(REPORTS / "digits" / "tables" / "curves" / "updates.csv")
    end = curves[curves["step"] == curves["step"].max()]
    end = end[end["implementation"].isin(["core_estimator", "keras_estimator"])]  # elsewhere nobody can forget them
    by_updates = end.set_index(["implementation", "seed", "updates"])[["loss", "population_accuracy"]].unstack()
    assert len(by_updates) == 6
    assert (by_updates["loss", "omitted"] > by_updates["loss", "run"]).all()
    assert (by_updates["population_accuracy", "omitted"] == by_updates["population_accuracy", "run"]).all()
