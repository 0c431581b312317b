"""Is batch normalization an operation of training, which stored statistics replace at inference?"""

from collections.abc import Iterator

from bnrepro.claims.engine import Claim, Found, Part, Rule
from bnrepro.claims.evidence import NORMALIZED, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import PAIRED

ACCURACY = "depth {depth}: accuracy by moving averages and {statistics}"
FOLDED = "depth {depth}: folded logits off by"


def compare(runs: Evidence) -> list[Part]:
    parts, checks = [], []
    for depth in runs.values("depth", "depth", **NORMALIZED):
        stored = runs.final("depth", "accuracy", depth=depth, **NORMALIZED)
        for mode in ("population", "test_batch"):
            other = runs.final("depth", f"{mode}_accuracy", depth=depth, **NORMALIZED)
            name = ACCURACY.format(depth=depth, statistics=mode.replace("_", " "))
            parts.append(Part.of_means(name, stored, other, runs.no_lower_accuracy(stored, other)))
        difference = runs.final("depth", "folded_difference", depth=depth, **NORMALIZED).max()
        checks.append(Part(FOLDED.format(depth=depth), difference, 0.0, counts=False))
    return [*parts, *checks]


def remarks(found: Found) -> Iterator[str]:
    for statistics, gathered in (
        ("population", "statistics gathered anew"),
        ("test batch", "those of test mini-batches"),
    ):
        at_depth = {at["depth"]: part for at, part in found.like(ACCURACY) if at["statistics"] == statistics}
        lost = {depth: 100 * ((part.second or 0) - part.first) for depth, part in at_depth.items()}
        depth, largest = max(lost.items(), key=lambda item: item[1], default=("", float("nan")))
        if largest > 0:
            yield f"Against {gathered} the largest loss is {largest:.2f} percentage points, at depth {depth}."
        elif largest <= 0:
            yield f"Against {gathered} there is no loss."
    folded = max((part.first for _, part in found.like(FOLDED)), default=float("nan"))
    if folded >= 0:
        yield (
            "Folded into the weights of the layer beside it, batch normalization changes the logits by at most "
            f"{folded:.1g} of the largest."
        )


CLAIM = Claim(
    id="training-only",
    place=3.5,
    title="An operation of training",
    source=f"{LECTURE}; arXiv:1502.03167, Algorithm 2",
    statement="Batch normalization is an operation of training; inference uses the stored statistics.",
    rule=Rule(
        words="After training, stored statistics take the place of the mini-batch's, and cost no accuracy. Keras "
        "models with batch normalization, study `depth`, at the end. Parts, for each depth: the test accuracy by "
        "moving averages is no lower than by population statistics; and no lower than by the statistics of the test "
        "images' own mini-batches. Listed beside: how far the logits of the plain network into which the moving "
        "averages fold are off, as a share of the largest. Holds: in all parts. Fails: in none. Mixed: in some, or "
        "within two standard errors.",
        compare=compare,
        reads={"depth": ("implementation", "normalization", "depth")},
        thresholds=PAIRED,
    ),
    findings={
        "holds": "Stored statistics cost no more accuracy than the test images would scatter by.",
        "mixed": "Stored statistics cost accuracy in some networks, or a cost cannot be ruled out.",
        "fails": "Stored statistics cost accuracy in every network.",
    },
    remarks=remarks,
    caution="The rule overlooks small losses: its standard error treats two accuracies on the same images as "
    "unpaired. And it is about networks trained to the end of the budget; [momentum](#momentum) has those that are "
    "not.",
    wording="At inference it still normalizes, with statistics that no longer depend on the input. So it is an affine "
    "map, and folds into the weights of the layer beside it (arXiv:1502.03167, Algorithm 2, line 11; "
    "`networks/folding.py` does it). By the statistics of a mini-batch, an image's answer depends on the images beside "
    "it.",
)
