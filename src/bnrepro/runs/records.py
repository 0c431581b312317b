"""The record of a finished run, wherever it lies: in the store, or in the output of a train stage."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from bnrepro import paths
from bnrepro.errors import Failed
from bnrepro.networks.parameters import Parameters

RECORD, PARAMETERS = "record.json", "parameters.npz"
INDEX = "index.json"  # of a stage's output: its runs, in the order of the study's grid


def read(folder: Path) -> dict[str, Any]:
    """A run's record: fingerprint, spec, digests of data and code, versions, processor, curve, final, diverged_at.

    What was measured and is not finite (the loss of a run that is about to diverge) is None.

    Raises:
        Failed: it is missing or damaged.
    """
    try:
        return json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Failed(f"{folder / RECORD}: not a record of a run ({error})") from error


def read_parameters(folder: Path) -> Parameters:
    """A run's final parameters, in canonical form."""
    with np.load(folder / PARAMETERS, allow_pickle=False) as archive:
        return dict(archive)


def of_study(dataset: str, study: str) -> list[dict[str, Any]]:
    """The records in the output of a study's train stage, in the order of its grid.

    Raises:
        Failed: the stage has not run, or a record is damaged.
    """
    folder = paths.runs(dataset, study)
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Failed(f"{folder / INDEX}: not readable; run `dvc repro` or `bnrepro train {dataset} {study}`") from error
    return [read(folder / key) for key in index["runs"]]
