"""Do both networks take the paper's steps to each accuracy?"""

from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.figure_1 import Evidence
from bnrepro.claims.paper import FIGURE_1A, READS

FACTOR = 1.25


def compare(evidence: Evidence) -> list[Part]:
    """A part is so where all levels of its arm are."""
    rows = [row for row in evidence.rows("steps") if row.paper > 0 and row.paper_censored == "none"]
    near: dict[str, bool] = {}
    for row in rows:
        within = bool(1 / FACTOR <= row.ours / row.paper <= FACTOR) and row.censored == "none"
        near[row.normalization] = near.get(row.normalization, True) and within
    return [
        Part(f"{row.normalization} {row.target:g}", row.ours / row.paper, met=near[row.normalization]) for row in rows
    ]


CLAIM = Claim(
    id="paper-steps",
    place=2,
    title="Steps to accuracies",
    source=FIGURE_1A,
    statement="Without batch normalization 90, 95, 96 and 97% are reached after 7,400, 14,200, 18,400 and 36,800 "
    "steps; with it 96, 97 and 98% after 6,100, 14,300 and 36,600.",
    rule=Rule(
        words="In each arm, the mean steps to every level that the paper's curve crosses are within a factor 1.25 of "
        "its own. Holds: in both arms. Fails: in neither. Mixed: in one. By population statistics, two evaluations in "
        "a row.",
        compare=compare,
        reads=READS,
        thresholds={"factor": FACTOR},
    ),
)
