"""Do skip connections keep the gradients of deep networks with batch normalization, and let them train?"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bnrepro.claims import prose
from bnrepro.claims.depths import FACTOR, GRADIENT, HEALTHY, READS, START, STUDY, WORDS, best, network, passed
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS
from bnrepro.study.factors import FACTORS

PASSED, REACHES = "gradient, first layer over last", "best accuracy"
BESIDE = (("none", "identity"), ("none", "scaled"), ("batch", "scaled"))


def compare(runs: Evidence) -> list[Part]:
    parts, skips = [], runs.values(STUDY, "skip")
    for normalization, skip in (("batch", "identity"), *(arm for arm in BESIDE if arm[1] in skips)):
        counts = (normalization, skip) not in BESIDE
        for activation in runs.values(STUDY, "activation"):
            own = network(runs, normalization, activation, skip)
            at = {"normalization": normalization, "skip": skip}
            for name, part in ((PASSED, passed(runs, START, **own)), (REACHES, best(runs, True, **own))):
                parts.append(replace(part.among(**at), name=name, counts=counts))
    return parts


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    tell = FACTORS["activation"].tell
    counted = [part for part in parts if part.counts]
    ratios = (
        f"{prose.effect(part.effect)} in {tell(part.at['activation'])}" for part in counted if part.name == PASSED
    )
    yield f"With both, the first layer has this many times the gradient of the last: {prose.listed(ratios)}."
    accuracies = (
        f"{prose.percent(part.effect.estimate)} with {tell(part.at['activation'])}"
        for part in counted
        if part.name == REACHES
    )
    yield f"Best test accuracy with both: {prose.listed(accuracies)}."


CLAIM = Claim(
    id="skip-connections",
    place=5.3,
    title="Residual networks",
    source=f"{LECTURE}; He et al. 2016, arXiv:1512.03385",
    stated=Rule(
        statement="Skip connections preserve gradients in deep networks with batch normalization, and they train.",
        words=f"{GRADIENT}, before training: with batch normalization and skip connections it lies within {FACTOR} of "
        f"1. And their best test accuracy, by population statistics and in two evaluations in a row, reaches the "
        f"headline's target within the budget. {WORDS} Two parts for each activation. Listed beside: skip connections "
        "without batch normalization, and those whose branches are divided by the square root of the depth.",
        compare=compare,
        reads=READS,
        thresholds={"healthy": HEALTHY, **THRESHOLDS},
    ),
    findings={
        "holds": "With skip connections and batch normalization gradients pass the deepest networks, and they train.",
        "depends": "What skip connections repair in the deepest networks with batch normalization depends on the "
        "nonlinearity, or is one of gradients and training alone.",
        "undecided": "These runs do not tell whether skip connections repair the deepest networks with batch "
        "normalization.",
        "fails": "Skip connections repair neither gradients nor training in the deepest networks with batch "
        "normalization.",
    },
    remarks=remarks,
    caution="Identity skips without batch normalization add variance with every layer: ReLU networks diverge.",
)
