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
    "depth-slows": "09a4385bd6394b8b3cb1fbf0e986a1bac1cd8fc3deaed235f954631eadbd9421",
    "saturation": "f5a9a7dc964e153d367e114458f5b3de94ce41f4a97f002104da4e83c53e99c6",
    "covariate-shift": "fd2ef22b8a957608728eb6c233dd5d3308d4928c32b501f3c81d49daf919c6e4",
    "small-learning-rate": "094a59872a8759ff608492be4c12a78926bd048d3081595e90ab9474ca65365a",
    "dropout": "9d1b7eddc7f49d81b0d497087822d842421d1648d94c5255649f69afc914d02c",
    "zscore": "e8acd1106bf3c599a75c9e4dcbf0c6dfd4f35c748b542ea25b71447a141ba6ed",
    "gradients": "37e9b4ce761869c28035aa39dfe8e300427a31660607bb9c5dee31f71746a3e9",
    "fewer-iterations": "3003b5d19ccb765a13e9b0326b303d1a8439cdc9d38765fd153d776c75fde19e",
    "higher-learning-rate": "17c3a4b005ef47db79247c8bf91bfd3a21be1ed9ff6b008c12cb6fe5a20a015f",
    "sigmoid-trains": "2617f518706311cadbc8475462c5e14460687415b57779b55b0038efb4194aed",
    "canned-flag": "e3aa737caf34c2c0864ecbb635f4d698a4aed95569a27cb3fad4d385fcba8f9f",
    "keras-layer": "22a74e7a04a6a2f1296217d2eb6661a06a0dc5529cf0868bd1b17da50fd48da7",
    "update-ops": "bfb55a2fed5935288d42e5182d5c6f2a6e52b900476491c695e11609d779087d",
    "momentum": "92acfdf5e3eb72732ee177dc620292e071e6689babd4eb51aef950f84c8a3730",
    "training-only": "0fda22232841c69e9961ef6251bc425d0fdfc299d8cf20aab87ab4c6e7a52487",
    "alternatives": "ec3fc895f036fe70b47f1824be78ce76fff0daf675bf9364e3e2936b7574eb35",
    "best-against-best": "12c8852fd258a7b58438ba82d122d2e5b3ca2ef6ba3a150491de2e6ac6360413",
    "cause": "359cb128a27b7aafc8e49045a64648be2cb2f1917db51462e09731d8ea097df2",
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
