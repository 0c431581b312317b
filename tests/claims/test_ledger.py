"""The claims as a whole: which there are, what claims.json holds, and that no rule changed after its verdict."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from bnrepro.analysis.curves import SERIES
from bnrepro.claims import ledger
from bnrepro.claims.engine import Claim, NotTested, digest
from bnrepro.study import params
from tests.claims import test_claims_about_figure_1 as figure_1
from tests.claims.lesson import evidence, of_the_grids

ROOT = Path(__file__).parents[2]

# As of the commit that brought this test, before any verdict by them. Whoever changes a rule changes this too, and says
# so. In the order of the lesson.
WRITTEN_BEFORE = {
    "depth-slows": "38d34fafc6f9b463efeeb31f48da26a1d5315aa256485978e04278fe5c030b16",
    "saturation": "1369444901fff26922072ce4cfc07dc7d3caf047b79591dc4e89bc1cb927f089",
    "covariate-shift": "76c49008cb5286d310cdf5f6c3c2a7fd795f1a546e167bd72969faf569710f84",
    "small-learning-rate": "4e66ecb013eff8c5314fb8a5bd34010568aa3e61bb77c798d2d9fe1ea57752ea",
    "dropout": "fa42d16a7f096d91e65d8931a1eef335d20ea74ba8b3e7f441fa8bd29e3d3e6b",
    "zscore": "8edb7df9614abd0bb8850e0735a6f05e51db6e5e6bcc9ca5e5f0c46e735e20b2",
    "gradients": "9d66773417b686b47099ab2ddfe03a1fdc1a5f529d7c9d412af7301d7c53124c",
    "fewer-iterations": "873661eaedd34f6c16cac52258dd5cf8bb1b4e0e7d1fd33f7290fa1f839888d2",
    "higher-learning-rate": "753020fe916782e8adf05be66d9bdcfb29b46680c33062de19b706cdb90ff424",
    "sigmoid-trains": "6f83a9252dfa6c15936a9e2ebded675a29706dc93580394a120a9995fe4a970c",
    "canned-flag": "bb86c754bc307e4332288e937e7ad6f92167cf7977eae6cc655e71b7bb0f6d4f",
    "keras-layer": "d73b47137d7107a796782375d2cbc26a7a077649273a252316cc7c2482727160",
    "update-ops": "e234b0e68bd241452e60844a1f783c6cf18f230040132e4aef531fd63093b7ff",
    "momentum": "4679fc43fae95416c7695ef0304471ca1bbc41c28977b3a65d2d088cea7b4cc2",
    "training-only": "1fa136ace3ae51b31d5968e061655c64539706c172d7ab1d43ae2a37a79b3675",
    "alternatives": "f4c1e16d18da8b7b3d31a296c840724c7ff91345920f78440f09165297df2e65",
    "best-against-best": "f7cf34bd7ce32942b42e3b7a49554fce1cbe58b267dfd911892a4a2fb0780da5",
    "cause": "7bdf6f69540091be15c12430e10523e26ff4a3d616c4a49ab4166504567ace7e",
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
    code = "import json; from bnrepro.claims import ledger; "
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
