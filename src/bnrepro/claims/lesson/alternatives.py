"""Do layer and weight normalization and self-normalizing networks train faster than networks without?"""

from collections.abc import Iterator

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Found, Part, Rule
from bnrepro.claims.evidence import PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import PAIRED

# The units of each alternative, and those of the network without normalization that it is compared with.
ALTERNATIVES = {"layer": ("sigmoid", "sigmoid"), "weight": ("sigmoid", "sigmoid"), "self": ("selu", "relu")}
PAIR = "{normalization}, {activation}, depth {depth}, and none, {other}"
NAMES = {
    "layer": "Layer normalization",
    "weight": "Weight normalization",
    "self": "A self-normalizing network",
}
UNITS = {"layer": "sigmoid", "weight": "sigmoid", "self": "ReLU"}  # beside each


def compare(runs: Evidence) -> list[Part]:
    parts = []
    for depth in runs.values("alternatives", "depth"):
        for normalization, (activation, other) in ALTERNATIVES.items():
            arm = {"implementation": "keras", "normalization": normalization, "activation": activation}
            first = runs.steps("alternatives", depth=depth, **arm)
            second = runs.steps("alternatives", depth=depth, activation=other, **PLAIN)
            name = PAIR.format(normalization=normalization, activation=activation, depth=depth, other=other)
            parts.append(Part.of_means(name, first, second, runs.fewer_steps("alternatives", first, second)))
    return parts


def remarks(found: Found) -> Iterator[str]:
    said = {True: "trains faster than", False: "trains no faster than", None: "cannot be told from"}
    for normalization, name in NAMES.items():
        pairs = [(at, part) for at, part in found.like(PAIR) if at["normalization"] == normalization]
        other = f"{UNITS[normalization]} units without normalization"
        if answers := prose.answers(pairs, {met: f"{words} {other}" for met, words in said.items()}):
            yield f"{name} {answers}."


CLAIM = Claim(
    id="alternatives",
    place=4.1,
    title="What came after",
    source=f"{LECTURE}; arXiv:1602.07868, arXiv:1607.06450, arXiv:1706.02515",
    statement="Layer normalization, weight normalization and self-normalizing networks address the same problem.",
    rule=Rule(
        words="Layer and weight normalization, and self-normalizing networks, train faster than networks without. "
        "Study `alternatives`: steps to the headline's target against a network without normalization, at the same "
        "learning rate: of sigmoid units, and SELU units against ReLU units. A part for each alternative and depth; "
        "where no run of an alternative arrives it is not so. Holds: in all parts. Fails: in none. Mixed: in some, or "
        "within two standard errors.",
        compare=compare,
        reads={"alternatives": ("normalization", "activation", "depth")},
        thresholds=PAIRED,
    ),
    remarks=remarks,
    caution="One protocol for all is fair in what it holds fixed, and unfair to whoever would have another learning "
    "rate.",
    figure="alternatives",
    reading="Test accuracy against iterations, on a log scale, batch normalization by population statistics; means "
    "over seeds in the range of all. A column for each depth, a row for each kind of unit. SELU units have weights "
    "from N(0, 1/inputs), ReLU units from N(0, 2/inputs), and weight normalization starts from lengths and biases that "
    "give each unit mean 0 and variance 1 over the first mini-batch, as their authors have it. All at the same "
    "learning rate.",
    series="alternatives",
)
