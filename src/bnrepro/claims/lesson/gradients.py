"""Is the gradient that reaches the first layer larger with batch normalization, early and late?"""

from collections.abc import Iterator

import numpy as np

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Found, NotTested, Part, Rule
from bnrepro.claims.evidence import NORMALIZED, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import PAIRED, less

SHARES = (0.1, 1.0)  # of training, at which is looked
NORM = "norm, depth {depth}, step {step}: without and with"
RATIO = "first to last layer, depth {depth}, step {step}: without and with"


def compare(runs: Evidence) -> list[Part]:
    parts = []
    for depth in runs.values("depth", "depth", **PLAIN):
        arms = [runs.looks("depth", depth=depth, **arm) for arm in (PLAIN, NORMALIZED)]
        steps = arms[1]["step"].unique()
        for share in SHARES:
            at = steps[np.argmin(np.abs(steps - share * runs.budget("depth")))]
            by_layer = [looks[looks["step"] == at].pivot(index="seed", columns="layer") for looks in arms]
            if any(table.empty for table in by_layer):
                raise NotTested(f"study depth: at depth {depth} all runs of an arm diverged before step {at}")
            first, second = (table["gradient"][1] for table in by_layer)
            name = NORM.format(depth=depth, step=at)
            parts.append(Part.of_means(name, first, second, less(first, second)))
            if depth > 1:
                first, second = (table["gradient"][1] / table["gradient"][depth] for table in by_layer)
                name = RATIO.format(depth=depth, step=at)
                parts.append(Part.of_means(name, first, second, less(first, second)))
    return parts


def remarks(found: Found) -> Iterator[str]:
    by_depth: dict[str, list[bool | None]] = {}
    for form in (NORM, RATIO):
        for at, part in found.like(form):
            by_depth.setdefault(at["depth"], []).append(part.met)
    if always := [depth for depth, met in by_depth.items() if all(one is True for one in met)]:
        yield f"It is larger with batch normalization in every part at {prose.depths(always)}."
    if never := [depth for depth, met in by_depth.items() if all(one is False for one in met)]:
        yield f"It is smaller with batch normalization in every part at {prose.depths(never)}."
    if some := [depth for depth in by_depth if depth not in (*always, *never)]:
        yield f"The parts differ, or one cannot be told, at {prose.depths(some)}."
    if ratios := found.like(RATIO):
        at, deepest = ratios[-1]
        yield (
            f"At depth {at['depth']} and step {at['step']} the first layer's gradient is {prose.number(deepest.first)} "
            f"of the last layer's without batch normalization, {prose.number(deepest.second)} with it."
        )


CLAIM = Claim(
    id="gradients",
    place=2.2,
    title="Gradients",
    source=LECTURE,
    statement="Batch normalization enhances the gradients, also late in training.",
    rule=Rule(
        words="The gradient by the first hidden layer's kernel is larger with batch normalization. Euclidean norms on "
        "a fixed probe batch (Keras models, study `depth`), at the looks nearest to a tenth and to the whole of "
        "training. Parts, for each depth and time: the norm; and beyond one layer, its ratio to that of the last "
        "hidden layer, which does not fall as the loss does. Holds: in all parts. Fails: in none. Mixed: in some, or "
        "within two standard errors.",
        compare=compare,
        reads={"depth": ("implementation", "normalization", "depth")},
        thresholds={"shares": SHARES, **PAIRED},
    ),
    findings={
        "holds": "The gradient that reaches the first layer is larger with batch normalization, both as such and as a "
        "share of the last layer's, early and late.",
        "mixed": "The gradient that reaches the first layer is not larger with batch normalization at every depth and "
        "time.",
        "fails": "The gradient that reaches the first layer is smaller with batch normalization, at every depth, early "
        "and late.",
    },
    remarks=remarks,
)
