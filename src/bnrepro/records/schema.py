"""The record of a finished run, wherever it lies: in the store, or in the output of a train stage.

What a record may be is stated here as types, and held against every record where it is read.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from bnrepro import paths, reading
from bnrepro.data.registry import NAMES
from bnrepro.errors import BadInput
from bnrepro.networks.parameters import Parameters
from bnrepro.reading import Digest, Text, Word
from bnrepro.records.fingerprint import NUMERICAL_LIBRARIES
from bnrepro.study.factors import RunSpec
from bnrepro.training.schedule import evaluation_steps

RECORD, PARAMETERS, LAYERS = "record.json", "parameters.npz", "layers.npz"
INDEX = "index.json"  # of a stage's output: its runs, in the order of the study's grid

Share = Annotated[float, Field(ge=0, le=1)]
Measure = Annotated[float, Field(ge=0, le=4e38)] | None  # what float32 holds; None: it was not finite


class _Stored(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Curve(_Stored, extra="forbid"):
    step: Annotated[list[int], Field(min_length=1)]
    accuracy: list[Share]
    population_accuracy: list[Share]
    test_batch_accuracy: list[Share]
    training_accuracy: list[Share]
    loss: list[Measure]
    validation_accuracy: list[Share] | None = None


class _Record(_Stored):
    fingerprint: Digest
    spec: RunSpec
    data_digest: Digest
    code_digest: Digest
    versions: dict[Word, Word]
    processor: Text
    curve: _Curve
    final: dict[Word, Measure]
    diverged_at: int | None

    @model_validator(mode="after")
    def _is_of_one_run(self) -> "_Record":
        spec, steps = self.spec, self.curve.step
        if spec.dataset not in NAMES:
            raise ValueError(f"its dataset is none of {', '.join(NAMES)}")
        if missing := set(NUMERICAL_LIBRARIES) - self.versions.keys():
            raise ValueError(f"it lacks the versions of {', '.join(sorted(missing))}")
        if any(name.endswith("accuracy") and (value or 0) > 1 for name, value in self.final.items()):
            raise ValueError("a final accuracy is more than 1")
        if any(len(values) != len(steps) for _, values in self.curve if values is not None):
            raise ValueError("its curves differ in length")
        end = spec.steps if self.diverged_at is None else self.diverged_at
        scheduled = evaluation_steps(spec.steps, spec.evaluate_every, spec.evaluations)
        if tuple(steps) != scheduled[: len(steps)] or steps[-1] > end or end > spec.steps:
            raise ValueError("its curve is not of its steps")
        if self.diverged_at is None and (steps[-1] < end or self.final.get("population_accuracy") is None):
            raise ValueError("it breaks off")
        return self


class _Index(_Stored):
    runs: list[Digest]


_RECORD, _INDEX = TypeAdapter(_Record), TypeAdapter(_Index)


def read(folder: Path) -> dict[str, Any]:
    """A run's record: fingerprint, spec, digests of data and code, versions, processor, curve, final, diverged_at.

    What was measured and is not finite (the loss of a run that is about to diverge) is None. A factor that is newer
    than the record has its default.

    Raises:
        BadInput: it is missing or damaged.
    """
    path = folder / RECORD
    try:
        record = reading.json_of(path, _RECORD)
    except reading.Unreadable as error:
        raise BadInput(f"{path}: not a record of a run ({error})") from error
    return record | {"spec": asdict(RunSpec(**record["spec"]))}


def read_parameters(folder: Path) -> Parameters:
    """A run's final parameters, in canonical form.

    Raises:
        BadInput: the file is missing or damaged.
    """
    return _arrays(folder / PARAMETERS, "the parameters of a run")


def read_layers(folder: Path) -> dict[str, np.ndarray]:
    """The looks into a run's layers (`bnrepro.measurement.probe`): `step` [looks], and the others [looks, ...].

    Raises:
        BadInput: the file is missing or damaged.
    """
    return _arrays(folder / LAYERS, "looks into the layers of a run")


def _arrays(path: Path, what: str) -> dict[str, np.ndarray]:
    try:
        return reading.arrays(path)
    except reading.Unreadable as error:
        raise BadInput(f"{path}: not {what} ({error})") from error


def of_study(dataset: str, study: str) -> list[dict[str, Any]]:
    """The records in the output of a study's train stage, in the order of its grid.

    Raises:
        BadInput: the stage has not run, or a record is damaged.
    """
    folder = paths.runs(dataset, study)
    try:
        keys = reading.json_of(folder / INDEX, _INDEX)["runs"]
    except reading.Unreadable as error:
        remedy = f"run `dvc repro` or `bnrepro train {dataset} {study}`"
        raise BadInput(f"{folder / INDEX}: not readable ({error}); {remedy}") from error
    return [read(folder / key) for key in keys]
