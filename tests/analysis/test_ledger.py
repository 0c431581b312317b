"""The claims as a whole: which there are, what claims.json holds, and that no rule changed after its verdict."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from bnrepro import params
from bnrepro.analysis.claims import ledger
from bnrepro.analysis.claims.claim import Claim, NotTested, digest
from bnrepro.analysis.curves import SERIES
from tests.analysis import test_claims_about_figure_1 as figure_1
from tests.analysis.lesson import evidence, of_the_grids

ROOT = Path(__file__).parents[2]

# As of the commit that brought this test, before any verdict by them. Whoever changes a rule changes this too, and says
# so. In the order of the lesson.
WRITTEN_BEFORE = {
    "depth-slows": "0f5c52ef19e8def9bf0db27e4b42b98c18d6b8d4541a2785b1973b14d64959ba",
    "saturation": "5f9805fde458e5b839d4df89882e036c06ab2881235df6de9e46e9e4155bc613",
    "covariate-shift": "c13dca77bd343e31f340f51f02757c202d40b675f45e8890b7f00d770c1624ee",
    "small-learning-rate": "c5a4b498b9a9bfd362f186351a718a1543b0a59cfccf68128b553af4eecf4b2f",
    "dropout": "cb4c308d9e6d4b3517f1099c9c156546d66c9c7d18a0f8fcfe16bbca2ffa3f16",
    "zscore": "505b8dd92137b5fc6bd6e75a55c69b641257b4103a6fa3ec13124b91ded82491",
    "gradients": "cfd83e6cc228d746b096424c1d69b5236244b0d565a678f00f113c97727ed7e4",
    "fewer-iterations": "a479deeaba923f8dd647909fa92a4b7a05f67b8d590a6392abfdcda79ca30abb",
    "higher-learning-rate": "ec96e8b2bb1592907f37a5a2bc5e8e4768485138fbcfe6b2042b2369aa0df1e1",
    "sigmoid-trains": "6c2faf16c37530f7d034811ad772501f7a60cb108f55c5952a787ad7b7619017",
    "canned-flag": "c602d2fff4b5b0d9a47ed2cdd04eaecccbcb82d7fd9b4fec8f9427d9c36a74c5",
    "keras-layer": "cdca482f6d010cf941ed3047bc2548cee817ce41564993aa555264e20cb75088",
    "update-ops": "1d5d27e38e639f8d8d46a562e0e55b6353fa7ce8accd8679583ed538bcf770e1",
    "momentum": "bf2d668c4f735c543aaeddf7c94f1436bb2fbc0575183b00056b2db9354dc1a0",
    "training-only": "e78ad3df1d152d8f463b9af7c971b2fea6dd4ea916c8ad7f3ea3b844fdbb7d04",
    "alternatives": "40c950cbb6d8da204861ca4cfaab086e57ffa9bdaf314c67482fd632b6271143",
    "best-against-best": "115efe19f1bc6f2ba6ed5d2172fe43d438487af191d0bfa7161dd834414c2de1",
    "cause": "4fa79998ab711714585a4e984b53c0e6fa03aae3795b7d4efb9f2d2424c2762c",
}


def made_up(told):
    """All entries that a dataset can have, of runs of which `told` says what they measure."""
    grids = of_the_grids(params.load(ROOT / "params.yaml"), told)
    beside_the_paper = figure_1.evidence([figure_1.final("none", 0.972), figure_1.final("batch", 0.982)])
    return ledger.judge(evidence(*grids)) + ledger.judge_paper(beside_the_paper)


def test_the_claims_are_these_in_the_order_of_the_lesson():
    assert [claim.id for claim in ledger.LESSON] == [
        *("depth-slows", "saturation", "covariate-shift", "small-learning-rate", "dropout"),
        *("zscore", "gradients", "fewer-iterations", "higher-learning-rate", "sigmoid-trains"),
        *("canned-flag", "keras-layer", "update-ops", "momentum", "training-only"),
        *("alternatives", "best-against-best", "cause"),
    ]


def test_ids_are_distinct_and_every_rule_has_words_and_a_digest_of_its_own():
    entries = ledger.judge(None) + ledger.judge_paper(None)
    assert len(entries) == len(ledger.LESSON) + len(ledger.PAPER)
    assert len({entry["id"] for entry in entries}) == len(entries)
    assert len({entry["rule"]["digest"] for entry in entries}) == len(entries)
    assert [entry["id"] for entry in entries if "Holds" not in entry["rule"]["words"]] == []
    assert [entry["id"] for entry in entries if not (entry["statement"] and entry["source"])] == []


def test_rules_keep_their_words_where_python_strips_docstrings():
    code = "import json; from bnrepro.analysis.claims import ledger; "
    code += "print(json.dumps(ledger.judge(None) + ledger.judge_paper(None)))"
    done = subprocess.run([sys.executable, "-OO", "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == ledger.judge(None) + ledger.judge_paper(None)


def test_without_evidence_nothing_is_tested():
    entries = ledger.judge(None)
    assert {entry["verdict"] for entry in entries} == {"not tested"}
    assert all(entry["reason"] and entry["measured"] == {} for entry in entries)


def test_entries_are_json_though_runs_diverge():
    """What an arm that diverged ends with is no number, and JSON has no NaN."""

    entries = made_up(lambda spec: {"steps": 300, "diverged_at": 20 if spec.depth == 7 else None})
    assert json.loads(json.dumps(entries, allow_nan=False)) == entries
    (training_only,) = (entry["measured"] for entry in entries if entry["id"] == "training-only")
    assert {name for name, part in training_only.items() if part["first"] is None} == {
        name for name in training_only if name.startswith("depth 7")
    }


def test_a_verdict_has_a_reason_only_where_it_is_not_tested():
    entries = made_up(lambda spec: {"steps": 300})
    assert {entry["id"] for entry in entries if "reason" in entry} == {
        entry["id"] for entry in entries if entry["verdict"] == "not tested"
    }
    assert {entry["verdict"] for entry in entries} > {"not tested"}


def missing(evidence):
    raise NotTested(f"no {evidence}")


def test_what_a_rule_misses_is_the_reason():
    entry = Claim("id", "source", "statement", missing, "").judge("runs")
    assert (entry["verdict"], entry["reason"], entry["measured"]) == ("not tested", "no runs", {})


def test_a_digest_covers_the_rule_and_what_decides_beside_it():
    rules = (missing, test_without_evidence_nothing_is_tested)
    assert len({digest(rule, reach) for rule in rules for reach in ("0.01", "0.02")}) == 4


def test_rules_are_as_they_were_before_their_results():
    assert {claim.id: digest(claim.rule, claim.reach) for claim in ledger.LESSON} == WRITTEN_BEFORE


@pytest.mark.parametrize("path", sorted(ROOT.glob("reports/*/claims.json")), ids=lambda path: path.parent.name)
def test_committed_verdicts_are_of_these_rules(path):
    entries = json.loads(path.read_text(encoding="utf-8"))
    written = WRITTEN_BEFORE | figure_1.WRITTEN_BEFORE
    assert {entry["id"]: entry["rule"]["digest"] for entry in entries}.items() <= written.items()


def test_rules_read_of_a_factor_that_they_do_not_ask_for_its_first_value():
    table = pd.DataFrame(
        [
            ("depth", "keras", "none", 1, 0.5, None, None),
            ("depth", "keras", "batch", 3, 0.5, 0.9, None),
            ("depth", "keras", "batch", 3, 0.5, 0.99, None),
            ("depth", "keras", "batch", 3, 0.1, 0.9, None),
            ("momentum", "keras", "batch", 3, 0.5, 0.9, None),
            ("momentum", "keras", "batch", 3, 0.5, 0.99, None),
            ("momentum", "keras", "batch", 1, 0.5, 0.99, None),
            ("own", "keras", "batch", 3, 0.5, 0.9, None),
        ],
        columns=[*SERIES, "momentum", "dropout"],
    )
    assert ledger.read(table).index.tolist() == [0, 1, 4, 5]
