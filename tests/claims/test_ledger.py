"""The claims as a whole: which there are, what claims.json holds, and that no rule changed after its verdict."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bnrepro import paths
from bnrepro.claims import ledger
from bnrepro.claims.engine import Claim, NotTested, Part, Rule
from bnrepro.claims.statistics import Effect, TooFew
from bnrepro.figures import registry
from tests.claims.lesson import PLAIN, evidence, runs

ROOT = Path(__file__).parents[2]
RULES = {
    (claim.id, which): rule
    for claim in (*ledger.LESSON, *ledger.PAPER)
    for which in ("stated", "meant")
    if (rule := getattr(claim, which))
}

# The digests of all rules, before any confirmatory run. Whoever changes a rule changes its digest here, too, and says
# in docs/protocol.md what had been seen by then. (The history of this file has the digests of the rules before these.)
FROZEN = {
    ("depth-slows", "stated"): "499bc8c6ca07a360b28ace7aee00c318c252ea8c65d55e1a147d69731962836e",
    ("depth-slows", "meant"): "e489b45db47e739a50fff76a68306fcad9d836d20b55c2586ec7d24f11a26b88",
    ("saturation", "stated"): "778b965821ee3eaadd627b47c48d1d85f128249592d5fb0f737c8c8f118c1054",
    ("covariate-shift", "stated"): "07873c225c794148422db85356698cb85e27c014d259996996ff62f971c20ce2",
    ("small-learning-rate", "stated"): "9097c4b7455e589a5cbee7b1194861501f702d8e34e890d2edc2c8e37ab22220",
    ("dropout", "stated"): "1492fa9ca845dcd73d385ddb5b16186882f5874e0a51780440013b11ccac041e",
    ("zscore", "stated"): "0d03abc45df7967c96812f9dcaa771f1bce576e59b770dd9d70580ead82feb53",
    ("zscore", "meant"): "4aa0021aceb4d60cfcad83a5035a55924326ca6a18de58dc363df7a0d8ab7be6",
    ("gradients", "stated"): "58f54e1d982930fe005a4040b3626f091f6e1a3373876561219e542859fb01ab",
    ("fewer-iterations", "stated"): "5c1e2b7066ed16a1809c25f37419804819389cf51b03e2ed1b4a49d11f1d61d0",
    ("higher-learning-rate", "stated"): "3898c22a19a95e0bdf30262f7cda547458401ed85ef737f041a1f7954f6e81a0",
    ("higher-learning-rate", "meant"): "a872945319da4131eba38ed9672aafe62449c86b2a7452a032e6643b8cb86b43",
    ("sigmoid-trains", "stated"): "6daf91f3cdbbbe3e582d3f33c7b8f34ac9c3981b6b13e565dedaed88829aea1f",
    ("sigmoid-trains", "meant"): "9a5b8bebb11b38200b835102278d7ed355b3258415ffbd016290efdf76545302",
    ("canned-flag", "stated"): "e0b183ce8ce53792a63779d9ac3f03bb4943c2e844b1fb78c13927496c4f1b17",
    ("canned-flag", "meant"): "e18fb2a8e545208b1f3f36a2119ad6b82c429480f6013f5ca8a654e921eb5f67",
    ("keras-layer", "stated"): "e89560048cacc736e1ffec3aaa6767f860b0e4e19dc57cfe99e15b34a06adc39",
    ("keras-layer", "meant"): "b8ee900fefd347f65d1f24609fa8f3fe57b41bd4d74dbd750d6f1ecb97663a08",
    ("update-ops", "stated"): "2e06a340887cbfbb001dbc864aa3d7064fe80bd9117b43c409fbadd2b22fe0e4",
    ("momentum", "stated"): "5631a9ac5f96283465922d6ebe42e810f2b5f858ab9b1ebbf66f6052388eae1c",
    ("training-only", "stated"): "19184d6dbd0bfe0ffe8c21d431587fba55ef9f728316899d3897ad22434d6a09",
    ("training-only", "meant"): "db8c1d15e44518b28ed779226514a33b1cd77185119558465192780502715f0a",
    ("alternatives", "stated"): "02221955baa0e95b8e55f813c49fbd0b6c98a4ee77c165176c79aec9215c6ace",
    ("best-against-best", "stated"): "68905a3dc01d9a10c89208833cf2b72db821e31b217fb063b01c7cab7171dae2",
    ("cause", "stated"): "07bed7c6774c5f0706d902c6b85e6407ecd910a67abc824af64ae49ab6d1b294",
    ("paper-final-accuracy", "stated"): "536024d49d7fdc607dc81b73c0d24bc3323f115ffe075d686a1eef3b41ce88b5",
    ("paper-final-accuracy", "meant"): "c9d9a20685d57eb7b452681dd45d70a41bddc2bebb51264240dd208706628f50",
    ("paper-steps", "stated"): "353fefe50b2a685e122fae4035f4090b7c73324d2eab414e13d3aba8b3cbebd8",
    ("paper-speedup", "stated"): "db0bad3ddd6a077ec41e257548a9e0fa19a525c2256e048c29881287d2c7d6ff",
    ("paper-speedup", "meant"): "e05073436eec8975410db14529c75c4562143464aa98b8151814b91b6ae29de2",
    ("paper-prediction", "stated"): "d6de4c2ab784cfe586b505b7de0fd571907b88f0d43e8f2ed0a031b711563279",
    ("paper-stable-inputs", "stated"): "64032e59757b56f26f02e0583776e3acddb8a38c94774af60d3805e21987a466",
    ("paper-stable-inputs", "meant"): "a4f866172757b7d5fe172afe7d53e81d1fc6a103d8456254e8c2f512c54055aa",
}


def test_the_claims_are_these_in_the_order_of_the_lesson():
    assert [claim.id for claim in ledger.LESSON] == [
        *("depth-slows", "saturation", "covariate-shift", "small-learning-rate", "dropout"),
        *("zscore", "gradients", "fewer-iterations", "higher-learning-rate", "sigmoid-trains"),
        *("canned-flag", "keras-layer", "update-ops", "momentum", "training-only"),
        *("alternatives", "best-against-best", "cause"),
    ]


def test_rules_are_as_they_were_before_their_runs():
    assert {name: rule.digest() for name, rule in RULES.items()} == FROZEN
    assert len(set(FROZEN.values())) == len(FROZEN)


@pytest.mark.parametrize("path", sorted(ROOT.glob("reports/*/claims.json")), ids=lambda path: path.parent.name)
def test_committed_verdicts_are_of_these_rules(path):
    for entry in json.loads(path.read_text(encoding="utf-8")):
        digests = {(entry["id"], which): entry[which]["digest"] for which in ("stated", "meant") if which in entry}
        assert digests.items() <= FROZEN.items()


@pytest.mark.parametrize(
    "told",
    [
        {"statement": "It is not."},
        {"words": "More."},
        {"thresholds": {"least_pairs": 3}},
        {"reads": {"noise": ("depth",)}},
        {"reads": {"depth": ("depth", "normalization")}},
    ],
    ids=str,
)
def test_a_digest_covers_what_decides(told):
    assert replace(RULE, **told).digest() != RULE.digest()


@pytest.mark.parametrize("told", [{"measure": "times more"}, {"compare": lambda runs: []}], ids=["measure", "code"])
def test_a_digest_covers_neither_code_nor_comments(told):
    assert replace(RULE, **told).digest() == RULE.digest()


def test_rules_keep_their_words_where_python_strips_docstrings():
    code = "import json; from bnrepro.claims import ledger; "
    code += "print(json.dumps(ledger.judge(None) + ledger.judge_paper(None)))"
    done = subprocess.run([sys.executable, "-OO", "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == ledger.judge(None) + ledger.judge_paper(None)


def test_without_evidence_nothing_is_tested():
    for entry in ledger.judge(None) + ledger.judge_paper(None):
        for which in {"stated", "meant"} & entry.keys():
            rule = entry[which]
            assert (rule["verdict"], rule["independent"], rule["parts"]) == ("not tested", 0, [])
            assert rule["reason"]


def result(estimate=2.0, low=1.5, high=2.5, so=True, **told):
    return Part(Effect(estimate, low, high, 5, frozenset(told.get("name", "network"))), so, **told)


RULE = Rule(statement="It is.", words="Fewer.", compare=lambda runs: [result()], reads={"depth": ("depth",)})


def judged(parts=None, error=None):
    """The entry of a claim whose rule finds these parts, or fails so."""

    def compare(runs):
        if error:
            raise error
        return parts

    claim = Claim(id="made-up", place=1, title="T", source="S", stated=replace(RULE, compare=compare))
    return claim.judge(evidence(runs("depth", **PLAIN)))


@pytest.mark.parametrize("error", [NotTested("no runs"), TooFew("no runs")], ids=lambda error: type(error).__name__)
def test_what_a_rule_misses_is_the_reason(error):
    rule = judged(error=error)["stated"]
    assert (rule["verdict"], rule["reason"], rule["parts"]) == ("not tested", "no runs", [])


def test_a_rule_that_finds_nothing_that_counts_tested_nothing():
    assert judged([result(counts=False)])["stated"]["verdict"] == "not tested"


def test_what_is_judged_is_read_back(project):
    """Ends of intervals that are infinite, and what was no number, too: JSON has neither."""
    parts = [
        result(at={"depth": 3, "target": 0.97, "implementation": "keras"}, name="iterations"),
        result(np.nan, -np.inf, np.inf, so=None, name="diverged"),
        result(1.23456789, 0.0, np.inf, so=False, counts=False, name="beside"),
    ]
    entry = judged(parts)
    path = paths.claims("digits")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps([entry], allow_nan=False))
    (found,) = ledger.read("digits").values()
    assert found == entry
    first, second, third = map(Part.of_entry, found["stated"]["parts"])
    assert (first.at, first.name, first.so) == (parts[0].at, "iterations", True)
    assert (first.effect.low, first.effect.high, first.effect.pairs) == (1.5, 2.5, 5)
    assert np.isnan(second.effect.estimate)
    assert (second.effect.low, second.effect.high, second.so) == (-np.inf, np.inf, None)
    assert (third.effect.estimate, third.effect.high, third.counts) == (1.23457, np.inf, False)


def test_a_claim_with_a_figure_says_how_to_read_it():
    assert [claim.id for claim in ledger.LESSON if bool(claim.figure) != bool(claim.reading)] == []
    assert {claim.figure for claim in ledger.LESSON if claim.figure} <= registry.own().keys()
