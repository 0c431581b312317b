"""Is the Keras layer all that it takes, in a Keras model and in the model function of an estimator?"""

from collections.abc import Iterator

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Found, Part, Rule
from bnrepro.claims.evidence import NORMALIZED, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import PAIRED

MODEL = "Keras model, depth {depth}: with and without"
FUNCTION = "model function, accuracy: updates omitted and run"


def compare(runs: Evidence) -> list[Part]:
    parts = []
    for depth in runs.values("depth", "depth", **NORMALIZED):
        first, second = (runs.steps("depth", depth=depth, **arm) for arm in (NORMALIZED, PLAIN))
        parts.append(Part.of_means(MODEL.format(depth=depth), first, second, runs.fewer_steps("depth", first, second)))
    omitted, run = (
        runs.final("updates", "accuracy", implementation="keras_estimator", updates=updates)
        for updates in ("omitted", "run")
    )
    return [*parts, Part.of_means(FUNCTION, omitted, run, runs.no_lower_accuracy(omitted, run))]


def remarks(found: Found) -> Iterator[str]:
    pairs = found.like(MODEL)
    if pairs and all(part.met for _, part in pairs):
        yield "In a Keras model the layer alone saves iterations to this target, at every depth."
    elif pairs:
        depths = prose.depths(at["depth"] for at, part in pairs if not part.met)
        yield f"In a Keras model the layer saves none, or none that can be told, at {depths}."
    for _, part in found.like(FUNCTION):
        so = {True: "is enough", False: "is not enough", None: "may not be enough"}[part.met]
        yield (
            f"In the model function of an estimator it {so}: where nobody runs its updates, users get a test accuracy "
            f"of {prose.percent(part.first)}, and {prose.percent(part.second)} where they are run."
        )


CLAIM = Claim(
    id="keras-layer",
    place=3.2,
    title="The Keras layer",
    source=LECTURE,
    statement="Adding the Keras layer is all it takes.",
    rule=Rule(
        words="The Keras layer alone gives its advantage, in a Keras model and in a model function. Parts: for each "
        "depth of study `depth`, a Keras model with the layer takes fewer steps to the headline's target than one "
        "without, by moving averages (not so where no run with it arrives); in study `updates`, an estimator of Keras "
        "layers whose updates nobody runs ends with a test accuracy, by moving averages, no lower than that of one "
        "whose updates are run. Holds: in all parts. Fails: in none. Mixed: in some, or within two standard errors.",
        compare=compare,
        reads={"depth": ("implementation", "normalization", "depth"), "updates": ("implementation", "updates")},
        thresholds=PAIRED,
    ),
    remarks=remarks,
    wording="In a Keras model, yes. In the model function of an estimator nothing runs the layer's updates: without "
    "`model.get_updates_for(...)` beside the training operation the moving averages stay at 0 and 1, and nothing says "
    "so (`networks/keras_estimator.py` has the lines).",
)
