"""The rubric of the replication: PaperBench's shape, the verdicts of claims.json, and evidence that is there."""

import json
import re
from typing import Literal

import pytest
from pydantic import BaseModel, Field, model_validator

from bnrepro.archive import rubric as module
from bnrepro.audit.verify import reported
from bnrepro.claims import ledger
from bnrepro.claims.engine import VERDICTS
from bnrepro.study import params
from tests.conftest import REPOSITORY


class Node(BaseModel):
    """A node as PaperBench defines it: https://arxiv.org/abs/2504.01848. What else it has is left alone."""

    id: str = Field(min_length=1)
    requirements: str = Field(min_length=1)
    weight: int = Field(ge=0)
    sub_tasks: list["Node"]
    task_category: Literal["Code Development", "Code Execution", "Result Analysis"] | None
    finegrained_task_category: (
        Literal[
            "Environment & Infrastructure Setup",
            "Dataset and Model Acquisition",
            "Data Processing & Preparation",
            "Method Implementation",
            "Experimental Setup",
            "Evaluation, Metrics & Benchmarking",
            "Logging, Analysis & Presentation",
        ]
        | None
    )

    @model_validator(mode="after")
    def only_leaves_have_a_category(self):
        assert bool(self.sub_tasks) == (self.task_category is None)
        return self


@pytest.fixture(scope="module")
def rubric():
    """Of the committed reports, as JSON has it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPOSITORY)
        return json.loads(json.dumps(module.rubric(params.load(), reported())))


def nodes(node):
    yield node
    for below in node["sub_tasks"]:
        yield from nodes(below)


def leaves(rubric):
    return [node for node in nodes(rubric) if not node["sub_tasks"]]


def test_it_has_paperbenchs_shape(rubric):
    Node.model_validate(rubric)
    names = [node["id"] for node in nodes(rubric)]
    assert len(set(names)) == len(names)
    assert {node["weight"] for node in nodes(rubric)} == {1}
    assert [group["id"] for group in rubric["sub_tasks"]] == ["lesson", "figure-1", "figures-2-and-3"]


def test_every_claim_of_every_dataset_is_a_leaf_with_its_verdict(rubric):
    entries = {
        f"{entry['id']}/{which}/{path.parent.name}": entry[which]
        for path in REPOSITORY.glob("reports/*/claims.json")
        for entry in json.loads(path.read_text())
        for which in ("stated", "meant")
        if which in entry
    }
    found = {leaf["id"]: leaf for leaf in leaves(rubric)}
    assert found.keys() == entries.keys()
    for name, entry in entries.items():
        told = {key: value for key, value in found[name].items() if key in entry}
        assert told == {key: value for key, value in entry.items() if key not in ("statement", "words")}
        assert found[name]["requirements"] == entry["words"]
        assert entry["verdict"] in rubric["verdicts"]
    assert rubric["verdicts"] == VERDICTS


def test_a_claim_has_its_source_and_each_of_its_rules_the_statement(rubric):
    claims = {claim.id: claim for claim in (*ledger.LESSON, *ledger.PAPER, *ledger.FIGURE_2)}
    found = {claim["id"]: claim for group in rubric["sub_tasks"] for claim in group["sub_tasks"]}
    assert found.keys() == claims.keys()
    for name, claim in claims.items():
        assert (found[name]["source"], found[name]["requirements"]) == (claim.source, claim.stated.statement)
        judged = {node["judged"]: node["requirements"] for node in found[name]["sub_tasks"]}
        assert judged["as stated"] == claim.stated.statement
        assert judged.get("as meant") == (claim.meant and claim.meant.statement)


def test_every_path_of_the_evidence_exists(rubric):
    anchors = {
        path: set(re.findall(r'id="([^"]+)"', path.read_text(encoding="utf-8")))
        for path in REPOSITORY.glob("reports/*/report.md")
    }
    for leaf in leaves(rubric):
        report, anchor = leaf["evidence"]["report"].split("#")
        assert anchor in anchors[REPOSITORY / report], leaf["id"]
        for path in [leaf["evidence"]["claims"], *leaf["evidence"]["tables"], *leaf["evidence"]["figures"]]:
            assert (REPOSITORY / path).is_file(), path


def test_what_was_tested_has_tables(rubric):
    tested = [leaf for leaf in leaves(rubric) if leaf["verdict"] != "not tested"]
    assert [leaf["id"] for leaf in tested if not leaf["evidence"]["tables"]] == []


def test_every_table_is_evidence(rubric):
    """So that a new one without a column of studies is not forgotten. No rule reads the runs that chose a setting."""
    shown = {path for leaf in leaves(rubric) for path in leaf["evidence"]["tables"]}
    tables = {path.relative_to(REPOSITORY): path.read_text() for path in REPOSITORY.glob("reports/*/tables/*.csv")}
    filled = {str(path) for path, text in tables.items() if text.count("\n") > 1}
    assert filled - shown == {"reports/mnist/tables/calibration.csv"}


def test_its_studies_are_in_params_yaml(rubric):
    known = params.load(REPOSITORY / "params.yaml").studies
    for leaf in leaves(rubric):
        assert leaf["studies"]
        assert set(leaf["studies"]) <= set(known)


def test_it_says_what_its_own_keys_mean(rubric):
    """Those that no reader knows from PaperBench, and that do not say it themselves."""
    assert set(rubric["keys"]) <= {key for node in nodes(rubric) for key in node}
    assert "equal" in rubric["keys"]["weight"]
