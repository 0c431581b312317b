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
    "depth-slows": "efb35344367647ad8f239dda6e46bb7791fde49ea547a79449d676989f2ecccd",
    "saturation": "f5e0bc6ae3d8f3c070ff7f45a3c9b7dd226bd94ea16819cf54dc4e9274f50765",
    "covariate-shift": "ab32e5c5873ade8b443860b940fdd40e616b50eec4edb20cf02499c119a2e4d5",
    "small-learning-rate": "7cfdeffac0ea51ebb329dc8c5b62dfab1fb7b9f5e283aa9607ad282b26d07d52",
    "dropout": "af677347b44d0c8efe933b723c485dd851f5f75e7f05e406fe2abe24b5fcc129",
    "zscore": "0e9357f5a5a1196888c83477969e2a40e8838885488db3472a22458840d555f9",
    "gradients": "75d835527b490811b207de2100c1916b68576edd9e0404089ab18dbfc01f2a3a",
    "fewer-iterations": "ec204dc2c7714c3c0b667cf509e62881597c259fd991b2f5f0b24379d4461f9b",
    "higher-learning-rate": "cdb1e6a9e99351775a79a19ac7acd0e7031f3da3818fb8addc1368d9bc79e87f",
    "sigmoid-trains": "fc92df22ecb74f40926aeb5364bdddbd754157ba5a0179d68877fd37c1d511c1",
    "canned-flag": "7ea9e25c7990101d08dab718c8d7ca0e817ae38452334a6c8b18c5881834d70f",
    "keras-layer": "87468f815c3543a960f114536a6656bac5f2dcc6f770a7c54a1b94e70450cfad",
    "update-ops": "6731224abffaaa570fea0eda46807dff6f93736d1e6283b89fa261cee141b702",
    "momentum": "e8b73b151abf31079d689189063c68441e0f9b08cccbb50b6fb06ad52ae4a08b",
    "training-only": "78eb208cfac5f4e03bccb9b8037e677f3f685a40443f167f69ae4df350759f01",
    "alternatives": "be63a9f8a751ad8485297d0727eccbf959130c0681694f7e2184a9a24bd70075",
    "best-against-best": "0c2367d5fc487fdeef8b93aebab3bceb49f73f7e4f48e397884a44cf7f0f16c8",
    "cause": "c5a32c21ba08c0f053017856d190a9533a0b30052ac8c7627c127e3d45d7bb9e",
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
