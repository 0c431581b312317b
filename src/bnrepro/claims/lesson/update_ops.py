"""Must the updates of the moving averages be dependencies of the training operation?"""

from collections.abc import Iterator
from typing import Any

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Found, Part, Rule
from bnrepro.claims.evidence import Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import PAIRED, less

ARMS: list[dict[str, Any]] = [
    {"implementation": "core_estimator", "updates": updates} for updates in ("omitted", "run")
]
ACCURACY = "accuracy: omitted and run"


def compare(runs: Evidence) -> list[Part]:
    omitted, run = (runs.final("updates", "accuracy", **arm) for arm in ARMS)
    parts = [Part.of_means(ACCURACY, omitted, run, runs.lower_accuracy(omitted, run))]
    omitted, run = (runs.final("updates", "population_accuracy", **arm) for arm in ARMS)
    both = (runs.no_lower_accuracy(omitted, run), runs.no_lower_accuracy(run, omitted))
    met = None if None in both else all(both)
    parts.append(Part.of_means("population accuracy: omitted and run", omitted, run, met))
    omitted, run = (runs.lag("updates", -1, **arm) for arm in ARMS)
    return [*parts, Part.of_means("lag at the end: run and omitted", run, omitted, less(run, omitted))]


def remarks(found: Found) -> Iterator[str]:
    for _, part in found.like(ACCURACY):
        yield (
            f"Users get a test accuracy of {prose.percent(part.first)} without the dependency, and of "
            f"{prose.percent(part.second)} with it."
        )


CLAIM = Claim(
    id="update-ops",
    place=3.3,
    title="Updates as dependencies",
    source=f"{LECTURE}; TensorFlow's documentation of `tf.compat.v1.layers.batch_normalization`",
    statement="In core TensorFlow the updates of the moving averages must be dependencies of the training operation.",
    rule=Rule(
        words="Without the dependency on the updates, training is the same, and what users get is worse. Study "
        "`updates`, core TensorFlow, at the end of training. Parts: with the updates omitted, the test accuracy by "
        "moving averages is lower; the test accuracy by population statistics is neither lower nor higher; the moving "
        "means are farther from the means of the images (mean over layers). Holds: in all parts. Fails: in none. "
        "Mixed: in some, or within two standard errors.",
        compare=compare,
        reads={"updates": ("implementation", "updates")},
        thresholds=PAIRED,
    ),
    findings={
        "holds": "Forgetting the dependency goes unnoticed in training: by population statistics the two networks are "
        "equally accurate. Only the moving averages stay behind.",
        "mixed": "Not all that is taught about the dependency is so here; the numbers say what is.",
        "fails": "Without the dependency users lose no accuracy, and by population statistics the networks differ.",
    },
    remarks=remarks,
    wording="Training itself never uses the moving averages. What goes wrong without the dependency is inference, and "
    "it goes wrong in silence (TensorFlow's documentation of `tf.compat.v1.layers.batch_normalization`).",
    series="updates",
)
