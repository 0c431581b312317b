"""Does batch normalization preserve gradients through many layers?"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bnrepro.claims import prose
from bnrepro.claims.depths import END, FACTOR, GRADIENT, HEALTHY, READS, START, STUDY, WORDS, network, passed
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS
from bnrepro.study.factors import FACTORS

WITH, WITHOUT = "with", "without"


def compare(runs: Evidence) -> list[Part]:
    parts = []
    for activation in runs.values(STUDY, "activation"):
        for when in (START, END):
            parts.append(replace(passed(runs, when, **network(runs, "batch", activation)), name=WITH))
        without = passed(runs, START, **network(runs, "none", activation))
        parts.append(replace(without, name=WITHOUT, counts=False))
    return parts


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    tell = FACTORS["activation"].tell
    at_start = [part for part in parts if part.at["when"] == START]
    ratios = (f"{prose.effect(part.effect)} {part.name} it in {tell(part.at['activation'])}" for part in at_start)
    yield f"Before training the first layer has this many times the gradient of the last: {prose.listed(ratios)}."


CLAIM = Claim(
    id="gradient-preservation",
    place=5.1,
    title="Gradient preservation",
    source=f"{LECTURE}; He et al. 2016, arXiv:1512.03385, section 4.1 (healthy norms)",
    stated=Rule(
        statement="Batch normalization preserves gradients through a deep network.",
        words=f"{GRADIENT}: with batch normalization, and without skip connections, it lies within {FACTOR} of 1. "
        f"{WORDS} A part for each activation, before training and after it. Listed beside: the same without batch "
        "normalization, before training.",
        measure="gradient of the first layer over the last",
        compare=compare,
        reads=READS,
        thresholds={"healthy": HEALTHY, **THRESHOLDS},
    ),
    findings={
        "holds": "With batch normalization gradients pass the deepest networks tried, neither lost nor blown up.",
        "depends": "Whether gradients pass a deep network with batch normalization depends on its nonlinearity, and on "
        "whether it has been trained.",
        "undecided": "These runs do not tell whether gradients pass the deepest networks with batch normalization.",
        "fails": "With batch normalization gradients do not pass the deepest networks tried.",
    },
    remarks=remarks,
    caution="With batch normalization and ReLU theory has gradients grow by sqrt(π/(π-1)) = 1.21 a layer, at random "
    "weights in wide networks (Yang et al. 2019, arXiv:1902.08129).",
    figure="gradient_flow",
    reading="Above, before training, in the deepest networks: the gradient by each hidden layer's kernel times the "
    "kernel's norm, over that of the last hidden layer, on a log scale; the geometric mean over seeds in their range. "
    "BN: batch normalization. Dotted and red: what theory says of ReLU with batch normalization. Below: the best test "
    "accuracy of each network, by population statistics, at the learning rate that held-out images choose for it; the "
    "mean over seeds in their range. A long line: depth costs accuracy.",
)
