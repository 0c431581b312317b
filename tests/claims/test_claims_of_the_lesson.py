"""What the rules about the lesson share: they find their runs in the studies of params.yaml, and say what they miss."""

from dataclasses import replace
from pathlib import Path

import pytest

from bnrepro.claims import ledger
from bnrepro.study import params
from tests.claims.lesson import NEVER, evidence, of_the_grids, on_digits

RULES = {
    (claim.id, which): rule
    for claim in ledger.LESSON
    for which in ("stated", "meant")
    if (rule := getattr(claim, which))
}


def trained(spec):
    """Sigmoid networks without normalization arrive up to depth 3, all others do at any; noise moves inputs."""
    arrives = 200 if spec.normalization != "none" else 500 if spec.depth <= 3 else NEVER
    return {"steps": arrives, "jumped": 2.0 if spec.noise in ("shifting", "drifting") else 1.0, "travelled": 1.0}


@pytest.fixture(scope="module")
def shipped():
    """Every run of the studies in params.yaml."""
    return evidence(*of_the_grids(on_digits(params.load(Path(__file__).parents[2] / "params.yaml")), trained))


def test_the_studies_of_params_yaml_have_the_runs_that_the_rules_look_at(shipped):
    entries = {name: rule.judge(shipped) for name, rule in RULES.items()}
    assert {name: entry["reason"] for name, entry in entries.items() if entry["verdict"] == "not tested"} == {
        ("cause", "stated"): "study noise has no runs",  # digits has none
        **{("singular-values", which): "study deep has no runs" for which in ("stated", "meant")},  # in these tables
    }


def test_without_a_study_what_rests_on_it_is_not_tested(shipped):
    """A rule that reads several may compare those that are there."""
    for name, rule in RULES.items():
        for missing in [*({study} for study in rule.reads), rule.reads.keys()]:
            left = {
                table: getattr(shipped, table)[~getattr(shipped, table)["study"].isin(missing)]
                for table in ("curves", "finals", "layers")
            }
            entry = rule.judge(replace(shipped, **left))
            if missing == rule.reads.keys() or entry["verdict"] == "not tested":
                reason = entry["reason"]
                assert any(study in reason for study in missing) or "nothing to compare" in reason, name
