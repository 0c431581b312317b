"""All claims, in the order of the lesson: what claims.json holds."""

from typing import Any

from bnrepro.analysis.claims import beyond, figure_1, in_tensorflow, learning, normalizing
from bnrepro.analysis.claims.evidence import Evidence

LESSON = [*learning.CLAIMS, *normalizing.CLAIMS, *in_tensorflow.CLAIMS, *beyond.CLAIMS]
PAPER = figure_1.CLAIMS


def judge(evidence: Evidence | None) -> list[dict[str, Any]]:
    """The entries of the lesson's claims."""
    return [claim.judge(evidence) for claim in LESSON]


def judge_paper(evidence: figure_1.Evidence | None) -> list[dict[str, Any]]:
    """The entries of the claims about the paper's own figure; None: the runs do not show all that it does."""
    return [claim.judge(evidence) for claim in PAPER]
