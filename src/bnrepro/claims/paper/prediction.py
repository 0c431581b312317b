"""Does the setting that was fitted without batch normalization predict the paper's curve with it?"""

import numpy as np

from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import MATTERS, Evidence
from bnrepro.claims.figure_1 import ACCURACY_TOLERANCE, RATES, distance, from_the_prediction
from bnrepro.claims.paper import AS_DRAWN, FIGURE_1A, READS
from bnrepro.claims.statistics import THRESHOLDS, ratio, typical


def compare(runs: Evidence) -> list[Part]:
    absolute = typical(distance(runs, "batch"))
    ours, others = from_the_prediction(runs)
    nearest = min(others, key=lambda rate: np.nan_to_num(typical(others[rate]).estimate, nan=np.inf))
    relative = ratio(ours, others[nearest])
    return [
        Part(absolute, absolute.within(0, ACCURACY_TOLERANCE), name="distance"),
        Part(relative, relative.exceeds(1, MATTERS), {RATES: nearest}, name="null"),
    ]


CLAIM = Claim(
    id="paper-prediction",
    place=4,
    title="A prediction",
    source=f"ours, of {FIGURE_1A}",
    stated=Rule(
        statement="The setting that gives the paper's curve without batch normalization gives its curve with it too.",
        words="Distances are those from the paper's curve with batch normalization: the root mean square difference in "
        "test accuracy over the steps that both curves show. Two parts. `distance`: with batch normalization, at the "
        "setting chosen without it, the distance is below 0.3 percentage points. `null`: without batch normalization "
        "the distance is larger, at the learning rate of study `learning_rate` where it is smallest; its ratio to "
        f"ours, over the steps of that study. {AS_DRAWN}",
        compare=compare,
        reads={**READS, RATES: ("normalization", RATES)},
        thresholds={"tolerance": ACCURACY_TOLERANCE, "matters": MATTERS, **THRESHOLDS},
    ),
    caution="The networks of study `learning_rate` train without the images that are held out.",
)
