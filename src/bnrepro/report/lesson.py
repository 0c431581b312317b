"""The report's part on the lesson: for every claim its verdict, what was measured, and what follows from it."""

from typing import Any

import pandas as pd

from bnrepro import paths
from bnrepro.analysis import tables
from bnrepro.claims import ledger, prose
from bnrepro.claims.engine import Claim, Found, Part
from bnrepro.errors import BadInput
from bnrepro.report import series, wording
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import Params

_MET = {True: "yes", False: "no", None: "cannot be told"}


def context(params: Params, dataset: DatasetName) -> list[dict[str, Any]]:
    """The lesson's claims, in its order, for the template; those about the paper's own figure are left out.

    Raises:
        BadInput: a table or claims.json is missing or damaged.
    """
    steps, finals = (tables.read(dataset, name) for name in ("steps_to_target", "final_accuracy"))
    steps = tables.at_target(dataset, steps, params.training[dataset].targets[0])
    found = ledger.read(dataset)
    if missing := {claim.id for claim in ledger.LESSON} - found.keys():
        raise BadInput(
            f"{paths.claims(dataset)}: lacks {', '.join(sorted(missing))}; run `bnrepro summarize {dataset}`"
        )
    return [
        {
            "claim": claim,
            **found[claim.id],
            **wording.quoted(found[claim.id], claim),
            "reason": found[claim.id].get("reason"),
            "findings": _findings(claim, found[claim.id], steps),
            "parts": _parts(found[claim.id]["measured"]),
            "tally": _tally([part["met"] for part in found[claim.id]["measured"].values() if "met" in part]),
            "series": series.of(steps, finals[finals["study"] == claim.series]),
            "best": _best(dataset) if claim.beside_figure_3 else [],
        }
        for claim in ledger.LESSON
    ]


def _findings(claim: Claim, entry: dict[str, Any], steps: pd.DataFrame) -> str:
    """What follows from the verdict, and what the numbers say; nothing where it was not tested."""
    if entry["verdict"] == "not tested":
        return ""
    parts = {}
    for name, part in entry["measured"].items():
        first, second = (float("nan") if part[side] is None else part[side] for side in ("first", "second"))
        parts[name] = Part(name, first, second, part.get("met"))
    sentences = [claim.findings.get(entry["verdict"], ""), *claim.remarks(Found(parts, steps))]
    return " ".join(filter(None, sentences))


def _parts(measured: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "name": name,
            "first": prose.number(part["first"]),
            "second": prose.number(part["second"]),
            "met": _MET[part["met"]] if "met" in part else "",
        }
        for name, part in measured.items()
    ]


def _best(dataset: DatasetName) -> list[dict[str, Any]]:
    """The rows of the table after the paper's Figure 3."""
    if not tables.has(dataset, "best_accuracy"):
        return []
    best = tables.read(dataset, "best_accuracy")
    best = best[best["mode"] != "test_batch"]
    return best[(best["normalization"] == "batch") | (best["mode"] == "ema")].to_dict("records")


def _tally(met: list[bool | None]) -> str:
    """`5 yes, 2 no, 1 cannot be told`."""
    counts = [(met.count(value), words) for value, words in _MET.items()]
    return ", ".join(f"{count} {words}" for count, words in counts if count)
