"""The run store: one folder for every finished run, named by its fingerprint, written whole or not at all.

It lies outside git and DVC, so that a finished run is never lost: not to a kill, not to a stage that failed after it,
not to a parameter that was changed and changed back. `record.json` and `parameters.npz` hold only what is the same on
every machine that the record's `processor` covers; `sidecar.json` holds the rest (machine, durations, commit), and all
can do without it.
"""

import importlib.metadata
import io
import json
import math
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, Field, TypeAdapter

from bnrepro import paths, reading
from bnrepro.data.dataset import Dataset
from bnrepro.errors import BadInput
from bnrepro.reading import Word
from bnrepro.records import schema
from bnrepro.records.fingerprint import code_digest, numerical_versions
from bnrepro.records.machine import Machine
from bnrepro.records.schema import LAYERS, PARAMETERS, RECORD
from bnrepro.study.factors import RunSpec
from bnrepro.training.recording import Result

SIDECAR = "sidecar.json"

Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class _Sidecar(BaseModel, extra="allow", strict=True):
    training_seconds: Seconds = 0
    evaluation_seconds: Seconds = 0
    seconds: Seconds = 0
    __pydantic_extra__: dict[Word, Annotated[str, Field(max_length=1000)] | float | None]  # as tags in MLflow


_SIDECAR = TypeAdapter(_Sidecar)


def folder(fingerprint: str) -> Path:
    return paths.store() / fingerprint[:2] / fingerprint


def has(fingerprint: str) -> bool:
    """Whether a run's record is there and whole; a damaged one is made again."""
    try:
        record = schema.read(folder(fingerprint))
        schema.read_layers(folder(fingerprint))
        schema.read_parameters(folder(fingerprint))
    except BadInput:
        return False
    return record["fingerprint"] == fingerprint


def record_of(fingerprint: str, spec: RunSpec, dataset: Dataset, result: Result, machine: Machine) -> dict[str, Any]:
    """The record of a run that `machine` finished: see `bnrepro.records.schema.read`."""
    return {
        "fingerprint": fingerprint,
        "spec": asdict(spec),
        "data_digest": dataset.digest,
        "code_digest": code_digest(spec),
        "versions": numerical_versions(),
        "processor": machine.same_bits(spec.numerics),
        "curve": {name: [_rounded(value) for value in values] for name, values in result.curve.items()},
        "final": {name: _rounded(value) for name, value in result.final.items()},
        "diverged_at": result.diverged_at,
    }


def write(fingerprint: str, spec: RunSpec, dataset: Dataset, result: Result, machine: Machine, seconds: float) -> None:
    """File a run that `machine` finished. The folder appears complete, by a rename, and replaces one that is there.

    Args:
        seconds: how long the run kept its worker.
    """
    record = record_of(fingerprint, spec, dataset, result, machine)
    sidecar = {
        "training_seconds": round(result.training_seconds, 3),
        "evaluation_seconds": round(result.evaluation_seconds, 3),
        "seconds": round(seconds, 3),
        "runs_together": result.together,
        "device": spec.device,
        **asdict(machine),
        "bnrepro": importlib.metadata.version("bnrepro"),
        "commit": _commit(),
    }
    with paths.replacing(folder(fingerprint), beside=_partial()) as partial:
        (partial / RECORD).write_text(_json(record), encoding="utf-8")
        _write_arrays(partial / PARAMETERS, result.parameters)
        _write_arrays(partial / LAYERS, result.layers)
        (partial / SIDECAR).write_text(_json(sidecar), encoding="utf-8")


def read_sidecar(fingerprint: str) -> dict[str, Any]:
    """What the store knows of how a run was made; empty where it was made elsewhere, or is damaged."""
    try:
        return reading.json_of(folder(fingerprint) / SIDECAR, _SIDECAR)
    except reading.Unreadable:
        return {}


def durations(processor: str) -> Iterator[tuple[dict[str, Any], float]]:
    """Spec and seconds of every run in the store that tells them and was made on a processor of this name."""
    for path in sorted(paths.store().glob(f"*/*/{SIDECAR}")):
        sidecar = read_sidecar(path.parent.name)
        if sidecar.get("seconds") and sidecar.get("processor") == processor:
            try:
                spec = schema.read(path.parent)["spec"]
            except BadInput:  # a damaged record is no reason not to plan
                continue
            yield spec, sidecar["seconds"]


def copy(fingerprint: str, target: Path) -> None:
    """Copy a record, without its sidecar, into a folder of a stage's output."""
    target.mkdir(parents=True)
    for name in (RECORD, PARAMETERS, LAYERS):
        shutil.copyfile(folder(fingerprint) / name, target / name)


def locked() -> AbstractContextManager[None]:
    """Hold the lock of the store, which is that of all clones whose `.bnrepro/store` is a link to it."""
    waiting = "Another training uses the run store; waiting for it to end."
    return paths.locked("train", waiting, within=paths.store())


def clean() -> None:
    """After a kill: put back runs that were set aside, remove what was half written, and workers' temporary files.

    Call it under the lock.
    """
    for name in paths.set_aside(_partial()):
        paths.heal(folder(name), _partial())
    for left in (_partial(), paths.temporary()):
        shutil.rmtree(left, ignore_errors=True)


def _partial() -> Path:
    return paths.store() / "partial"


@cache
def _commit() -> str | None:
    """The clone's commit; None where there is no git."""
    command = ["git", "-C", str(paths.home()), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """An .npz file of the same bytes everywhere; what `np.savez` writes around the arrays hangs on Python's patch."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue())


def _rounded(value: float | int) -> float | int | None:
    """Seven significant digits: what a float32 holds, and the same text everywhere. None where it is not finite."""
    if isinstance(value, int):
        return value
    return float(f"{value:.7g}") if math.isfinite(value) else None


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n"
