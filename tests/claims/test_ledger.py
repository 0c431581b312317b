"""The claims as a whole: which there are, what claims.json holds, and that no rule changed after its verdict."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bnrepro.analysis.curves import SERIES
from bnrepro.claims import ledger
from bnrepro.claims.engine import Claim, NotTested, Part, Rule
from bnrepro.claims.evidence import select_rows
from bnrepro.study import params
from tests.claims import test_claims_about_figure_1 as figure_1
from tests.claims.lesson import PLAIN, evidence, of_the_grids, runs

ROOT = Path(__file__).parents[2]

# The digests of all rules, before any verdict by them. Whoever changes a rule changes its digest here too, and says so.
# In the order of the lesson, then the paper's figure. (What a digest covers was changed once: from a rule's code to its
# data. The history of this file has the digests of before, from the commits that brought the rules.)
WRITTEN_BEFORE = {
    "depth-slows": "f5caac13e340c4423d402506424491b1a361a34d9ce21d4fc01f7ac14a751cb7",
    "saturation": "f1dd828a13408a87ff9b54be28011c3ceade33d91d63e13e6caf2e6e902f1cec",
    "covariate-shift": "5e5aa71b7020b3511031ac2155f69517c58d9f2a5a55aea2d68fa083c51b0cdf",
    "small-learning-rate": "2a537e4f4c198c3d8f1e3f0187f6259fbb79cc694da97a3e907c489f54c46a62",
    "dropout": "3e9fda5fa55ae48cc285c063da585b838d3c273223427740eaa1e517c408f2cc",
    "zscore": "98ca2b70cf73a33aa8b7ff9c7f6407e4a4c8cc73a6b2f9b8bffb2eb3d89be166",
    "gradients": "68cddd4a96682a4c1c489ac39524ba350c82a5003024ba62a00959a750ec3260",
    "fewer-iterations": "6cd3284ba7678aa18176a227330c65e9481c4983b72d3b708b64ff169370d3eb",
    "higher-learning-rate": "ba56cda3945778d5ac5e7fc004c174ddd7dba5e461ef062eec09b612e5198ccf",
    "sigmoid-trains": "d996b2938b043b7bc4edb30dd96da34f87c2736430af1d499b06ace49c7ee93a",
    "canned-flag": "be398653706384bc33f89e0c23731094b4e268f1a4fbd4b173d89be2dc355f56",
    "keras-layer": "c4785f92f842667f5aa545f61958756c655cc896ef7d4a8b96adc460926c8f62",
    "update-ops": "c939adb30d3ace322cd719f9a0635a7fc8ac09198f1b5100d5358c2b9547adfc",
    "momentum": "3c5467b52307112320211326e24f418b9e5e4db78d4e164543aeeb155fdfc181",
    "training-only": "1e0b399a402e4a3b70926aa054419e657064221b516b16252ce75dc9edf4ce1b",
    "alternatives": "86f388bd84c1e3417550be4d7cfff6a5e044ed89ad80a1df22ef93ce359ea34a",
    "best-against-best": "ee17efdb987a58032c3db387c8cefd90f0cdb0ecbd7172e47e9567829898230c",
    "cause": "cbc68b9d625effa7fde98837baa1d77eee23fecf8558aa231d17fcaa6c2ab854",
    "paper-final-accuracy": "2bbf76d29c85acd770752db9f67d7db40535a886924d953a4a316dcec0117b83",
    "paper-steps": "c4a670a619a2faea7904446c7b386f7fc89af8496f4a79b1da2a62aeef432d55",
    "paper-speedup": "be0dbd4fd2f7067fa187221faa2e703331ed5e20a87e4b0cd7dd552c5d35a577",
    "paper-prediction": "48bd8edb184c89191d1952c74aaf5f5c4ab1e2b40e29f6b03c3818c5c386cc7f",
    "paper-stable-inputs": "f47cb49675082ee0e4a64d9d2fea3474bc5be5bb5675c88cb280cb4b5f7965d3",
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


RULE = {"words": "Fewer.", "compare": lambda runs: [Part("a part", 1.0, 2.0, True)], "reads": {"depth": ("depth",)}}


def made_of(**told):
    """A claim of these and of what any has."""
    rule = Rule(**RULE | {name: value for name, value in told.items() if name in Rule.__dataclass_fields__})
    own = {name: value for name, value in told.items() if name in Claim.__dataclass_fields__}
    return Claim(**{"id": "id", "place": 1, "title": "T", "source": "S", "statement": "It is.", "rule": rule} | own)


def missing(runs):
    raise NotTested("no runs")


def test_what_a_rule_misses_is_the_reason():
    entry = made_of(compare=missing).judge(evidence(runs("depth", **PLAIN)))
    assert (entry["verdict"], entry["reason"], entry["measured"]) == ("not tested", "no runs", {})


@pytest.mark.parametrize(
    "told",
    [
        {"statement": "It is not."},
        {"words": "More."},
        {"thresholds": {"standard_errors": 2}},
        {"thresholds": {"standard_errors": 3}},
        {"reads": {"noise": ("depth",)}},
        {"reads": {"depth": ("depth", "normalization")}},
        {"first_seed": 100},
    ],
    ids=str,
)
def test_a_digest_covers_what_decides(told):
    others = [made_of(), made_of(thresholds={"standard_errors": 1})]
    assert made_of(**told).digest() not in {claim.digest() for claim in others}


@pytest.mark.parametrize(
    "told", [{"findings": {"holds": "So."}}, {"title": "U"}, {"compare": missing}], ids=["findings", "title", "code"]
)
def test_a_digest_covers_neither_code_nor_comments(told):
    assert made_of(**told).digest() == made_of().digest()


def test_parts_that_do_not_count_are_listed_and_decide_nothing():
    parts = [Part("so", 1.0, 2.0, True), Part("beside", 1.23456789, 2.0, counts=False), Part("alone", np.nan, met=True)]
    entry = made_of(compare=lambda runs: parts).judge(evidence(runs("depth", **PLAIN)))
    assert entry["verdict"] == "holds"
    assert entry["measured"] == {
        "so": {"first": 1.0, "second": 2.0, "met": True},
        "beside": {"first": 1.23457, "second": 2.0},
        "alone": None,
    }


def test_a_claim_with_a_figure_says_how_to_read_it():
    drawn = {path.stem for path in ROOT.glob("reports/*/figures/*.svg")}
    assert {claim.figure for claim in ledger.LESSON if claim.figure} <= drawn
    assert [claim.id for claim in ledger.LESSON if bool(claim.figure) != bool(claim.reading)] == []


def test_rules_are_as_they_were_before_their_results():
    assert {claim.id: claim.digest() for claim in (*ledger.LESSON, *ledger.PAPER)} == WRITTEN_BEFORE


@pytest.mark.parametrize("path", sorted(ROOT.glob("reports/*/claims.json")), ids=lambda path: path.parent.name)
def test_committed_verdicts_are_of_these_rules(path):
    entries = json.loads(path.read_text(encoding="utf-8"))
    assert {entry["id"]: entry["rule"]["digest"] for entry in entries}.items() <= WRITTEN_BEFORE.items()


def test_a_rule_sees_what_it_reads_and_of_any_other_factor_the_first_value():
    rows = [
        ("depth", "keras", "none", 1, 0.5, None, None, 0),
        ("depth", "keras", "batch", 3, 0.5, 0.9, None, 0),
        ("depth", "keras", "batch", 3, 0.5, 0.99, None, 0),
        ("depth", "keras", "batch", 3, 0.1, 0.9, None, 0),
        ("momentum", "keras", "batch", 3, 0.5, 0.9, None, 0),
        ("momentum", "keras", "batch", 3, 0.5, 0.99, None, 1),
        ("momentum", "keras", "batch", 1, 0.5, 0.99, None, 0),
        ("noise", "keras", "batch", 3, 0.5, 0.9, None, 0),
    ]
    table = pd.DataFrame(rows, columns=[*SERIES, "momentum", "dropout", "seed"])
    reads = {"depth": ("normalization", "depth"), "momentum": ("momentum",)}
    assert select_rows(table, reads).index.tolist() == [0, 1, 4, 5]
    assert select_rows(table, reads, first_seed=1).index.tolist() == [5]
