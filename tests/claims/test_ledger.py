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
from bnrepro.study import params
from bnrepro.study.params import Params
from tests.claims.lesson import PLAIN, evidence, runs

ROOT = Path(__file__).parents[2]
PARAMS = params.load(ROOT / "params.yaml")
SETTINGS = {dataset: ledger.settings(PARAMS, dataset) for dataset in ("digits", "mnist")}
RULES = {
    f"{dataset} {claim.id} {which}": (rule, dataset)
    for dataset, claims in (("digits", ledger.LESSON), ("mnist", (*ledger.LESSON, *ledger.PAPER)))
    for claim in claims
    for which in ("stated", "meant")
    if (rule := getattr(claim, which))
}

# The digests of all rules on the settings of params.yaml, before any confirmatory run. Whoever changes a rule, a
# target, a seed or a study changes its digests here, too, and says in docs/protocol.md what had been seen by then.
# (The history of this file has the digests of the rules before these.)
FROZEN = {
    "digits depth-slows stated": "4b601b03d4cd402f1bc04a0e2bbb2395a6a5f5a6d845b97f45fbb1fba9ef8640",
    "digits depth-slows meant": "db4518bf1a67c0e11b045a0566b22d47d3b26661adff7acd11db968faefebd55",
    "digits saturation stated": "e0bde5905bb11597facb3fee2a660d0f3f0d9d4fd9d49b8d6ca93623a4ffe154",
    "digits covariate-shift stated": "88d4c04b8fa0e3fa791999167858cad03c0e63328131670f6aaa63086d5720ab",
    "digits small-learning-rate stated": "06b707f65e54ea5a12c883dff53090db7ed354faf72d1c2eefe442ff9df87432",
    "digits dropout stated": "0f8d250cd989eb744801dec8575ac3ce0ff7460b9f0a46746ebb84000dac9a59",
    "digits zscore stated": "9bc94efe1d4921c77ae498a9673bae0e6acb610748500269ddf05d06b1d91ed3",
    "digits zscore meant": "ef31eb1a21703b4baef912e6a8bcc226b712995f79d22c1e9a71e2484ffc5ccd",
    "digits gradients stated": "21f7c6630af5b526816975b4bb2ebe8569eceba12649d1974143d0feb8a436e1",
    "digits fewer-iterations stated": "4ea04acb38937273c37c95598f1326c495a3033968c66d71cd84c9a16438c1fa",
    "digits higher-learning-rate stated": "2a94623c06f60fa69280c9b32b19f75725a7720568fd50f8981351dd7591d75c",
    "digits higher-learning-rate meant": "073caa3de8fee6464a7f314aafe8c8e7c84ec75f8a5998a8d384c5e2c55141e6",
    "digits sigmoid-trains stated": "15e75e2a9d17ee4d02a8d6689b7dafe8a89ed59a999a853a1c6a1824212ef404",
    "digits sigmoid-trains meant": "5ab54dec481b1519ff986b2053a2fe58435f4c312a32edc1223e8c6de6ef94ae",
    "digits canned-flag stated": "3611f0691b93aea41008571560a5a8214a80287748e48b6e92f7f06a15858903",
    "digits canned-flag meant": "a1028365daf4b78bb80b509e2e786661da4999b78244e260486f2f57ab635323",
    "digits keras-layer stated": "8e3159a34d9e05eccdfca4d3993cabc8dea6f58534f3e9a6113a94d527558e2a",
    "digits keras-layer meant": "63199ebd6d02e9a310d2583f47af276d7c67b202712173e74547f081c60496b3",
    "digits update-ops stated": "b124382aa380d9d0970c364c34ed5713e7ebbf09c94620f42d64fad8cbae9359",
    "digits momentum stated": "0b86b6a48a9964d659d1c3e1cd495deb2676396323295b14f643866e21f5f109",
    "digits training-only stated": "63d7d3f657c4dfc5488d0c6724ef3ac952d068da646076a2f964d89afa1d68bd",
    "digits training-only meant": "d46b9dbd054bdc86428ff8784e838b430c8024ab57550a7960f593a643159647",
    "digits alternatives stated": "7b096ee0f1bb53f9cb55d8e66121cf9840eddae5fcc92a75e619c1124304bca1",
    "digits best-against-best stated": "ce3377cae7df7a94050d1929e54bb69dd1c7c479a2a92f97a3372d7e24e31753",
    "digits cause stated": "324ee81ae4bf874ecbac7ee169cc3c14593b138912aa3ade817f75cac142a754",
    "mnist depth-slows stated": "db5a151844afd5f047588115cc40f8663a7bb7ceb1c09cb7b07dc1bec5b6a6e1",
    "mnist depth-slows meant": "786206b9cb6248d805d3191738f76824357ae5c0975804bca3391919597d57cc",
    "mnist saturation stated": "58a9edade18d6ddce6863e7d666c8ef7805901bde38eed64d1064f569b47d823",
    "mnist covariate-shift stated": "7566d8d61a6e94218ab0a16258fc3f0e2ce1913851c2db2560e8b31e0671a7ac",
    "mnist small-learning-rate stated": "e25c45c92e486e3f3f6475b8dc2259e4004feed0280c0eace7949eabfcb2e109",
    "mnist dropout stated": "e0df1dbfb397e0a8996f599c8c7095c0e287d55dc8b4a26982d653f419cae292",
    "mnist zscore stated": "e089c20658edf6b9217493819047871f8b50f85d38612cdbc838efcff245343c",
    "mnist zscore meant": "ac3502f1c945e2425e09683f28f874e2cf6e8b42d7e4a1580842e8b108dcbb8c",
    "mnist gradients stated": "7979604cb1374c92b686faa6d180072563534a1afa0da33c30f4d7d7590a41a5",
    "mnist fewer-iterations stated": "c5ccbdffbacc3f9939e1cef1a22d979a4d4f54d9b7cce43789ee96562a03acec",
    "mnist higher-learning-rate stated": "cddc7bb3f031c2ba6ace43d74bde055681834c4af9911341d0a8c53daf7efa20",
    "mnist higher-learning-rate meant": "058abfebe9bcb5cb2e79b81e96f639ab14dec94e256d25252228f312c6ad7595",
    "mnist sigmoid-trains stated": "d971465c8f589ee505d2286d3c51da0e19b8dbe8151b633af41369a528eb9e90",
    "mnist sigmoid-trains meant": "9a0522bafc872d4329c632ae0193f4ad8315b4031054df2ed409c8afb0074691",
    "mnist canned-flag stated": "afdcdd36d5389625146ac45a6f8848e6451de41f58586577ec2c907e0124ceaf",
    "mnist canned-flag meant": "1180bd5f264474d2b177c6813c45eab5954557634d62fbf7df000cabfa955bab",
    "mnist keras-layer stated": "c36997c39c0584dc46e069ccd500beb89afa65c328ef100ab3748fe84d7172c7",
    "mnist keras-layer meant": "ed7e9ebbe6bd02a058f52558649f1b0b4949a28702de29de50e9af27f39a8168",
    "mnist update-ops stated": "b8bc135f3a6700ee750676d184572c6dc3baeb0e5afcafaee007274ef8536f8b",
    "mnist momentum stated": "1ad94e9e05dbf967aa466fae0a2d9c70dc81cd7c1b67939a72499c4ed6de27b6",
    "mnist training-only stated": "6e6a32307a0e246320b4da0bf513bae53186b0d66b0946729667abec234139c0",
    "mnist training-only meant": "83093b9ccc5bbaf8ffeaf22c76b51d4965f485eb38109f9b3bf8ca5a9b76d789",
    "mnist alternatives stated": "15a63dbadb83003992a00e8571bd536b65b8ab60adc6f7408ce21c2777df920e",
    "mnist best-against-best stated": "8b24e544971450230c733e8efdac2dbfbe2f566f30b68a07d2cf4f8b161dd15d",
    "mnist cause stated": "abb38a521aca28438c71817cd928c284963bdf43040fc9b2545c6878c85a0f79",
    "mnist paper-final-accuracy stated": "397f0610df5b4149383bec8909117cefdb16075351311a8d8c19f7d1ec0e4374",
    "mnist paper-final-accuracy meant": "be536cc6f96fd3866903b373175d55751895c6b2d78ba6e35eaa38a13d2168fe",
    "mnist paper-steps stated": "644b8733e78c3028e3acdc318900be8c7701ae633a541150fa76fdb2cba6dd7d",
    "mnist paper-speedup stated": "50cb13d6a13ced70d837479f960a430f995b8f8cc895a200f5e6a0530963a6b4",
    "mnist paper-speedup meant": "2a27f5ca3acc513688b2be97824d95730c4bf2260292749dde3de6af03675920",
    "mnist paper-prediction stated": "230f2fc9b6c459ccae0cb05b2bc4edbbeb1810957018508724dcea69e2858c4c",
    "mnist paper-stable-inputs stated": "70b176e8a8e2b241fcba6d2626a8ae7a26108c0e4b86649f05cc838538053d6f",
    "mnist paper-stable-inputs meant": "35a1a7f08a5ea1dfbeef47d21c010609479a715e8e8f5ed09886042e851f7883",
}


