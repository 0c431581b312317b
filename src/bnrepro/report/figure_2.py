"""The report's part on the paper's Figures 2 and 3: its networks and ours side by side, for the template."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bnrepro.analysis import tables
from bnrepro.claims import ledger
from bnrepro.report import verdicts, wording
from bnrepro.study.factors import FACTORS, DatasetName
from bnrepro.study.params import Params

READING = (
    "The paper's Figure 2: left ours, with small networks of Inception modules; right the paper's. Across, on a log "
    "scale: training steps. Dotted: the best accuracy of Inception, which has no batch normalization. A mark stands "
    "where a network reaches it; in the corner, how many times fewer steps than Inception it takes. Lines are means "
    "over seeds, by population statistics, bands the range. Dashed and gray: networks that the paper mentions and does "
    "not show."
)


def context(params: Params, dataset: DatasetName) -> dict[str, Any]:
    """What the template says of the paper's figures.

    Returns:
        `rows`: the table after Figure 3, in words; `claims`: see `verdicts.told`; `as_stated`: by verdict, the titles
        of the claims that have it; `tuned`: the claims with a second rule, for a baseline that was tuned; `seeds`.

    Raises:
        BadInput: a table or claims.json is missing or damaged.
    """
    found, settings = ledger.read(dataset), ledger.settings(params, dataset)
    claims = [verdicts.told(found[claim.id], claim, {}, settings) for claim in ledger.FIGURE_2 if claim.id in found]
    as_stated: dict[str, list[str]] = {}
    for entry in claims:
        as_stated.setdefault(entry["rules"][0]["verdict"], []).append(f"[{entry['claim'].title}](#{entry['id']})")
    arms = tables.read(dataset, "figure_3").to_dict("records")
    return {
        "rows": [_row(arm) for arm in arms],
        "seeds": max((arm["seeds"] for arm in arms), default=0),
        "claims": claims,
        "as_stated": as_stated,
        "tuned": [entry for entry in claims if len(entry["rules"]) > 1],
    }


def _row(arm: dict[str, Any]) -> dict[str, str]:
    """A row of figure_3.csv, as a reader is shown it."""
    return {
        "arm": arm["arm"],
        "network": ", ".join(FACTORS[name].tell(arm[name]) for name in ("normalization", "activation")),
        "learning_rate": f"{arm['learning_rate']:g}",
        "arrived": f"{arm['arrived']} of {arm['seeds']}",
        "steps": _steps(arm),
        "ratio": wording.ratio(arm),
        "best": f"{arm['best']:.1%} ({_points(arm['best_low'])}–{_points(arm['best_high'])})",
        "paper_steps": "–" if pd.isna(arm["paper_steps"]) else f"{arm['paper_steps'] / 1e6:g} million",
        "paper_ratio": "–" if pd.isna(arm["paper_ratio"]) else f"{arm['paper_ratio']:.3g}×",
        "paper_best": wording.percent(arm["paper_best"]),
    }


def _steps(arm: Mapping[str, Any]) -> str:
    """`120 (80–150)`; of a bound the end that is known; how many steps were too few where no seed arrives."""
    if arm["arrived"] == 0:
        return f"not within {arm['steps']:,.0f}"
    low, high = (f"{arm[end]:,.0f}" for end in ("steps_low", "steps_high"))
    ends = {"none": f" ({low}–{high})", "lower": f" (from {low})", "upper": f" (to {high})", "both": ""}
    return wording.bounded(arm["steps"], arm["steps_censored"]) + ends[arm["steps_censored"]]


def _points(share: float) -> str:
    """An end of an interval, which may lie beyond 0 and 100%, without its sign of percent."""
    return f"{100 * share:.1f}"
