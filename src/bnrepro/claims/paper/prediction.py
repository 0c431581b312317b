"""Does the setting that was fitted without batch normalization predict the paper's curve with it?"""

from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.figure_1 import ACCURACY_TOLERANCE, Evidence
from bnrepro.claims.paper import FIGURE_1A, READS


def compare(evidence: Evidence) -> list[Part]:
    """Of the seeds, the nearest and the farthest decide: all are near where the farthest is, none where none is."""
    distances = evidence.distances["batch"]
    nearest, farthest = distances.min(), distances.max()
    return [
        Part("mean", distances.mean(), counts=False),
        Part("nearest", nearest, met=bool(nearest <= ACCURACY_TOLERANCE)),
        Part("farthest", farthest, met=bool(farthest <= ACCURACY_TOLERANCE)),
    ]


CLAIM = Claim(
    id="paper-prediction",
    place=4,
    title="A prediction",
    source=FIGURE_1A,
    statement="The setting that gives the paper's curve without batch normalization gives its curve with it too.",
    rule=Rule(
        words="With batch normalization, at the setting chosen without it, the curve is within 0.3 points of the "
        "paper's. Percentage points of test accuracy, as the root mean square over the steps that the paper shows, by "
        "population statistics. Holds: with every seed. Fails: with none. Mixed: with some.",
        compare=compare,
        reads=READS,
        thresholds={"tolerance": ACCURACY_TOLERANCE},
    ),
)