def test_the_claims_are_these_in_the_order_of_the_lesson():
    assert [claim.id for claim in ledger.LESSON] == [
        *("depth-slows", "saturation", "covariate-shift", "small-learning-rate", "dropout"),
        *("zscore", "gradients", "fewer-iterations", "higher-learning-rate", "sigmoid-trains"),
        *("canned-flag", "keras-layer", "update-ops", "momentum", "training-only"),
        *("alternatives", "best-against-best", "cause"),
    ]


def test_rules_and_settings_are_as_they_were_before_their_runs():
    assert {name: rule.digest(SETTINGS[dataset]) for name, (rule, dataset) in RULES.items()} == FROZEN
    assert len(set(FROZEN.values())) == len(FROZEN)


@pytest.mark.parametrize("path", sorted(ROOT.glob("reports/*/claims.json")), ids=lambda path: path.parent.name)
def test_committed_verdicts_are_of_these_rules_and_settings(path):
    for entry in json.loads(path.read_text(encoding="utf-8")):
        for which in {"stated", "meant"} & entry.keys():
            assert entry[which]["digest"] == FROZEN[f"{path.parent.name} {entry['id']} {which}"]


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
    assert replace(RULE, **told).digest(SETTINGS["digits"]) != RULE.digest(SETTINGS["digits"])


