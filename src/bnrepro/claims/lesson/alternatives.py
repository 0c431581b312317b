"""Do layer and weight normalization and self-normalizing networks train faster than networks without?"""

from collections.abc import Iterator, Sequence

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import MATTERS, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS

# The units of each alternative, and those of the network without normalization that it is compared with.
ALTERNATIVES = {"layer": ("sigmoid", "sigmoid"), "weight": ("sigmoid", "sigmoid"), "self": ("selu", "relu")}
NAMES = {
    "layer": "Layer normalization, against sigmoid units,",
    "weight": "Weight normalization, against sigmoid units,",
    "self": "A self-normalizing network, against ReLU units,",
}


def compare(runs: Evidence) -> list[Part]:
    parts = []
    for normalization, (activation, other) in ALTERNATIVES.items():
        arm = {"implementation": "keras", "normalization": normalization, "activation": activation}
        without = {**PLAIN, "activation": other}
        for depth in runs.values("alternatives", "depth", **arm):
            for target in runs.targets:
                found = runs.fewer_steps("alternatives", target, arm, without, depth=depth)
                parts += [part.among(normalization=normalization) for part in found]
    return parts


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    for normalization, name in NAMES.items():
        if own := [part for part in parts if part.at["normalization"] == normalization]:
            yield f"{name} needs fewer iterations than no normalization: {prose.answers(own)}."


CLAIM = Claim(
    id="alternatives",
    place=4.1,
    title="What came after",
    source=f"{LECTURE}; arXiv:1602.07868, arXiv:1607.06450, arXiv:1706.02515",
    stated=Rule(
        statement="Layer normalization, weight normalization and self-normalizing networks address the same problem.",
        words="Read so: they save iterations, too. Iterations without normalization over iterations with layer "
        "normalization, with weight normalization, and of a self-normalizing network, at the same learning rate. "
        "Sigmoid units are compared with sigmoid units, SELU units with ReLU units. Study `alternatives`. A part for "
        "each alternative, depth and target at which all runs of one arm arrive.",
        measure="times fewer iterations",
        compare=compare,
        reads={"alternatives": ("normalization", "activation", "depth")},
        thresholds={"matters": MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "Each of the three saves iterations, at every depth and to every target.",
        "fails": "None of the three saves iterations at this learning rate.",
        "depends": "Some of the three save iterations at this learning rate, and some do not, or not everywhere.",
        "undecided": "The runs do not say of each of the three, at every depth and to every target, whether it saves "
        "iterations.",
    },
    remarks=remarks,
    caution="One protocol for all is fair in what it holds fixed, and unfair to whoever would have another learning "
    "rate.",
    figure="alternatives",
    reading="Test error against iterations, on log scales, batch normalization by population statistics; means over "
    "seeds in the range of all. A line ends where one of its runs diverges. A column for each depth, a row for each "
    "kind of unit. SELU units have weights from N(0, 1/inputs), ReLU units from N(0, 2/inputs), and weight "
    "normalization starts from lengths and biases that give each unit mean 0 and variance 1 over the first mini-batch, "
    "as their authors have it. All at the same learning rate.",
    series="alternatives",
)
