"""The committed tables, read back by whoever draws or reports them: every field is held against its column's type."""

import math
import os
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from bnrepro import paths, reading
from bnrepro.analysis.against_paper import COLUMNS as DISTANCES
from bnrepro.analysis.against_paper import SETTING
from bnrepro.analysis.curves import ACCURACIES
from bnrepro.analysis.reference import PERCENTILES
from bnrepro.errors import BadInput
from bnrepro.study.factors import COLUMNS, FACTORS, OPTIONAL, Count, Depth, Normalization
from bnrepro.study.params import HEADLINE_STUDY, Share


def _float32(value: float) -> float:
    if math.isfinite(value) and abs(value) > 4e38:
        raise ValueError("beyond what float32 holds")
    return value


# What a field may be; an empty one is None.
_Whole = Annotated[int, Field(ge=0, le=10**9)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Steps = Annotated[float, Field(gt=0, le=10**9)]  # a mean of whole numbers; and a ratio of such means
_Target = Annotated[float, Field(gt=0, le=1)]  # six digits of one just below 1 are 1
_Number = Annotated[float, Field(ge=-1e38, le=1e38)]
_Looked = Annotated[float, AfterValidator(_float32)] | None  # into layers: of a run that is about to diverge
_Bound = Literal["none", "lower", "upper", "both"]
_Mode = Literal["ema", "population", "test_batch"]

_SERIES = {"study": str, **{name: FACTORS[name].kind for name in COLUMNS}}
_FURTHER = {name: FACTORS[name].kind | None for name in OPTIONAL}
_OF_A_TARGET = {**_SERIES, "mode": _Mode, "target": _Target}
_RATIO = {**dict.fromkeys(("ratio", "low", "high"), _Steps | None), "censored": _Bound}
_DISTANCES = {"seeds": Count, **dict.fromkeys(DISTANCES[1:], _Share | None)}
_COLUMNS: dict[str, dict[str, Any]] = {
    "curves": {
        **_SERIES,
        "seed": _Whole,
        "step": Count,
        **dict.fromkeys(("accuracy", "population_accuracy", "training_accuracy"), _Share),
        "loss": float | None,
    },
    "steps_to_target": {
        **_OF_A_TARGET,
        **dict.fromkeys(("runs", "reached", "at_first"), _Whole),
        **dict.fromkeys(("mean_restricted_steps", "low", "high"), _Steps),
    },
    "speedup": _OF_A_TARGET | _RATIO,
    "speedup_by_target": {**_OF_A_TARGET, "target": Share} | _RATIO,
    "paper": {
        "quantity": str,
        "normalization": Normalization,
        "mode": _Mode,
        "target": _Target | None,
        **dict.fromkeys(("ours", "low", "high", "lowest", "highest", "paper"), _Number | None),
        **dict.fromkeys(("censored", "paper_censored"), _Bound),
    },
    "distance_to_paper": {**_SERIES, "mode": _Mode, **_DISTANCES},
    "calibration": {
        **{name: FACTORS[name].kind for name in SETTING},
        **_DISTANCES,
        "distance": Annotated[_Share, Field(gt=0)],
        "close": bool,
    },
    "sigmoid_inputs": {
        "normalization": Normalization,
        **dict.fromkeys(("seed", "unit", "step"), _Whole),
        **dict.fromkeys((f"percentile_{percentile}" for percentile in PERCENTILES), _Number),
    },
    "sigmoid_inputs_over_units": {
        "normalization": Normalization,
        "quantity": Literal["movement", "late_movement", "spread"],
        **dict.fromkeys(("seeds", "units"), Count),
        **dict.fromkeys((f"quantile_{quantile}" for quantile in (5, 25, 50, 75, 95)), _Number),
        "paper": _Number,
    },
    "finals": {**_SERIES, "seed": _Whole, "diverged": bool, **dict.fromkeys(ACCURACIES, _Share | None)},
    "final_accuracy": {**_SERIES, "runs": Count, "diverged": _Whole, **dict.fromkeys(ACCURACIES, _Share | None)},
    "best_accuracy": {
        **_SERIES,
        "mode": _Mode,
        "runs": Count,
        "reached": _Whole,
        "mean_restricted_steps": _Steps,
        **dict.fromkeys(("baseline_best", "best_accuracy"), _Share),
    },
    "layers": {
        **_SERIES,
        "seed": _Whole,
        "layer": Depth,
        "step": _Whole,
        **dict.fromkeys(("saturated", "always_saturated"), _Share),
        **dict.fromkeys(("percentile_15", "percentile_50", "percentile_85", "gradient", "gradient_change"), _Looked),
        **dict.fromkeys(("gradient_cosine", "lag", "travelled", "travelled_relative", "jumped"), _Looked),
    },
}


class _Stored(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="forbid")


class _Versions(_Stored, extra="ignore"):
    tensorflow: str
    numpy: str


class _OfStudy(_Stored):
    params_digest: str
    records: _Whole


class _Provenance(_Stored, extra="ignore"):
    """What the report and the figures name."""

    bnrepro: str
    dataset: str
    runs: _Whole
    studies: dict[str, _OfStudy]
    processor: str
    device: Literal["cpu", "gpu"]
    versions: _Versions
    data_digest: str
    records_digest: str
    source_digest: str


_PROVENANCE = TypeAdapter(_Provenance)


def read(dataset: str, name: str, *factors: str) -> pd.DataFrame:
    """`reports/<dataset>/tables/<name>.csv`, with empty fields as NaN and nothing else.

    Args:
        factors: optional factors without whose columns it is of no use.

    Raises:
        BadInput: it is missing or not that table.
    """
    path = _path(dataset, name)
    columns = _COLUMNS[name.partition("/")[0]] | {factor: _FURTHER[factor] for factor in factors}
    try:
        return reading.table(path, columns, optional=_FURTHER)
    except reading.Unreadable as error:
        raise BadInput(f"{path}: not readable ({error}); {_remedy(dataset)}") from error


def unusable(dataset: str, name: str, reason: str) -> BadInput:
    """A table that is one, and does not fit what is made from it."""
    return BadInput(f"{_path(dataset, name)}: {reason}; {_remedy(dataset)}")


def has(dataset: str, name: str) -> bool:
    """Whether a dataset has a table; what compares with the paper's figure is not there for all."""
    return os.path.lexists(_path(dataset, name))  # a link to nowhere is one that is damaged


def headline(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that the headline shows: one study and, of several learning rates, its first."""
    table = table[table["study"] == HEADLINE_STUDY]
    return table[table["learning_rate"] == table["learning_rate"].iloc[0]] if len(table) else table


def at_target(dataset: str, table: pd.DataFrame, target: float) -> pd.DataFrame:
    """The rows for one target.

    Raises:
        BadInput: there are none; the targets were changed since.
    """
    rows = table[table["target"] == float(f"{target:.6g}")]
    if rows.empty and len(table):
        raise BadInput(f"the target {target:g} is not in the tables of {dataset}; {_remedy(dataset)}")
    return rows


def row(table: pd.DataFrame, **factors: Any) -> dict[str, Any] | None:
    """The first row with these values, where an empty one equals an empty one; None where there is none."""
    for name, value in factors.items():
        table = table[table[name].isna() if pd.isna(value) else table[name] == value]
    return table.to_dict("records")[0] if len(table) else None


def read_provenance(dataset: str) -> dict[str, Any]:
    """What the tables were made from: see `bnrepro.claims.summarize.provenance`.

    Raises:
        BadInput: it is missing or damaged.
    """
    return read_json(dataset, paths.provenance(dataset), _PROVENANCE)


def read_json(dataset: str, path: Path, kind: TypeAdapter[Any]) -> Any:
    try:
        return reading.json_of(path, kind)
    except reading.Unreadable as error:
        raise BadInput(f"{path}: not readable ({error}); {_remedy(dataset)}") from error


def _path(dataset: str, name: str) -> Path:
    return paths.tables(dataset) / f"{name}.csv"


def _remedy(dataset: str) -> str:
    return f"run `dvc repro` or `bnrepro summarize {dataset}`"
