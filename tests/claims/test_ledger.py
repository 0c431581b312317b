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
SETTINGS = {dataset: ledger.settings(PARAMS, dataset) for dataset in ("digits", "mnist", "fashion_mnist")}
BOTH = (*ledger.LESSON, *ledger.FIGURE_2)
RULES = {
    f"{dataset} {claim.id} {which}": (rule, dataset)
    for dataset, claims in (("digits", BOTH), ("mnist", (*ledger.LESSON, *ledger.PAPER)), ("fashion_mnist", BOTH))
    for claim in claims
    for which in ("stated", "meant")
    if (rule := getattr(claim, which))
}

# The digests of all rules on the settings of params.yaml, before any confirmatory run. Whoever changes a rule, a
# target, a seed or a study changes its digests here, too, and says in docs/protocol.md what had been seen by then.
# (The history of this file has the digests of the rules before these.)
FROZEN = {
    "digits depth-slows stated": "f8f4b1dad0763fb3c7a95b74a51bddb369a074f65fa7e8986cab63c02ac6c78d",
    "digits depth-slows meant": "7ff375774b89b6518dc7c24a21aaba0d1d291936b1b8dd515a0990ae0913fcc3",
    "digits saturation stated": "3b6bb76f4d857b3ca068b98eddb308e0965495a8f275329de52b7af7894efef4",
    "digits covariate-shift stated": "7455a31750e4d558ce143dbf4c4896f9b2a6523784278aa464280f32e594d712",
    "digits small-learning-rate stated": "38ffce0b3547999b807788b40725f708507a360eb257dcf9f4ef581727f0c8dc",
    "digits dropout stated": "e34a1d6dac011014c9da5fed08f64069ad9bd612948429d756101900918ae733",
    "digits zscore stated": "926200b48d00f3d27dfe2f13effc9716169e940bdb7755bee0eba72059022441",
    "digits zscore meant": "e108bcb43b2a662abb41a07fa828f0ea7177679a8fedcd50134c6ea8f28ed79b",
    "digits gradients stated": "17426abaf987b7f75a0304688018c08cda9b0ba1620ed9c81f531874fe00ac2c",
    "digits fewer-iterations stated": "ed5c3de4de01028264a2f95b7a235134e42ee3b12e880658c812d749fdbb5c8c",
    "digits higher-learning-rate stated": "84e9062ac3049a454005ee921c0d65ff9f69f3738a5c3bc3186581acbe637bb2",
    "digits higher-learning-rate meant": "91c973c90b1353461873c2cfe46fc73a572a55eff1be95564ff9786de1e2b63e",
    "digits sigmoid-trains stated": "f19e107e17dafb3f81a6aa769504f4675ea49584c7f434013b711cd270896562",
    "digits sigmoid-trains meant": "088862186f3c21cbe679b4d55e8c3d2fbdf9987c79bb54de0065141702c56c38",
    "digits canned-flag stated": "e091559780e43a7a217ea6c18b2c87c483c5d46e56c43da4004b2e2aa2bc4443",
    "digits canned-flag meant": "6336a9dfa23cdbc8080b4585fdbb06a33ed9046acabc4f4300f3b182863916b8",
    "digits keras-layer stated": "77d1882a4a3f486ff2fb2171b876517fa407bc033e1de627621ac776d9975133",
    "digits keras-layer meant": "6021bcfe6a3120c61d5b09e3cb25b381b945ae12cc07ec4196daad37252cb831",
    "digits update-ops stated": "98f6d95e966842233d10c2c7de897a7f89ab78cb22dfbd1644236e09a488f6c4",
    "digits momentum stated": "c069d0fccd782c1dda56cf8c39a0f32a3e3344cb8d27f255ca195911abf702ac",
    "digits training-only stated": "67b73c17098dda8c1843d807b6f28c13f845d74191aa108f559e85b4cb891934",
    "digits training-only meant": "e7df6919504900dbfc0eb37f7ecd4dd519ae43da24fb8b09c6ede0b2f31a21cc",
    "digits alternatives stated": "184e89380e0edd419f277711fc373d72f774bb79bb311bdb4970f526e50ca905",
    "digits best-against-best stated": "504d18e61ee6e844302acf6ffad125c5488059871128e003d8b172fbea700bdd",
    "digits cause stated": "16e5afc366363e3247bcd68d459aa9d6f8cb6c5ef07dd66c9d7f6641d9d8e3f5",
    "digits gradient-preservation stated": "24fcef150ca44714081a0c4940780930099aacc36574c7cdc4e71ee4a89bb721",
    "digits trains-deeper stated": "f333e01ff123aba3d95801fabed8ba61be0eea498a57e380c20fc866ae8aff7d",
    "digits skip-connections stated": "dd43402a4de629e33e6bc90356dcf7039d2e4056c46a9192abbe1b8270ec303e",
    "digits singular-values stated": "b6e0782c59b044cd96adec9a4e3aded6978bb659f681ee8b5a6d1849b90efb7b",
    "digits singular-values meant": "1eb1a9d94bf5a01d6ac9a5197975a5355e395a28b4538a6afa591ed2cfe37af3",
    "digits inception-bn-baseline stated": "e11fde2357add7652f6915b1aaaf5b77d8314810fb67056888d6b7ff110a406f",
    "digits inception-bn-baseline meant": "b7983c67e64c9d52a714c43bb0a4f7c11e8fdd76ffc6db2716999fc6a9ffc335",
    "digits inception-bn-x5 stated": "1502cf91b3627d3420bd9aedb6aed789e9c3da0b0470841989b7b35223e2bd33",
    "digits inception-bn-x5 meant": "6de8ddcf80097223c2f6cd59793254561867d329b9149083c09d7d19530b057f",
    "digits inception-bn-x30 stated": "67fbf434d24dd5107aa740e64e366ff56d32dcf08a881f75eb62080aeb331b37",
    "digits inception-accuracy stated": "8ced7e404e916da674e15000636a73e247da444f063226a5e4021f7f66a4ee17",
    "digits inception-sigmoid stated": "70d564965e86d578131c47a1ab7c73688ea7ae4c56a44b2f2bfad6fd3db58ea4",
    "digits inception-without stated": "2d0769f17ca2174f5413b08a24dbace09d75aac771f989260a0da1707ed7205f",
    "digits inception-without meant": "88e86759ebb446b6347ebe77749c88da8d7349ec724af75e2f8ebc7e4d8d2286",
    "digits inception-changes stated": "66a596245994ea9c31e976863d2a1ebf22a6b528f53bd610c4928743860f8b90",
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
    "mnist gradient-preservation stated": "e32c0213422b35a9a84fcaf1ca3a8c7866727ec2b3103309bd85310900ca8e3c",
    "mnist trains-deeper stated": "c18d9b0b25035890073aee9d3323bcb83490f954509a36842675de35eb931a52",
    "mnist skip-connections stated": "28e7cc3297d082a6137ae4eb076b759e2e6128f94eed5abbcb39ca1cb5884ba4",
    "mnist singular-values stated": "2073a689e6cedb9217981b54c41c826ab6a75550ba1a3578a93a9fca92d296dd",
    "mnist singular-values meant": "9f922fc026a64d39305458fff849d50337d1cf2d164f9d59d1e44c2e34cd362b",
    "mnist paper-final-accuracy stated": "397f0610df5b4149383bec8909117cefdb16075351311a8d8c19f7d1ec0e4374",
    "mnist paper-final-accuracy meant": "be536cc6f96fd3866903b373175d55751895c6b2d78ba6e35eaa38a13d2168fe",
    "mnist paper-steps stated": "644b8733e78c3028e3acdc318900be8c7701ae633a541150fa76fdb2cba6dd7d",
    "mnist paper-speedup stated": "be774ed9ac59bca2182d2b91ba6302fe9433afaa25f9cd7e230edb3d79ca9922",
    "mnist paper-speedup meant": "9dd0c008d50024c10b77c19c5f632f37fd4083aee2263ee47a13ff07200ef841",
    "mnist paper-prediction stated": "d1eb511bc82bc91e36a82b9fb9bd77163edb9d5d61111693ffffd9a6fc7c96af",
    "mnist paper-stable-inputs stated": "0077341567e52ad04202c7f53ac46591fb9c846bd5ff8f6daf947d707fc15f21",
    "mnist paper-stable-inputs meant": "e1c03f7cfa2a65ee62dbcaca7787854f34b9244336f0a0c3f10c0d886cd3ddee",
    "fashion_mnist depth-slows stated": "a9fce246b3267aade439c0b0340ae09f5c7bfa74ffc2b2aa6fb24164d1435a02",
    "fashion_mnist depth-slows meant": "40d9d001240fb999fe0bd2e9d5e9c35b387289e697645c8a1d4aa3325f66fa6e",
    "fashion_mnist saturation stated": "2528409a843050663a318838b5dc17ae0ad7c41d22f528a2b80726bc34bbc3aa",
    "fashion_mnist covariate-shift stated": "81d3edcb9a0f29fa7cb6b4e5d73cdefdfb6f1d06cc9e427773bb89ff6a9cbfbd",
    "fashion_mnist small-learning-rate stated": "9218b47523949753db2582a7fdf68686d4ffe17e1ca8646ba985a31fd909b42b",
    "fashion_mnist dropout stated": "9d18c785ea6fb0dea08ce8c2b86f65df0c78d5ea757b8ce4b747c09b93553c3e",
    "fashion_mnist zscore stated": "941a4a40faf044d6f45166c75cb75718f06553814fd4fbb6adc3526330d7ee31",
    "fashion_mnist zscore meant": "1632175ba1894e5b4c76fb546f7baee404d2acbec9fe4b8936a91596b5289f4b",
    "fashion_mnist gradients stated": "f466ffec15f382d42754f83bae9874afbc1ba2a1a0c61408a7b222405491798e",
    "fashion_mnist fewer-iterations stated": "b31a76e47859e08328fa237ab5d0bd5c7abc224ea21d688d969387e3284583d3",
    "fashion_mnist higher-learning-rate stated": "33780bdc9334683656efe147b738f17c05b3ef2ca0296fdcb5d8fe4bbb07fd98",
    "fashion_mnist higher-learning-rate meant": "5c8597ac4ff2c42e74206fedf0f7dc148f3312f03422678c7c2a8f15fb1cd65e",
    "fashion_mnist sigmoid-trains stated": "f1f3b20eed9d8a774be998c4055c4263f5248a973a8abb1e76a38d4c34db1172",
    "fashion_mnist sigmoid-trains meant": "370600e130e5d5a3da3aa5ef15d5722dbc7408347855f1adc14dc30eed4ed3b7",
    "fashion_mnist canned-flag stated": "300e08e626f785ed790dbc1fc13e558bd8fee0b2a0186d5664de2f302a0f75b9",
    "fashion_mnist canned-flag meant": "b183e62aea407b6ccd7503c4ab5fc743a6071e37734bcc211c2047dc714aa73d",
    "fashion_mnist keras-layer stated": "74035e8433a526cac6ebfc28826eecd5de1d0715d227838eb9abb19a6b66a158",
    "fashion_mnist keras-layer meant": "87966352c2012f9db991c0d7857ebd64a98566d84b99c4728b48db85d4c2ad81",
    "fashion_mnist update-ops stated": "ca8efe321b660d44a50eae5765aff0e44f0500130f28d8d50e60c2af5d1ea326",
    "fashion_mnist momentum stated": "98735c4d5d5d95bc58ddf212491706b2494e8250da3e16c5e6d9c2712c279f82",
    "fashion_mnist training-only stated": "af5da4ae4ba9ca4d51f8f86f4742a881e53230e0f8f2fbbda438353b4ac6caf4",
    "fashion_mnist training-only meant": "abae4d45b16c79fe470086ff4cfcd022e2194d5aff24bc69b3cc44129369a4b5",
    "fashion_mnist alternatives stated": "6b8d19be2ee6c31716dc3335035a719dbcdf8c9858abfca3e70a683c859b3178",
    "fashion_mnist best-against-best stated": "d39800403b182be38d590d33af35cd105a64597969f86268cf3e0c58d022bb24",
    "fashion_mnist cause stated": "64e9cf4e8e91c72fdce53b809f3d140db26ab19b03852024fae254423e674f59",
    "fashion_mnist gradient-preservation stated": "5ce71507211db29b56d7e80288fc70c2a9dd4ed43743603e997b99c3f6616bb0",
    "fashion_mnist trains-deeper stated": "c312588f19d724a04acaefe42437d529ef74d33db5ecf8a83457156c83a95f74",
    "fashion_mnist skip-connections stated": "2b7d5797a54b729639644fbbb0745bb569338b53c10bcb04d633679c0a3bfe46",
    "fashion_mnist singular-values stated": "87d5563a5c2a10671705bc63c88ac81b8b80faec863331554acbd0ea7d12b6cc",
    "fashion_mnist singular-values meant": "a1dff8fd642ea67bd555fa97d4951a4051c9470967e50eec4da166d386055196",
    "fashion_mnist inception-bn-baseline stated": "8253f12d904e6d8a6555870d488d938ee850cb778cde2c873611102bf3369d0f",
    "fashion_mnist inception-bn-baseline meant": "c0bbcf6f5a3f3d52695a35c1a0519ece9e3b9686232a30266db419f02f6b3b99",
    "fashion_mnist inception-bn-x5 stated": "77b398f998fa06604b8789cbfcb03f6dd44e725aa55ebd2790e19f4e9fd696f4",
    "fashion_mnist inception-bn-x5 meant": "59f444542538d0769a70d7a8e30aa7cef6a297c17d611e7881fc7300f73beda0",
    "fashion_mnist inception-bn-x30 stated": "5584fa97a7ee3a588770175370dd8a560381389a67bd40135a1702bba6e0f305",
    "fashion_mnist inception-accuracy stated": "7ff7a4cdcd6b5c0360dd26c649c3a6015a202acac9c89ef6b06f3f3ee9ff58ef",
    "fashion_mnist inception-sigmoid stated": "3439c12bd51aa3f04a687359063279e8dc4903ede7697ba2de9053f98ce00983",
    "fashion_mnist inception-without stated": "709273b88b41803a2a3b68f03a1026c0ee7c88ae032d2fb85b720cbb671a24f2",
    "fashion_mnist inception-without meant": "2e250e11cd9dd13304343c3c36817e7d9030abbb9084dc1ea2b463b696c26e86",
    "fashion_mnist inception-changes stated": "424ec6f5186f232b78568d589a2595aeef89b745514ef7a682fcd1cdcb900931",
}


def test_the_claims_are_these_in_the_order_of_the_lesson():
    assert [claim.id for claim in ledger.LESSON] == [
        *("depth-slows", "saturation", "covariate-shift", "small-learning-rate", "dropout"),
        *("zscore", "gradients", "fewer-iterations", "higher-learning-rate", "sigmoid-trains"),
        *("canned-flag", "keras-layer", "update-ops", "momentum", "training-only"),
        *("alternatives", "best-against-best", "cause"),
        *("gradient-preservation", "trains-deeper", "skip-connections", "singular-values"),
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
        ({"studies": {"depth": {"evaluate_every": 10}}}, False),
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
