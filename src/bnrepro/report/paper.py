"""The report's part on the paper's own figure: what was measured beside what the paper shows, for the template."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bnrepro.analysis import tables
from bnrepro.analysis.against_paper import SETTING
from bnrepro.claims import ledger, specifications
from bnrepro.report import verdicts, wording
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import CALIBRATION_STUDY, PAPER_STUDY, Params

STUDIES = (CALIBRATION_STUDY, *specifications.STUDIES)  # that this part of the report is about
_STEPS, _RATIO, _PERCENT, _POINTS = "{:,.0f}", "{:.2f}", "{:.2%}", "{:.2f}"


def context(params: Params, dataset: DatasetName) -> dict[str, Any]:
    """What the template says of the paper's figure.

    Raises:
        BadInput: a table or claims.json is missing or damaged.
    """
    comparison, surface, settings = (tables.read(dataset, name) for name in ("paper", "calibration", "specifications"))
    units, shown = pd.DataFrame(), pd.DataFrame()
    if tables.has(dataset, "sigmoid_inputs"):
        units, shown = (tables.read(dataset, name) for name in ("sigmoid_inputs_over_units", "sigmoid_inputs"))
        shown = shown.drop_duplicates("normalization")
    return {
        "seeds": len(params.seeds(dataset, PAPER_STUDY, params.studies_of(dataset)[PAPER_STUDY].implementation[0])),
        "budget": params.training_of(dataset, PAPER_STUDY).steps,
        "compared": _compared(comparison) if len(comparison) else None,
        "null": [row | {"distance": _points(row)} for row in tables.read(dataset, "null").to_dict("records")],
        "claims": _claims(params, dataset),
        "calibration": _calibration(params, dataset, surface) if len(surface) else None,
        "specifications": [
            _over_settings(target, own, comparison) for target, own in settings.groupby("target", sort=True)
        ],
        "units": units.to_dict("records"),
        "shown": shown.to_dict("records"),
    }


def tabulated(context: dict[str, Any] | None) -> dict[str, str]:
    """By study, the heading of the section in which the template has its table; of no context, none."""
    return {} if context is None else {CALIBRATION_STUDY: "*Calibration*"}


def _compared(comparison: pd.DataFrame) -> dict[str, Any]:
    """Rows of paper.csv, as a reader is shown them: by quantity and normalization, and by target."""
    points = comparison[["ours", "low", "high"]].mul(100).assign(paper=np.nan)
    arms = ("none", "batch")

    def of(quantity: str, arm: str) -> pd.DataFrame:
        return tables.rows(comparison, quantity=quantity, normalization=arm)

    def one(quantity: str, arm: str, form: str, table: pd.DataFrame = comparison) -> str:
        return _interval(table.loc[of(quantity, arm).index[0]], form)

    targets = []
    for steps, with_it, ratio in zip(
        *(of(*key).to_dict("records") for key in (("steps", "none"), ("steps", "batch"), ("speedup", "batch"))),
        strict=True,
    ):
        targets.append(
            {
                "target": f"{100 * steps['target']:g}%",
                "none": _interval(steps, _STEPS),
                "none_paper": _papers(steps, _STEPS),
                "batch": _interval(with_it, _STEPS),
                "batch_paper": _papers(with_it, _STEPS),
                "ratio": _interval(ratio, _RATIO),
                "ratio_paper": _papers(ratio, _RATIO),
            }
        )
    return {
        "final": {arm: one("final_accuracy", arm, _PERCENT) for arm in arms},
        "final_paper": {arm: _papers(of("final_accuracy", arm).iloc[0], _PERCENT) for arm in arms},
        "distance": {arm: one("distance", arm, _POINTS, points) for arm in arms},
        "advantage": one("advantage", "batch", _POINTS, points),
        "targets": targets,
    }


def _interval(row: Mapping[str, Any], form: str) -> str:
    """`3.56 (3.31–3.83)`; of a bound, with its sign and the end that is known; `–` where nothing is."""
    estimate, low, high = (form.format(row[name]) for name in ("ours", "low", "high"))
    if pd.isna(row["ours"]) or (row["low"] == 0 and np.isinf(row["high"])):
        return "–"
    if np.isinf(row["high"]):
        return f"≥ {estimate} (from {low})"
    return f"≤ {estimate} (to {high})" if row["low"] == 0 else f"{estimate} ({low}–{high})"


def _points(row: Mapping[str, Any]) -> str:
    """A distance, a share of 1, in percentage points."""
    return _interval(
        {name: 100 * row[of] for name, of in (("ours", "distance"), ("low", "low"), ("high", "high"))}, _POINTS
    )


def _papers(row: Mapping[str, Any], form: str) -> str:
    return "–" if pd.isna(row["paper"]) else wording.SIGNS[row["paper_censored"]] + form.format(row["paper"])


def _calibration(params: Params, dataset: DatasetName, surface: pd.DataFrame) -> dict[str, Any]:
    """The setting that calibration chose, how sharp the choice is, and whether params.yaml has it."""
    best = surface.iloc[0]
    usual = params.usual(dataset)
    varied = [name for name in SETTING if surface[name].nunique() > 1]
    return {
        "settings": len(surface),
        "seeds": int(best["seeds"]),
        "best": best.to_dict(),
        "second": surface.iloc[min(1, len(surface) - 1)].to_dict(),
        "by_seeds": surface.sort_values("seed_distance", kind="stable").iloc[0].to_dict(),
        "used": all(best[name] == usual[name] for name in SETTING),
        "edges": [
            name.replace("_", " ") for name in varied[-2:] if best[name] in (surface[name].min(), surface[name].max())
        ],
    }


def _over_settings(target: float, settings: pd.DataFrame, comparison: pd.DataFrame) -> dict[str, Any]:
    """What the specification curve shows at a target, in numbers."""
    known = settings.dropna(subset="ratio")
    paper = tables.row(comparison, quantity="speedup", target=target)
    own = known[known["chosen"]]
    return {
        "target": f"{100 * target:g}%",
        "settings": len(settings),
        "known": len(known),
        "more": int((known["low"] > 1).sum()),
        "less": int((known["high"] < 1).sum()),
        "median": _RATIO.format(known["ratio"].median()),
        "lowest": _RATIO.format(known["ratio"].min()),
        "highest": _RATIO.format(known["ratio"].max()),
        "chosen": _interval(own.iloc[0].rename({"ratio": "ours"}), _RATIO) if len(own) else "–",
        "larger": int((known["ratio"] > own["ratio"].iloc[0]).sum()) if len(own) else None,
        "paper": _papers(paper, _RATIO) if paper else "–",
    }


def _claims(params: Params, dataset: DatasetName) -> list[dict[str, Any]]:
    """The claims about the figure, for the template."""
    found, settings = ledger.read(dataset), ledger.settings(params, dataset)
    return [verdicts.told(found[claim.id], claim, {}, settings) for claim in ledger.PAPER if claim.id in found]
