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
    "digits depth-slows stated": "49c8f16da0dc0062467d8b510963c5bcecd29b25a9a9ce68cfc9922608b3cda8",
    "digits depth-slows meant": "8b6ae1aa7982574b96c790f22e9ce4c7035bb3d75e8987d440bcb445623a50fe",
    "digits saturation stated": "e8d2983a827ae96718c01807adc3fbea417c3583a46ef04e19abe800ae2e8d01",
    "digits covariate-shift stated": "4f8c3e48ebd7e84511a4cbe0dd3fed8baebb2f614fd2edc35b243ff624e3285e",
    "digits small-learning-rate stated": "35cefb8ffe41596bf16c98c961c65e9dc18b348c700a015e8f089100af27b22f",
    "digits dropout stated": "ef951b7e4d6ff1e305f01a8c82a0d02c3f8b54af57d69b3c954da5592023f4ce",
    "digits zscore stated": "9bad42f5b30ca5f5101a4091a0865d0a073de28bbda8d71268b73c56e71fab7d",
    "digits zscore meant": "f81c8220a10c68a15d759ed7930472b6121887fbbfd5e0cadfaaae7b066cafe5",
    "digits gradients stated": "f8005326702552e2f25da980a20de1a31162d458648d5652bcc0af2e22047412",
    "digits fewer-iterations stated": "f76ff7e32264ef294fcb2ad83a6b6b3d82219e9390da3c14e504d955aac7aa56",
    "digits higher-learning-rate stated": "e06c03ea47bde608c374f8445391d428acf79d11eacfac76c4d0fcdbef75f321",
    "digits higher-learning-rate meant": "ca2011699f85f09f0f9fbebd9b03686f12ed584c259a8288f8665aaa5cbc4025",
    "digits sigmoid-trains stated": "9904c726eb01226c823e3af1f219f2d987c2caf876aba1c5055d2d48be0205f9",
    "digits sigmoid-trains meant": "7528819274502e286461c1bc04c3cc9884fd6529555011f217de1efaecf04c53",
    "digits canned-flag stated": "644182580fdd3099b2c0285f498ba0166d3b1b4e870d618b2e59eaa91a9e08ea",
    "digits canned-flag meant": "30028d020290d944cfe594c2a8af881d2a7b9e2833812f05093a9f0756eb25a0",
    "digits keras-layer stated": "a9296f4195e7ce13312db79147813c63054528193773eb02c47d3f2d5c32f6e3",
    "digits keras-layer meant": "20e2185362f9e4be93c5cf1425400ed2465cd8ef8ab7e8d53f6b53ec8568a7b7",
    "digits update-ops stated": "906dece278003dd8151ff60caee84d19ed1e0a4d10834f4802a42295f2ff629f",
    "digits momentum stated": "55e0d554fcc68ab9b632f2bb8e27bbe15274caf2be49575a9eae5164d21f93f2",
    "digits training-only stated": "1dbd96874bfb1c1451d6a2ea5fc31189610fea20fc27d7e67393d25ceb1e1a45",
    "digits training-only meant": "f2c7570970361fc5721c2b2c9991dfc285e5470450bc2f2e713f7504bb452f5c",
    "digits alternatives stated": "c49f1f81fbb85b26440d6f999e0a0a0c9c69f48b11cb602f44553953008ad748",
    "digits best-against-best stated": "83afba49ddf01191666408e0b7050197c4cea801b706d53a51cc4921f1499150",
    "digits cause stated": "16e5afc366363e3247bcd68d459aa9d6f8cb6c5ef07dd66c9d7f6641d9d8e3f5",
    "mnist depth-slows stated": "73882bee99ad64928e29cd998da273bdd5eb9026229fdddb123266276bcfbe30",
    "mnist depth-slows meant": "0571f06dd4a00c8fac6555beee7c8d8dc49d19090cfae3791f45aeb196bcf049",
    "mnist saturation stated": "90f12febd404d829154c2c80534f1db879741b01e84887236792b4b55490e1a8",
    "mnist covariate-shift stated": "d71315b8d9369079beb9e1b9f02b8ffe25f431b841d7b3cdebaa940942067820",
    "mnist small-learning-rate stated": "639da3c9d969a5419db5a8cd2d34d092fb9596b070abf66d000e6bbe42a24e11",
    "mnist dropout stated": "51e0ec97fcac5245b99dd2f0e182f9ac2dcb72ff19eb534c3a63922c0ae39adc",
    "mnist zscore stated": "6a4b2630683f390e53182b86ba12fb34f0ad74b2e9259866deaa8d045d4bd9d8",
    "mnist zscore meant": "4b216002f786cc925afe61be7955e0afdf729ec7539177ad7a20243a9055ac5d",
    "mnist gradients stated": "cf064c740a77fda5646277d3879d46ca70bfcab1eb9535002db97776a9b601db",
    "mnist fewer-iterations stated": "b8cafa7d90b343fb852486c01a9a41ccb74d51202b4cefb0d6d561de9b6ed6b8",
    "mnist higher-learning-rate stated": "7e75da0e46aa173dd558c562aa06ca983f850c3cd33534f131a3ecd04e2b2d4b",
    "mnist higher-learning-rate meant": "b125ea9057705d08c184d29fab45f0d31c022e8d17677422a1e7cdba0cbd7dd8",
    "mnist sigmoid-trains stated": "b19348bfb320087009d5d21e57a19759e81b4ca81a92911b871c9babd299fcbe",
    "mnist sigmoid-trains meant": "e00091d08725ca48424fca807e58ae5573a925682fd03732f5f20a9b7b92449d",
    "mnist canned-flag stated": "37b7b88a224e5261387a12369b511a87ef944551aed636f776860da106f5b86e",
    "mnist canned-flag meant": "0bf72f607c32c894be4223a003fbcd6d4528f352337a0f52b265e8722c8e4353",
    "mnist keras-layer stated": "8c31e3d6b527646ede69c4da2ade46e75e5465052645c2d7c556c89f9b29837f",
    "mnist keras-layer meant": "7fd4b95c34d81cdc7fbd4230d25ed8143cd352ceb05060f2890f1584ff7375fb",
    "mnist update-ops stated": "1940cc1b417a98e69140785204289b18a06b600029079d8b1bd8ed5bf7162040",
    "mnist momentum stated": "b0196dbceedb850d7dce3e63c36182a264b0f7eb5e4d9280744d1e64c3d075ce",
    "mnist training-only stated": "8488e55821695ee78d09df964f26e9b52390a59c30ac671d6163ab9a8c2a9f1f",
    "mnist training-only meant": "f650c91fc4caf5839750a8fe8f682bd49cb3ad383bdf566c701371953a620c95",
    "mnist alternatives stated": "7d1e18b5ded6da51e768b33333cfcf6b8bd110f1cfabb6ba33bc648247141741",
    "mnist best-against-best stated": "b279bfee33ed344f62147c4c4fe4e4c6895a3cc4d12bac396e6d6118020d0451",
    "mnist cause stated": "c9c68b82634df155521d57c0275050fd1bdd02ddae198887ae3d4d2b15ff8a94",
    "mnist paper-final-accuracy stated": "397f0610df5b4149383bec8909117cefdb16075351311a8d8c19f7d1ec0e4374",
    "mnist paper-final-accuracy meant": "be536cc6f96fd3866903b373175d55751895c6b2d78ba6e35eaa38a13d2168fe",
    "mnist paper-steps stated": "644b8733e78c3028e3acdc318900be8c7701ae633a541150fa76fdb2cba6dd7d",
    "mnist paper-speedup stated": "be774ed9ac59bca2182d2b91ba6302fe9433afaa25f9cd7e230edb3d79ca9922",
    "mnist paper-speedup meant": "9dd0c008d50024c10b77c19c5f632f37fd4083aee2263ee47a13ff07200ef841",
    "mnist paper-prediction stated": "d1eb511bc82bc91e36a82b9fb9bd77163edb9d5d61111693ffffd9a6fc7c96af",
    "mnist paper-stable-inputs stated": "0077341567e52ad04202c7f53ac46591fb9c846bd5ff8f6daf947d707fc15f21",
    "mnist paper-stable-inputs meant": "e1c03f7cfa2a65ee62dbcaca7787854f34b9244336f0a0c3f10c0d886cd3ddee",
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
        ({"training": {"digits": {"first_seed": 0}}}, False),
        ({"training": {"digits": {"targets": [0.9]}}}, False),
        ({"training": {"digits": {"learning_rate": 0.4}}}, False),
        ({"studies": {"depth": {"evaluations": 90}}}, False),
        ({"studies": {"depth": {"seeds": 9}}}, False),
        ({"studies": {"depth": {"first_seed": 0}}}, False),
        ({"studies": {"noise": {"seeds": 9}}}, True),
        ({"training": {"mnist": {"targets": [0.9]}}}, True),
        ({"training": {"mnist": {"first_seed": 0}}}, True),
        ({"studies": {"depth": {"of": {"digits": {"depth": [1, 3]}}}}}, False),
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
    assert {claim.figure for claim in ledger.LESSON if claim.figure} <= registry.with_modules().keys()
