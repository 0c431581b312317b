"""The committed tables, read back by whoever draws or reports them. DVC's hashes and `bnrepro verify` protect them."""

import os
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel, TypeAdapter

from bnrepro import paths, reading
from bnrepro.analysis.curves import first_values
from bnrepro.errors import BadInput
from bnrepro.reading import Digest, Text, Word
from bnrepro.study.params import HEADLINE_STUDY


class _Study(BaseModel, strict=True):
    params_digest: Digest
    records: int


class Origin(BaseModel, strict=True):
    """What tables and figures were made from. A `Text` joins the values of all runs by commas."""

    bnrepro: Word
    dataset: Word
    data_digest: Text
    source_digest: Digest
    studies: dict[Word, _Study]


class _Provenance(Origin):
    """See `bnrepro.claims.summarize.provenance`."""

    runs: int
    records_digest: Digest
    processor: Text
    device: Text
    numerics: Text
    versions: dict[Word, Text]


_PROVENANCE: TypeAdapter[Any] = TypeAdapter(_Provenance)


def read(dataset: str, name: str, *factors: str) -> pd.DataFrame:
    """`reports/<dataset>/tables/<name>.csv`, with empty fields as NaN and nothing else.

    Args:
        factors: optional factors without whose columns it is of no use.

    Raises:
        BadInput: it is missing, no table, or lacks such a column.
    """
    path = _path(dataset, name)
    try:
        return reading.table(path, factors)
    except reading.Unreadable as error:
        raise BadInput(f"{path}: not readable ({error}); {_remedy(dataset)}") from error


def has(dataset: str, name: str) -> bool:
    """Whether a dataset has a table; what compares with the paper's figure is not there for all."""
    return os.path.lexists(_path(dataset, name))  # a link to nowhere is one that is damaged


def headline(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that the headline shows: of every implementation and depth, at the first value of any other factor."""
    return first_values(table[table["study"] == HEADLINE_STUDY], "implementation", "normalization", "depth")


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
    """The first of `rows`; None where there is none."""
    found = rows(table, **factors)
    return found.to_dict("records")[0] if len(found) else None


def rows(table: pd.DataFrame, **factors: Any) -> pd.DataFrame:
    """The rows with these values, where an empty one equals an empty one."""
    for name, value in factors.items():
        table = table[table[name].isna() if pd.isna(value) else table[name] == value]
    return table


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
