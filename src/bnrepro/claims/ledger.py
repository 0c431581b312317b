"""All claims, in the order of the lesson: what claims.json holds."""

import ast
import inspect
from typing import Any

import pandas as pd

from bnrepro.analysis.curves import series
from bnrepro.claims import beyond, figure_1, in_tensorflow, learning, normalizing
from bnrepro.claims.evidence import Evidence

LESSON = [*learning.CLAIMS, *normalizing.CLAIMS, *in_tensorflow.CLAIMS, *beyond.CLAIMS]
PAPER = figure_1.CLAIMS
for _claim in (*LESSON, *PAPER):
    # A rule's words are those of its source, which its digest covers; `python -OO` strips them from the function.
    _claim.rule.__doc__ = ast.get_docstring(ast.parse(inspect.getsource(_claim.rule)).body[0])  # type: ignore[arg-type]

# Of which factors a rule reads several values, by study; of any other that a study crosses, it is judged by the first.
FACTORS = {
    "depth": ("implementation", "normalization", "depth"),
    "learning_rate": ("normalization", "learning_rate"),
    "dropout": ("normalization", "dropout"),
    "momentum": ("momentum",),
    "updates": ("implementation", "updates"),
    "alternatives": ("normalization", "activation", "depth"),
    "noise": ("normalization", "noise"),
}


def read(table: pd.DataFrame) -> pd.DataFrame:
    """Those rows of a table of all studies that the rules read."""
    kept = table["study"].isin(FACTORS)
    for study, factors in FACTORS.items():
        own = table["study"] == study
        for factor in set(series(table)) - {"study", *factors}:
            values = table.loc[own, factor].dropna()
            if len(values):
                kept &= ~own | table[factor].isna() | (table[factor] == values.iloc[0])
    return table[kept]


def judge(evidence: Evidence | None) -> list[dict[str, Any]]:
    """The entries of the lesson's claims."""
    return [claim.judge(evidence) for claim in LESSON]


def judge_paper(evidence: figure_1.Evidence | None) -> list[dict[str, Any]]:
    """The entries of the claims about the paper's own figure; None: the runs do not show all that it does."""
    return [claim.judge(evidence) for claim in PAPER]
