"""The report's part on the lesson: for every claim its verdict, what was measured, and what follows from it."""

from typing import Any

from bnrepro import paths
from bnrepro.analysis import tables
from bnrepro.claims import ledger
from bnrepro.errors import BadInput
from bnrepro.report import series, verdicts
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import PAPER_DEPTH, Params


def context(params: Params, dataset: DatasetName) -> list[dict[str, Any]]:
    """The lesson's claims, in its order, for the template; those about the paper's own figure are left out.

    Raises:
        BadInput: a table or claims.json is missing or damaged.
    """
    target = params.training[dataset].targets[0]
    steps, finals = (tables.read(dataset, name) for name in ("steps_to_target", "final_accuracy"))
    steps = tables.at_target(dataset, steps, target)
    found = ledger.read(dataset)
    if missing := {claim.id for claim in ledger.LESSON} - found.keys():
        raise BadInput(
            f"{paths.claims(dataset)}: lacks {', '.join(sorted(missing))}; run `bnrepro summarize {dataset}`"
        )
    settings = ledger.settings(params, dataset)
    headline = {"implementation": "keras", "depth": PAPER_DEPTH, "target": target}
    return [
        verdicts.told(found[claim.id], claim, headline, settings)
        | {
            "series": series.of(steps, finals[finals["study"] == claim.series]),
            "best": _best(dataset) if claim.beside_figure_3 else [],
        }
        for claim in ledger.LESSON
    ]


def _best(dataset: DatasetName) -> list[dict[str, Any]]:
    """The rows of the table after the paper's Figure 3."""
    if not tables.has(dataset, "best_accuracy"):
        return []
    best = tables.read(dataset, "best_accuracy")
    best = best[best["mode"] != "test_batch"]
    return best[(best["normalization"] == "batch") | (best["mode"] == "ema")].to_dict("records")
