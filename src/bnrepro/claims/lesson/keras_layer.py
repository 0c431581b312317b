"""Is the Keras layer all that it takes, in the model function of an estimator and in a Keras model?"""

from collections.abc import Iterator, Sequence

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import ACCURACY_MATTERS, NORMALIZED, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS, difference

CONVERTED = "converted_estimator"  # a Keras model that `model_to_estimator` makes an estimator of
BY_HAND = "keras_estimator"  # whose updates are run
LOST = "accuracy lost"


def in_a_model_function(runs: Evidence) -> list[Part]:
    lost = runs.lost_without_updates(BY_HAND)
    return [Part(lost, lost.falls_short(0, ACCURACY_MATTERS), name=LOST)]


def in_a_model(runs: Evidence) -> list[Part]:
    parts = []
    for depth in runs.values("depth", "depth", **NORMALIZED):
        by_hand = {**NORMALIZED, "implementation": BY_HAND}
        lost = difference(*(runs.final("depth", "accuracy", **arm, depth=depth) for arm in (NORMALIZED, by_hand)))
        parts.append(Part(lost, lost.falls_short(0, ACCURACY_MATTERS), {"depth": depth}, LOST))
    if "updates" in runs.studies and CONVERTED in runs.values("updates", "implementation"):
        converted, run = (
            runs.final("updates", "accuracy", implementation=implementation, updates="run")
            for implementation in (CONVERTED, BY_HAND)
        )
        lost = difference(converted, run)
        parts.append(Part(lost, lost.falls_short(0, ACCURACY_MATTERS), {"implementation": CONVERTED}, name=LOST))
    return parts


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    lost_at = [part for part in parts if "depth" in part.at]
    yield f"Comparisons in which a Keras model loses nothing: {prose.tally(lost_at, 'depth')}."
    for part in parts:
        if "implementation" in part.at:
            lost = 100 * part.effect.estimate
            yield (
                f"Where `model_to_estimator` makes an estimator of the Keras model, users get {abs(lost):.2f} points "
                f"{'less' if lost > 0 else 'more'} of accuracy than where the updates are run by hand."
            )


CLAIM = Claim(
    id="keras-layer",
    place=3.2,
    title="The Keras layer",
    source=LECTURE,
    stated=Rule(
        statement="Adding the Keras layer in a custom estimator's model function is all it takes.",
        words="The final test accuracy by moving averages of a custom estimator of Keras layers whose updates are run, "
        "less that of one to which the layers are only added: it is so if no accuracy is lost that matters. Study "
        "`updates`.",
        compare=in_a_model_function,
        reads={"updates": ("implementation", "updates")},
        thresholds={"matters": ACCURACY_MATTERS, **THRESHOLDS},
    ),
    meant=Rule(
        statement="In a Keras model, adding the layer is all it takes.",
        words="The final test accuracy by moving averages of a Keras model with the layer is no lower than that of a "
        "custom estimator whose updates are run. Study `depth`, a part for each depth. And where study `updates` has "
        "an "
        f"estimator that `model_to_estimator` makes of a Keras model (`{CONVERTED}`), a part for that: its final test "
        "accuracy, by moving averages, is no lower than that of a custom estimator whose updates are run.",
        compare=in_a_model,
        reads={"depth": ("implementation", "normalization", "depth"), "updates": ("implementation", "updates")},
        thresholds={"matters": ACCURACY_MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "A Keras model to which the layer is added loses nothing against one whose updates are run by hand.",
        "fails": "Even a Keras model loses accuracy where nobody runs the layer's updates by hand.",
        "depends": "A Keras model loses nothing in some networks, and accuracy in others.",
        "undecided": "The runs do not say whether the layer alone is enough in every Keras model.",
    },
    remarks=remarks,
    wording="In the model function of an estimator nothing runs the layer's updates: without "
    "`model.get_updates_for(...)` beside the training operation the moving averages stay at 0 and 1, and nothing says "
    "so (`networks/keras_estimator.py` has the lines). `compile` and `fit` of a Keras model run them.",
)
