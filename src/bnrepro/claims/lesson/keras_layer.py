"""Is the Keras layer all that it takes, in the model function of an estimator and in a Keras model?"""

from collections.abc import Iterator, Sequence

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import ACCURACY_MATTERS, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS, Sample, difference

KERAS = "keras"
CONVERTED = "converted_estimator"  # a Keras model that `model_to_estimator` makes an estimator of
TOLD = {KERAS: "the Keras model", CONVERTED: "the estimator that `model_to_estimator` makes of it"}
BY_HAND = "keras_estimator"  # whose updates are run
LOST = "accuracy lost"


def in_a_model_function(runs: Evidence) -> list[Part]:
    lost = runs.lost_without_updates(BY_HAND)
    return [Part(lost, lost.falls_short(0, ACCURACY_MATTERS), name=LOST)]


def in_a_model(runs: Evidence) -> list[Part]:
    there = runs.values("updates", "implementation")

    def final(implementation: str) -> Sample:
        run = {} if implementation == KERAS else {"updates": "run"}  # a Keras model's are nobody's to run or to omit
        return runs.final("updates", "accuracy", implementation=implementation, **run)

    losses = {one: difference(final(one), final(BY_HAND)) for one in (KERAS, CONVERTED) if one in there}
    return [
        Part(lost, lost.falls_short(0, ACCURACY_MATTERS), {"implementation": implementation}, LOST)
        for implementation, lost in losses.items()
    ]


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        lost = prose.effect(part.effect, lambda share: f"{100 * share:.2f}")
        yield f"What {TOLD[part.at['implementation']]} loses against updates run by hand: {lost} percentage points."


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
        "custom estimator whose updates are run. A second part asks the same of the estimator that "
        f"`model_to_estimator` makes of the Keras model (`{CONVERTED}`). Study `updates`.",
        compare=in_a_model,
        reads={"updates": ("implementation", "updates")},
        thresholds={"matters": ACCURACY_MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "A Keras model to which the layer is added loses nothing against one whose updates are run by hand.",
        "fails": "Even a Keras model loses accuracy where nobody runs the layer's updates by hand.",
        "depends": "The Keras model and the estimator that is made of it differ in whether they lose accuracy.",
        "undecided": "The runs do not say whether the layer alone is enough in every Keras model.",
    },
    remarks=remarks,
    wording="In the model function of an estimator nothing runs the layer's updates: without "
    "`model.get_updates_for(...)` beside the training operation the moving averages stay at 0 and 1, and nothing says "
    "so (`networks/keras_estimator.py` has the lines). `compile` and `fit` of a Keras model run them.",
)
