"""Must the updates of the moving averages be dependencies of the training operation?"""

from collections.abc import Iterator, Sequence

from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import ACCURACY_MATTERS, MATTERS, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS, ratio

CORE = "core_estimator"
LOST = "accuracy lost by moving averages"


def compare(runs: Evidence) -> list[Part]:
    lost = runs.lost_without_updates(CORE)
    lost_in_training = runs.lost_without_updates(CORE, "population_accuracy")
    none_lost = lost_in_training.within(-ACCURACY_MATTERS, ACCURACY_MATTERS)
    end = runs.moment("updates", 1)
    run, omitted = (runs.lag("updates", end, implementation=CORE, updates=updates) for updates in ("run", "omitted"))
    lag = ratio(run, omitted)
    return [
        Part(lost, lost.exceeds(0, ACCURACY_MATTERS), name=LOST),
        Part(lost_in_training, none_lost, name="accuracy lost by population statistics (none)", counts=False),
        Part(lag, lag.exceeds(1, MATTERS), name="times the lag of the moving means"),
    ]


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        if part.name == LOST:
            yield f"Without the dependency users lose {100 * part.effect.estimate:.1f} percentage points of accuracy."


CLAIM = Claim(
    id="update-ops",
    place=3.3,
    title="Updates as dependencies",
    source=f"{LECTURE}; TensorFlow's documentation of `tf.compat.v1.layers.batch_normalization`",
    stated=Rule(
        statement="In core TensorFlow the updates of the moving averages must be dependencies of the training "
        "operation.",
        words="Core TensorFlow with the updates omitted against the same with the updates run, at the end of training. "
        "Study `updates`. Parts: the test accuracy by moving averages is lower; and the moving means lag farther "
        "behind those of training images (ratio, mean over layers). Listed beside: the test accuracy by population "
        "statistics is the same, up to what matters.",
        compare=compare,
        reads={"updates": ("implementation", "updates")},
        thresholds={"accuracy": ACCURACY_MATTERS, "matters": MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "Without the dependency the moving averages stay behind, and users lose accuracy.",
        "fails": "Without the dependency users lose no accuracy, and the moving averages keep up.",
        "depends": "Not all that is taught about the dependency is so here.",
        "undecided": "The runs scatter too much to confirm all that is taught about the dependency.",
    },
    remarks=remarks,
    caution="The runs omit the updates; other ways of running them were not tried. Networks that are the same to the "
    "bit judge [keras-layer](#keras-layer) and [training-only](#training-only) as stated: one finding, not three.",
    wording="Training itself never uses the moving averages. What goes wrong without the dependency is inference, and "
    "it goes wrong in silence (TensorFlow's documentation of `tf.compat.v1.layers.batch_normalization`).",
    series="updates",
)
