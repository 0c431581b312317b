"""The record of a finished run, wherever it lies: in the store, or in the output of a train stage.

What a record may be is stated here as types, and held against every record where it is read: whoever has one need not
look at it again.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from bnrepro import paths, reading
from bnrepro.errors import BadInput
from bnrepro.networks.parameters import Parameters
from bnrepro.study.factors import RunSpec
from bnrepro.training.schedule import evaluation_steps

RECORD, PARAMETERS, LAYERS = "record.json", "parameters.npz", "layers.npz"
INDEX = "index.json"  # of a stage's output: its runs, in the order of the study's grid

Name = Annotated[str, Field(pattern=r"^[\w-]+(\.[\w-]+)*$", max_length=200)]  # of a folder, and no way out of its own
Share = Annotated[float, Field(ge=0, le=1)]
Measure = Annotated[float, Field(ge=0, le=4e38)] | None  # what float32 holds; None: it was not finite


def _all_different(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise ValueError("a run stands twice")
    return names


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


class _Final(_Stored, extra="forbid"):
    """What is measured once: nothing of a run that diverged, and the rest with batch normalization alone."""

    population_accuracy: Share | None = None
    folded_difference: Measure = None
    folded_disagreements: Annotated[int, Field(ge=0)] | None = None
    test_batch_gained: Annotated[int, Field(ge=0)] | None = None
    test_batch_lost: Annotated[int, Field(ge=0)] | None = None
    zscore_mean: Measure = None
    zscore_variance_error: Measure = None
    zscore_variance_least: Measure = None
    zscore_variance_median: Measure = None


class _Versions(_Stored, extra="ignore"):  # which other libraries decide bits depends on TensorFlow's
    tensorflow: str
    numpy: str


class _Record(_Stored):
    fingerprint: Name
    spec: RunSpec
    data_digest: str
    code_digest: str
    versions: _Versions
    processor: str
    curve: _Curve
    final: _Final
    diverged_at: int | None

    @model_validator(mode="after")
    def _is_of_one_run(self) -> "_Record":
        spec, steps = self.spec, self.curve.step
        if any(len(values) != len(steps) for _, values in self.curve if values is not None):
            raise ValueError("its curves differ in length")
        end = spec.steps if self.diverged_at is None else self.diverged_at
        scheduled = evaluation_steps(spec.steps, spec.evaluate_every, spec.evaluations)
        if tuple(steps) != scheduled[: len(steps)] or steps[-1] > end or end > spec.steps:
            raise ValueError("its curve is not of its steps")
        if self.diverged_at is None and (steps[-1] < end or self.final.population_accuracy is None):
            raise ValueError("it breaks off")
        return self


class _Index(_Stored):
    runs: Annotated[list[Name], AfterValidator(_all_different)]


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


def read_layers(folder: Path, spec: dict[str, Any]) -> dict[str, np.ndarray]:
    """The looks into a run's layers (`bnrepro.measurement.probe`): `step` [looks], and the others [looks, ...].

    Args:
        spec: of the run's record.

    Raises:
        BadInput: the file is missing or damaged, or not of such a run.
    """
    path, what = folder / LAYERS, "looks into the layers of a run"
    found = _arrays(path, what)
    steps, depth = found.get("step", np.zeros(0)), spec["depth"]
    expected = {
        "step": (),
        "percentiles": (depth, 3, spec["width"]),
        "saturated": (depth,),
        "always_saturated": (depth,),
        "gradient": (depth + 1,),
        "weights": (depth + 1,),
        "gradient_change": (2,),
        "lag": (depth,),
    }
    if {name: values.shape[1:] for name, values in found.items()} != expected:
        raise BadInput(f"{path}: not {what} (its arrays are not those of {depth} layers of {spec['width']} units)")
    if steps.dtype != np.int64 or any(found[name].dtype != np.float32 for name in expected.keys() - {"step"}):
        raise BadInput(f"{path}: not {what} (an array is of another kind)")
    scheduled = evaluation_steps(spec["steps"], spec["evaluate_every"], spec["evaluations"])
    in_order = steps[:1].tolist() == [0] and bool((np.diff(steps) > 0).all())
    whole = all(len(values) == len(steps) for values in found.values())
    if not in_order or not whole or not set(steps.tolist()) <= set(scheduled):
        raise BadInput(f"{path}: not {what} (its steps are not those of one run)")
    return found


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
    if absent := [key for key in keys if not (folder / key).is_dir()]:
        raise BadInput(f"{folder / INDEX}: names {absent[0]}, which is not there; run `dvc repro`")
    found = {key: read(folder / key) for key in keys}
    for key, record in found.items():
        if record["fingerprint"] != key or record["spec"]["dataset"] != dataset:
            raise BadInput(f"{folder / key / RECORD}: the record of another run")
    return list(found.values())
