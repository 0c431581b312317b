"""Is batch normalization absent at inference, or do stored statistics replace the mini-batch's?"""

from collections.abc import Iterator, Sequence

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import ACCURACY_MATTERS, NORMALIZED, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS, Sample, difference, share

SMALL_LOSS = 0.001  # of test accuracy: 10 of MNIST's 10,000 images
POPULATION, TEST_BATCH = "accuracy lost against population statistics", "accuracy lost against test mini-batches"
CHANGED = "share lost of the answers that change"


def absent(runs: Evidence) -> list[Part]:
    parts = []
    for implementation in runs.values("updates", "implementation", updates="omitted"):
        lost = runs.lost_without_updates(implementation)
        parts.append(Part(lost, lost.falls_short(0, ACCURACY_MATTERS), {"implementation": implementation}))
    return parts


def replaced(runs: Evidence) -> list[Part]:
    parts = []
    for depth in runs.values("depth", "depth", **NORMALIZED):
        stored, population, lost, gained = (
            runs.final("depth", column, depth=depth, **NORMALIZED)
            for column in ("accuracy", "population_accuracy", "test_batch_gained", "test_batch_lost")
        )
        # `lost` and `gained` by moving averages: what the statistics of a mini-batch gain, they lose.
        lost_share, gained_share = (Sample.known(count.at / runs.test_images, count.runs) for count in (lost, gained))
        losses = {POPULATION: difference(stored, population), TEST_BATCH: difference(gained_share, lost_share)}
        at = {"depth": depth}
        parts += [Part(loss, loss.falls_short(0, SMALL_LOSS), at, name) for name, loss in losses.items()]
        images = int(lost.at.sum()), int(gained.at.sum())
        changed = share(images[0], sum(images), int(lost.at.count()), lost.runs)
        parts.append(Part(changed, changed.falls_short(0.5, 0.5), at, CHANGED, counts=False))
    return parts


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    for name, other in ((POPULATION, "population statistics"), (TEST_BATCH, "the statistics of test mini-batches")):
        largest = max((part for part in parts if part.name == name), key=lambda part: part.effect.estimate)
        if largest.effect.estimate > 0:
            points = prose.effect(largest.effect, lambda loss: f"{100 * loss:.2f}")
            yield f"Against {other} moving averages lose most at depth {largest.at['depth']}: {points} points."
        else:
            yield f"Against {other} moving averages show no loss at any depth."
    if counted := [part for part in parts if part.name == CHANGED and part.so is False]:
        shares = prose.span((100 * part.effect.estimate for part in counted), "{:.0f}%")
        yield (
            f"At depth {prose.listed(part.at['depth'] for part in counted)} more images are lost than gained by moving "
            f"averages: {shares} of those whose answer is right by one of the two alone."
        )


CLAIM = Claim(
    id="training-only",
    place=3.5,
    title="An operation of training",
    source=f"{LECTURE}; arXiv:1502.03167, Algorithm 2",
    stated=Rule(
        statement="Batch normalization happens only during training.",
        words="If so, a network would do as well without it at inference. An estimator whose updates nobody runs keeps "
        "moving averages of mean 0 and variance 1, and normalizes nothing at inference. The final test accuracy of one "
        "whose updates are run, less that of one whose updates are omitted, both by moving averages: it is so if no "
        "accuracy is lost that matters. Study `updates`. A part for each implementation.",
        measure="accuracy lost",
        compare=absent,
        reads={"updates": ("implementation", "updates")},
        thresholds={"matters": ACCURACY_MATTERS, **THRESHOLDS},
    ),
    meant=Rule(
        statement="At inference stored statistics take the place of the mini-batch's, and cost no accuracy.",
        words="Keras models with batch normalization at the end of study `depth`, the same images under the same "
        "weights. For each depth, the test accuracy that moving averages lose against population statistics, and "
        "against the statistics of the test images' own mini-batches (images that these gain, less images that these "
        "lose, as a share of all test images): it is so if no accuracy is lost that matters. Listed beside: of all "
        "images, over the seeds, that are right by moving averages or by test mini-batches alone, the share that "
        "moving averages lose, with its exact interval.",
        compare=replaced,
        reads={"depth": ("implementation", "normalization", "depth")},
        thresholds={"matters": SMALL_LOSS, **THRESHOLDS},
    ),
    findings={
        "holds": "Moving averages cost no accuracy that matters.",
        "fails": "Moving averages cost accuracy in every network.",
        "depends": "Moving averages cost accuracy at some depths or against some other statistics, and none that "
        "matters at or against others.",
        "undecided": "With so few images or seeds, a cost that matters can be neither shown nor ruled out everywhere.",
    },
    remarks=remarks,
    caution="The rule is about networks trained to the end of the budget; [momentum](#momentum) has those that are "
    "not.",
    wording="At inference it still normalizes, with statistics that no longer depend on the input. So it is an affine "
    "map, and folds into the weights of the layer beside it (arXiv:1502.03167, Algorithm 2, line 11; "
    "`networks/folding.py` does it). By the statistics of a mini-batch, an image's answer depends on the images beside "
    "it.",
)
