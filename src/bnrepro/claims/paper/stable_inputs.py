"""Is the distribution of a sigmoid's input steadier with batch normalization?"""

import numpy as np

from bnrepro.analysis import sigmoid_inputs
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.figure_1 import Evidence
from bnrepro.claims.paper import FIGURE_1BC, READS
from bnrepro.claims.statistics import every


def compare(evidence: Evidence) -> list[Part]:
    arms = evidence.sigmoid_inputs
    medians = {name: np.median(sigmoid_inputs.movement(values), axis=1) for name, values in arms.items()}
    met = every(medians["batch"] < medians["none"])
    return [Part(name, float(np.median(values)), met=met) for name, values in medians.items()]


CLAIM = Claim(
    id="paper-stable-inputs",
    place=5,
    title="Stable inputs",
    source=FIGURE_1BC,
    statement="Batch normalization makes the distribution of a sigmoid's input more stable as training progresses.",
    rule=Rule(
        words="With batch normalization the median movement of the last hidden layer's units is smaller, seed by seed. "
        "A unit's movement is the highest less the lowest value of the 50th percentile of its sigmoid's input, from "
        "step 0 on. Holds: with every seed. Fails: with none. Mixed: with some.",
        compare=compare,
        reads=READS,
    ),
)
