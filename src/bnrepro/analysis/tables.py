"""The committed tables, read back by whoever draws or reports them."""

import json
from typing import Any, get_args

import pandas as pd

from bnrepro import paths
from bnrepro.analysis.against_paper import COLUMNS as DISTANCES
from bnrepro.analysis.against_paper import SETTING
from bnrepro.analysis.curves import ACCURACIES, MEASURED, SERIES
from bnrepro.analysis.layers import MEASURED as LAYERS
from bnrepro.analysis.layers import OF_THE_RUN
from bnrepro.analysis.reference import PERCENTILES
from bnrepro.errors import Failed
from bnrepro.params import HEADLINE_STUDY, Implementation

_COLUMNS = {
    "curves": {*SERIES, "seed", "step", *MEASURED[:4]},
    "steps_to_target": {
        *SERIES,
        "mode",
        "target",
        "runs",
        "reached",
        "at_first",
        "mean_restricted_steps",
        "low",
        "high",
    },
    "speedup": {*SERIES, "mode", "target", "ratio", "low", "high", "censored"},
    "speedup_by_target": {*SERIES, "mode", "target", "ratio", "low", "high", "censored"},
    "paper": {
        *("quantity", "normalization", "mode", "target", "ours", "low", "high", "lowest", "highest", "censored"),
        *("paper", "paper_censored"),
    },
    "distance_to_paper": {*SERIES, "mode", *DISTANCES},
    "calibration": {*SETTING, *DISTANCES, "close"},
    "sigmoid_inputs": {"normalization", "seed", "unit", "step", *(f"percentile_{p}" for p in PERCENTILES)},
    "sigmoid_inputs_over_units": {"normalization", "quantity", "seeds", "units", "paper"},
    "finals": {*SERIES, "seed", "diverged", *ACCURACIES},
    "final_accuracy": {*SERIES, "runs", "diverged", *ACCURACIES},
    "best_accuracy": {*SERIES, "mode", "baseline_best", "reached", "runs", "mean_restricted_steps", "best_accuracy"},
    "layers": {*SERIES, "seed", "layer", "step", *LAYERS, *OF_THE_RUN},
}
_CLAIM = {"id", "source", "statement", "rule", "measured", "verdict"}
_PROVENANCE = {
    *("bnrepro", "dataset", "runs", "processor", "versions", "studies"),
    *("data_digest", "records_digest", "source_digest"),
}


def read(dataset: str, name: str) -> pd.DataFrame:
    """`reports/<dataset>/tables/<name>.csv`, with empty fields as NaN and nothing else.

    Raises:
        Failed: it is missing or not that table.
    """
    path = paths.tables(dataset) / f"{name}.csv"
    try:
        table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        raise Failed(f"{path}: not readable ({error}); {_remedy(dataset)}") from error
    if missing := _COLUMNS[name.partition("/")[0]] - set(table.columns):
        raise Failed(f"{path}: lacks the columns {', '.join(sorted(missing))}; {_remedy(dataset)}")
    if unknown := set(table.get("implementation", [])) - set(get_args(Implementation)):
        raise Failed(f"{path}: unknown implementations {unknown}; {_remedy(dataset)}")
    return table


def has(dataset: str, name: str) -> bool:
    """Whether a dataset has a table; what compares with the paper's figure is not there for all."""
    return (paths.tables(dataset) / f"{name}.csv").is_file()


def headline(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that the headline shows: one study and, of several learning rates, its first."""
    table = table[table["study"] == HEADLINE_STUDY]
    return table[table["learning_rate"] == table["learning_rate"].iloc[0]] if len(table) else table


def at_target(dataset: str, table: pd.DataFrame, target: float) -> pd.DataFrame:
    """The rows for one target.

    Raises:
        Failed: there are none; the targets were changed since.
    """
    rows = table[table["target"] == float(f"{target:.6g}")]
    if rows.empty and len(table):
        raise Failed(f"the target {target:g} is not in the tables of {dataset}; {_remedy(dataset)}")
    return rows


def row(table: pd.DataFrame, **factors: Any) -> dict[str, Any] | None:
    """The first row with these values, where an empty one equals an empty one; None where there is none."""
    for name, value in factors.items():
        table = table[table[name].isna() if pd.isna(value) else table[name] == value]
    return table.to_dict("records")[0] if len(table) else None


def read_provenance(dataset: str) -> dict[str, Any]:
    """What the tables were made from: see `bnrepro.analysis.summarize.provenance`.

    Raises:
        Failed: it is missing or damaged.
    """
    path = paths.provenance(dataset)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Failed(f"{path}: not readable ({error}); {_remedy(dataset)}") from error
    if not isinstance(content, dict) or not content.keys() >= _PROVENANCE:
        raise Failed(f"{path}: lacks what the report names; {_remedy(dataset)}")
    return content


def read_claims(dataset: str) -> list[dict[str, Any]]:
    """The entries of claims.json: see `bnrepro.analysis.claims.claim.Claim.judge`.

    Raises:
        Failed: it is missing or damaged.
    """
    path = paths.claims(dataset)
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        whole = all(entry.keys() >= _CLAIM for entry in entries)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise Failed(f"{path}: not readable ({error}); {_remedy(dataset)}") from error
    if not whole:
        raise Failed(f"{path}: lacks what every claim has; {_remedy(dataset)}")
    return entries


def _remedy(dataset: str) -> str:
    return f"run `dvc repro` or `bnrepro summarize {dataset}`"