@pytest.mark.parametrize("told", [{"measure": "times more"}, {"compare": lambda runs: []}], ids=["measure", "code"])
def test_a_digest_covers_neither_code_nor_comments(told):
    assert replace(RULE, **told).digest(SETTINGS["digits"]) == RULE.digest(SETTINGS["digits"])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"first_seed": 0}, False),
        ({"training": {"digits": {"targets": [0.9]}}}, False),
        ({"training": {"digits": {"learning_rate": 0.4}}}, False),
        ({"studies": {"depth": {"evaluations": 90}}}, False),
        ({"studies": {"depth": {"seeds": 9}}}, False),
        ({"studies": {"depth": {"first_seed": 0}}}, False),
        ({"studies": {"noise": {"seeds": 9}}}, True),
        ({"training": {"mnist": {"targets": [0.9]}}}, True),
        ({"studies": {"depth": {"of": {"mnist": {"seeds": 9}}}}}, True),
    ],
    ids=str,
)
def test_a_digest_covers_the_settings_that_the_rule_is_judged_on_and_no_others(change, expected):
    changed = Params.model_validate(_merged(PARAMS.model_dump(exclude_none=True), change))
    assert (RULE.digest(ledger.settings(changed, "digits")) == RULE.digest(SETTINGS["digits"])) is expected


def test_a_verdict_has_the_digest_of_its_settings():
    entry = RULE.judge(replace(evidence(runs("depth", **PLAIN)), settings=SETTINGS["digits"]))
    assert entry["digest"] == RULE.digest(SETTINGS["digits"])


def _merged(tree, change):
    return tree | {
        key: _merged(tree.get(key, {}), value) if isinstance(value, dict) else value for key, value in change.items()
    }


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
