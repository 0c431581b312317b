"""params.yaml as typed objects: read once, checked whole, before any work starts."""

import math
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator, model_validator

from bnrepro import paths
from bnrepro.data.registry import SOURCES
from bnrepro.errors import BadInput
from bnrepro.study import reading
from bnrepro.study.factors import (
    FACTORS,
    FLOAT32_MAX,
    MAX_EVALUATIONS,
    BatchSize,
    Count,
    Device,
    Implementation,
    Momentum,
    Numerics,
    Pixels,
    Positive,
    Seed,
    Units,
)
from bnrepro.study.studies import DatasetName, Section, Seeds, Several, Study

HEADLINE_STUDY = "depth"  # the one that the headline figure draws
PAPER_STUDY = "paper"  # the one that is laid over the paper's Figure 1
CALIBRATION_STUDY = "calibration"  # the one that chooses its setting
PAPER_DEPTH = 3  # hidden layers of the network in that figure

MAX_RUNS = 100_000  # of a study on a dataset: a slip in a grid multiplies, and nobody could wait for them
MAX_IMAGES = 10**9  # that a run trains on; their numbers between two evaluations are in memory at once

Share = Annotated[float, Field(gt=0, lt=1)]


class Data(Section):
    """What of a dataset's images the networks see, and how many are set apart."""

    pixels: Pixels
    test: Count  # images
    validation: Count


class Network(Section):
    """What all networks of all studies share."""

    width: Units
    momentum: Momentum
    epsilon: Positive


class Training(Section):
    """How networks are trained on one dataset, and how a run is measured; `steps` are mini-batches."""

    steps: Count
    batch_size: BatchSize
    evaluate_every: Count
    learning_rate: Positive
    initial_stddev: Positive
    seeds: Seeds
    first_seed: Seed
    targets: Several[Share]

    @field_validator("evaluate_every")
    @classmethod
    def _a_run_can_be_measured(cls, value: int, info: ValidationInfo) -> int:
        steps = info.data.get("steps", 2 * value)  # absent where it was refused itself
        if refusal := _refusal(steps, value, None, info.data.get("batch_size", 1)):
            raise ValueError(refusal)
        return value


def _refusal(steps: int, evaluate_every: int, evaluations: int | None, batch_size: int) -> str:
    """Why a run cannot be measured at these steps; empty where it can."""
    if steps % evaluate_every:
        return f"has to divide steps ({steps})"
    if steps < 2 * evaluate_every:
        return f"at most half of steps ({steps}): a target counts when reached twice in a row"
    if evaluations is None and steps // evaluate_every > MAX_EVALUATIONS:
        return f"a run of {steps} steps has {MAX_EVALUATIONS} evaluations at most"
    if steps * batch_size > MAX_IMAGES:
        return f"steps times batch_size is more than {MAX_IMAGES} images"
    return ""


StudyName = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]  # a `-` can collide in DVC's matrix


