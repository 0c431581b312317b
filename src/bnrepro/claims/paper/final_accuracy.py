"""Do both networks end with the paper's test accuracy?"""

from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.figure_1 import ACCURACY_TOLERANCE, Evidence
from bnrepro.claims.paper import FIGURE_1A, READS


def compare(evidence: Evidence) -> list[Part]:
    return [
        Part(row.normalization, row.ours, met=bool(abs(row.ours - row.paper) <= ACCURACY_TOLERANCE))
        for row in evidence.rows("final_accuracy")
    ]


CLAIM = Claim(
    id="paper-final-accuracy",
    place=1,
    title="Final accuracy",
    source=FIGURE_1A,
    statement="After 50,000 steps the test accuracy is 97.2% without and 98.2% with batch normalization.",
    rule=Rule(
        words="In each arm, the mean over seeds of the last test accuracy is within 0.3 percentage points of the "
        "paper's. Holds: in both. Fails: in neither. Mixed: in one. By population statistics.",
        compare=compare,
        reads=READS,
        thresholds={"tolerance": ACCURACY_TOLERANCE},
    ),
)
