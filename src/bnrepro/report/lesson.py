"""The report's part on the lesson: for every claim its verdict, what was measured, and what follows (lesson.yaml)."""

from functools import cache
from importlib import resources
from typing import Any

import pandas as pd
import yaml

from bnrepro import paths
from bnrepro.analysis import curves, tables
from bnrepro.claims import entries
from bnrepro.errors import BadInput
from bnrepro.report import wording
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
    claims = [entry for entry in entries.read(dataset) if entry["id"] in sections()]
    if missing := sections().keys() - {entry["id"] for entry in claims}:
        raise BadInput(
            f"{paths.claims(dataset)}: lacks {', '.join(sorted(missing))}; run `bnrepro summarize {dataset}`"
        )
    return [
        _claim(claim, sections()[claim["id"]])
        | {"series": _series(sections()[claim["id"]].get("study", ""), steps, finals)}
        | {"best": _best(dataset) if "after_figure_3" in sections()[claim["id"]] else []}
        for claim in claims
    ]


def _series(study: str, steps: pd.DataFrame, finals: pd.DataFrame) -> dict[str, Any]:
    """What a study's series took and ended with: the names of the factors that it crosses, and a row for each."""
    own = finals[finals["study"] == study]
    crossed = [name for name in curves.series(finals)[1:] if own[name].nunique() > 1]
    rows = []
    for row in own.to_dict("records"):
        series = {name: row[name] for name in curves.series(finals)}
        taken = {mode: wording.steps(tables.row(steps, mode=mode, **series)) for mode in ("ema", "population")}
        rows.append({"factors": [_value(row[name]) for name in crossed], **taken, **row})
    return {"crossed": crossed, "rows": rows}


def _best(dataset: DatasetName) -> list[dict[str, Any]]:
    """The rows of the table after the paper's Figure 3."""
    if not tables.has(dataset, "best_accuracy"):
        return []
    best = tables.read(dataset, "best_accuracy")
    best = best[best["mode"] != "test_batch"]
    return best[(best["normalization"] == "batch") | (best["mode"] == "ema")].to_dict("records")


def _value(value: Any) -> str:
    return "–" if pd.isna(value) else value if isinstance(value, str) else f"{value:g}"


@cache
def sections() -> dict[str, dict[str, Any]]:
    """lesson.yaml by claim; its first lines say what there may be of each."""
    return yaml.safe_load(resources.files("bnrepro.report").joinpath("lesson.yaml").read_text(encoding="utf-8"))


def _claim(claim: dict[str, Any], section: dict[str, Any]) -> dict[str, Any]:
    measured = claim["measured"]
    parts = [
        {
            "name": name,
            "first": _number(values["first"]),
            "second": _number(values["second"]),
            "met": _MET[values["met"]] if "met" in values else "",
        }
        for name, values in measured.items()
    ]
    return {
        "figure": None,
        "wording": None,
        **claim,
        **section,
        "follows": section.get("follows", {}).get(claim["verdict"]),
        "parts": parts,
        "tally": _tally([values["met"] for values in measured.values() if "met" in values]),
        "reason": claim.get("reason"),
    }


def _tally(met: list[bool | None]) -> str:
    """`5 yes, 2 no, 1 cannot be told`."""
    counts = [(met.count(value), words) for value, words in _MET.items()]
    return ", ".join(f"{count} {words}" for count, words in counts if count)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"