class Params(Section):
    """The whole of params.yaml."""

    datasets: Several[DatasetName]
    device: Device
    tf32: bool
    numerics: Numerics
    data: dict[DatasetName, Data]
    network: Network
    training: dict[DatasetName, Training]
    studies: Annotated[dict[StudyName, Study], Field(min_length=1)]

    def studies_of(self, dataset: DatasetName) -> dict[str, Study]:
        """The studies that have runs on a dataset, by name, each as it is there."""
        return {name: study.on(dataset) for name, study in self.studies.items() if study.applies_to(dataset)}

    def seeds(self, dataset: DatasetName, study: str, implementation: Implementation) -> range:
        """The seeds that a study runs of an implementation on a dataset."""
        grid, usual = self.studies[study].on(dataset), self.training[dataset]
        first = usual.first_seed if grid.first_seed is None else grid.first_seed
        own = grid.seeds.get(implementation) if isinstance(grid.seeds, dict) else grid.seeds
        return range(first, first + (own or usual.seeds))

    def usual(self, dataset: DatasetName) -> dict[str, Any]:
        """The settings of a run on a dataset, by name, where no study says otherwise; without those of the device."""
        sections = (self.data[dataset], self.network, self.training[dataset], self)
        return {name: value for section in sections for name, value in section if name in FACTORS and name != "device"}

    def training_of(self, dataset: DatasetName, study: str) -> Training:
        """How a study trains on a dataset: as all studies do, but for what it sets itself."""
        once = self.studies[study].on(dataset).once
        overrides = {name: value for name, value in once.items() if name in Training.model_fields}
        return self.training[dataset].model_copy(update=overrides)

    def runs(self, dataset: DatasetName, study: str) -> int:
        """How many runs a study has on a dataset at most; some may be the same."""
        grid = self.studies[study].on(dataset)
        lists = [*grid.lists.values(), grid.learning_rate_times or [1.0]]
        seeds = sum(len(self.seeds(dataset, study, name)) for name in grid.implementation)
        return math.prod(map(len, lists)) // len(grid.implementation) * seeds

    @model_validator(mode="after")
    def _studies_can_be_run(self) -> "Params":
        for dataset in self.training:
            for study, grid in self.studies_of(dataset).items():
                if (runs := self.runs(dataset, study)) > MAX_RUNS:
                    raise ValueError(f"studies.{study}: {runs} runs on {dataset}; {MAX_RUNS} at most are allowed")
                training, evaluations = self.training_of(dataset, study), grid.evaluations
                if refusal := _refusal(training.steps, training.evaluate_every, evaluations, training.batch_size):
                    every = f"evaluate_every ({training.evaluate_every} on {dataset})"
                    raise ValueError(f"studies.{study}: {every}: {refusal}")
                for times in grid.learning_rate_times or []:
                    if not 0 < (rate := times * training.learning_rate) <= FLOAT32_MAX:
                        raise ValueError(
                            f"studies.{study}.learning_rate_times: {times:g} times training.{dataset}.learning_rate is "
                            f"{rate:g}; above 0 and at most {FLOAT32_MAX:g} is needed"
                        )
        return self

    @model_validator(mode="after")
    def _the_papers_studies_can_be_compared_with_it(self) -> "Params":
        for dataset in self.training:
            studies = self.studies_of(dataset)
            for name in (PAPER_STUDY, CALIBRATION_STUDY):
                if name in studies and (refusal := _unlike_the_papers(name, studies[name])):
                    raise ValueError(f"studies.{name}: needs {refusal} (on {dataset})")
        return self

    @model_validator(mode="after")
    def _every_dataset_is_described(self) -> "Params":
        if HEADLINE_STUDY not in self.studies:
            raise ValueError(f"studies.{HEADLINE_STUDY} is missing; the headline figure draws it")
        for name in self.datasets:
            if not self.studies[HEADLINE_STUDY].applies_to(name):
                raise ValueError(f"studies.{HEADLINE_STUDY}.datasets lacks {name}; the headline figure draws it")
            for section in ("data", "training"):
                if name not in getattr(self, section):
                    raise ValueError(f"{section}.{name} is missing, and datasets lists {name}")
        for name, data in self.data.items():
            source = SOURCES[name]
            if source.test_images not in (0, data.test):
                its_own = f"{source.title} has a test set of its own, of {source.test_images} images"
                raise ValueError(f"data.{name}.test is {data.test}; {its_own}")
            count, classes = source.total, len(source.classes)
            if min(data.test, data.validation) < classes:
                raise ValueError(f"data.{name}: test and validation need an image of each class, {classes} or more")
            room = count - data.test - data.validation
            studies = self.studies_of(name) if name in self.training else {}
            need = max([classes, *(self.training_of(name, study).batch_size for study in studies)])
            if room < need:
                raise ValueError(
                    f"data.{name}: test ({data.test}) and validation ({data.validation}) leave {max(room, 0)} of "
                    f"{count} images to train on; needed for a mini-batch, or one of each class: {need}"
                )
        return self


def _unlike_the_papers(name: str, grid: Study) -> str:
    """What a study about the paper's figure needs to be compared with it, and has not; empty where it has all."""
    if len(grid.implementation) > 1 or grid.depth != [PAPER_DEPTH] or grid.momentum or grid.evaluations:
        return f"one implementation, depth [{PAPER_DEPTH}], no momentum and no evaluations"
    if name == PAPER_STUDY and (sorted(grid.normalization) != ["batch", "none"] or grid.crossed):
        return "both normalizations and no further factor"
    setting = {"pixels", "initial_stddev", "learning_rate"}
    if name == CALIBRATION_STUDY and (grid.normalization != ["none"] or set(grid.crossed) != setting):
        return "normalization [none], and as its further factors pixels, initial_stddev and learning_rate"
    return ""


def load(path: Path | None = None) -> Params:
    """Read and check params.yaml (the project's own unless `path` names another).

    Raises:
        BadInput: it cannot be read or holds what is not allowed; one line names the key, what was given and what is
            allowed.
    """
    return reading.read(path or paths.params(), Params)


def load_for(dataset: DatasetName, study: str | None = None) -> Params:
    """Read and check params.yaml, and that it describes a dataset and a study.

    Raises:
        BadInput: as `load`; or the dataset or the study is not in the file.
    """
    params = load()
    if dataset not in params.data or dataset not in params.training:
        raise BadInput(f"params.yaml: data.{dataset} or training.{dataset} is missing")
    if study is not None and study not in params.studies:
        raise BadInput(f"params.yaml: studies.{study} is missing; allowed: {', '.join(params.studies)}")
    return params
