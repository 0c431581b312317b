"""Is the gradient that reaches the first layer larger with batch normalization, early and late?"""

from collections.abc import Iterator, Sequence

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import MATTERS, NORMALIZED, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS, ratio

SHARES = (0.1, 1.0)  # of training, at which is looked
SIZE, BY_LAST = "first layer", "first layer over last"


def compare(runs: Evidence) -> list[Part]:
    parts = []
    for depth in runs.values("depth", "depth", **PLAIN):
        for share in SHARES:
            sizes, by_last = [], []
            step = runs.moment("depth", share)
            for arm in ({**PLAIN, "depth": depth}, {**NORMALIZED, "depth": depth}):
                scaled = runs.look("depth", "gradient", step, **arm) * runs.look("depth", "weights", step, **arm)
                sizes.append(runs.seen(scaled[1], "depth", **arm))
                by_last.append(runs.seen(scaled[1] / scaled[depth], "depth", **arm))
            compared = {SIZE: ratio(*sizes)} | ({BY_LAST: ratio(*by_last)} if depth > 1 else {})
            parts += [
                Part(effect, effect.exceeds(1, MATTERS), {"depth": depth, "share": share}, name, counts=name == SIZE)
                for name, effect in compared.items()
            ]
    return parts


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    for share, when in zip(SHARES, ("a tenth of training", "the end"), strict=True):
        sizes = [part for part in parts if part.name == SIZE and part.at["share"] == share]
        ratios = (f"{prose.effect(part.effect)} at depth {part.at['depth']}" for part in sizes)
        yield (
            f"Gradient of the first layer times its kernel's norm at {when}, with over without batch normalization: "
            f"{prose.listed(ratios)}."
        )


CLAIM = Claim(
    id="gradients",
    place=2.2,
    title="Gradients",
    source=LECTURE,
    stated=Rule(
        statement="Batch normalization enhances the gradients, also late in training.",
        words="The gradient by the first hidden layer's kernel times the norm of that kernel is larger with batch "
        "normalization: with it, scaling a kernel scales its gradient by the inverse and changes nothing else. "
        "Euclidean norms on a fixed probe batch (Keras models, study `depth`), at the looks nearest to a tenth and to "
        "the whole of training. A part for each depth and time. Listed beside, beyond one layer: the product's ratio "
        "to that of the last hidden layer, which does not fall as the loss does.",
        measure="gradient with over without",
        compare=compare,
        reads={"depth": ("implementation", "normalization", "depth")},
        thresholds={"shares": SHARES, "matters": MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "The gradient that reaches the first layer is larger with batch normalization, early and late.",
        "depends": "Whether batch normalization enhances the gradient that reaches the first layer depends on depth "
        "and time.",
        "undecided": "These runs do not tell whether batch normalization enhances the gradient at every depth, early "
        "and late.",
        "fails": "The gradient that reaches the first layer is no larger with batch normalization, at any depth, early "
        "or late.",
    },
    remarks=remarks,
    caution="A gradient falls as the loss does: a network that learns sooner has smaller ones later. Plain networks "
    "that stay at chance have hardly any.",
)
