"""Does the paper's ratio of steps lie in our interval?"""

from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.figure_1 import Evidence
from bnrepro.claims.paper import FIGURE_1A, READS


def compare(evidence: Evidence) -> list[Part]:
    return [
        Part(f"{row.target:g}", row.ours, met=bool(row.low <= row.paper <= row.high) and row.censored == "none")
        for row in evidence.rows("speedup")
        if row.paper_censored == "none"
    ]


CLAIM = Claim(
    id="paper-speedup",
    place=3,
    title="Ratio of steps",
    source=FIGURE_1A,
    statement="Batch normalization takes 3.0 times fewer steps to 96% and 2.6 times fewer to 97%.",
    rule=Rule(
        words="The paper's ratio of steps lies in the 95% interval of ours. Holds: at every level that both of the "
        "paper's curves cross (96% and 97%). Fails: at none. Mixed: at some. By population statistics.",
        compare=compare,
        reads=READS,
        thresholds={"interval": 0.95},
    ),
)
