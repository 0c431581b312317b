"""The record of a finished run, wherever it lies: in the store, or in the output of a train stage."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from bnrepro import paths
from bnrepro.errors import Failed
from bnrepro.networks.parameters import Parameters

RECORD, PARAMETERS, LAYERS = "record.json", "parameters.npz", "layers.npz"
_KEYS = {"fingerprint", "spec", "data_digest", "code_digest", "versions", "processor", "curve", "final", "diverged_at"}
INDEX = "index.json"  # of a stage's output: its runs, in the order of the study's grid


def read(folder: Path) -> dict[str, Any]:
    """A run's record: fingerprint, spec, digests of data and code, versions, processor, curve, final, diverged_at.

    What was measured and is not finite (the loss of a run that is about to diverge) is None.

    Raises:
        Failed: it is missing or damaged.
    """
    path = folder / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Failed(f"{path}: not a record of a run ({error})") from error
    if not isinstance(record, dict) or not record.keys() >= _KEYS:
        raise Failed(f"{path}: not a record of a run (it lacks what every record has)")
    if len({len(values) for values in record["curve"].values()}) != 1:
        raise Failed(f"{path}: not a record of a run (its curves differ in length)")
    return record


def read_parameters(folder: Path) -> Parameters:
    """A run's final parameters, in canonical form.

    Raises:
        Failed: the file is missing or damaged.
    """
    return _arrays(folder / PARAMETERS, "the parameters of a run")


def read_layers(folder: Path) -> dict[str, np.ndarray]:
    """The looks into a run's layers (`bnrepro.measurement.probe`): `step` [looks], and the others [looks, ...].

    Raises:
        Failed: the file is missing or damaged.
    """
    return _arrays(folder / LAYERS, "looks into the layers of a run")


def _arrays(path: Path, what: str) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return dict(archive)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise Failed(f"{path}: not {what} ({error})") from error


def of_study(dataset: str, study: str) -> list[dict[str, Any]]:
    """The records in the output of a study's train stage, in the order of its grid.

    Raises:
        Failed: the stage has not run, or a record is damaged.
    """
    folder = paths.runs(dataset, study)
    try:
        keys = list(json.loads((folder / INDEX).read_text(encoding="utf-8"))["runs"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Failed(f"{folder / INDEX}: not readable; run `dvc repro` or `bnrepro train {dataset} {study}`") from error
    return [read(folder / str(key)) for key in keys]
