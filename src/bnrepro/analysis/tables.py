"""The committed tables, read back by whoever draws or reports them."""

import json
from typing import Any

import pandas as pd

from bnrepro import paths
from bnrepro.errors import Failed


def read(dataset: str, name: str) -> pd.DataFrame:
    """`reports/<dataset>/tables/<name>.csv`, with empty fields as NaN and nothing else.

    Raises:
        Failed: it is missing or not a table.
    """
    path = paths.tables(dataset) / f"{name}.csv"
    try:
        return pd.read_csv(path, keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        raise Failed(f"{path}: not readable ({error}); run `dvc repro` or `bnrepro summarize {dataset}`") from error


def read_provenance(dataset: str) -> dict[str, Any]:
    """What the tables were made from: see `bnrepro.analysis.summarize.provenance`."""
    path = paths.provenance(dataset)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Failed(f"{path}: not readable ({error}); run `dvc repro` or `bnrepro summarize {dataset}`") from error
