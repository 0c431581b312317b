"""params.yaml as typed objects: read once, checked whole, before any work starts."""

import math
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)

from bnrepro import paths
from bnrepro.data.registry import NAMES, SOURCES
from bnrepro.errors import BadInput
from bnrepro.study import reading
from bnrepro.study.factors import (
    FACTORS,
    FLOAT32_MAX,
    MAX_EVALUATIONS,
    OPTIONAL,
    BatchSize,
    Count,
    Device,
    Evaluations,
    Factor,
    Implementation,
    Momentum,
    Numerics,
    Pixels,
    Positive,
    Seed,
    Units,
)

HEADLINE_STUDY = "depth"  # the one that the headline figure draws
PAPER_STUDY = "paper"  # the one that is laid over the paper's Figure 1
CALIBRATION_STUDY = "calibration"  # the one that chooses its setting
PAPER_DEPTH = 3  # hidden layers of the network in that figure

MAX_RUNS = 100_000  # of a study on a dataset: a slip in a grid multiplies, and nobody could wait for them
MAX_IMAGES = 10**9  # that a run trains on; their numbers between two evaluations are in memory at once

T = TypeVar("T")


def _distinct(values: list[T]) -> list[T]:
    # as the tables will show them: with six significant digits
    shown = {f"{value:.6g}" if isinstance(value, float) else value for value in values}
    if len(shown) < len(values):
        raise ValueError("every value may stand in the list once")
    return values


def _listed(name: Any) -> Any:
    if name not in NAMES:
        raise ValueError(f"input should be one of {', '.join(map(repr, NAMES))}")
    return name


DatasetName = Annotated[str, BeforeValidator(_listed)]
Several = Annotated[list[T], Field(min_length=1), AfterValidator(_distinct)]
Seeds = Annotated[int, Field(ge=1, le=1_000)]
Share = Annotated[float, Field(gt=0, lt=1)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


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


def _study_field(about: Factor) -> Any:
    """The type and default of a factor's key in a study."""
    choices = about.values or about.kind
    listed: Any = Several[choices]  # type: ignore[valid-type]
    if about.named == "once":
        return (about.kind, about.default) if isinstance(about.default, bool) else (about.kind | None, None)
    return (listed, ...) if about.named == "required" else (listed | None, None)


_Factors = create_model(
    "_Factors",
    __base__=Section,
    **{name: _study_field(about) for name, about in FACTORS.items() if about.named != "never"},
)


def _by_implementation_or_of_all(value: Any) -> Any:
    kind: Any = SeedsByImplementation if isinstance(value, dict) else Seeds
    return TypeAdapter(kind).validate_python(value, strict=True)


SeedsByImplementation = Annotated[dict[Implementation, Seeds], Field(min_length=1)]
# By a validator of its own: a refused union would be refused twice, and name its types to whoever wrote the file.
SeedsOf = Annotated[Seeds | SeedsByImplementation, PlainValidator(_by_implementation_or_of_all)]


class OnADataset(Section):
    """What a study does otherwise on one dataset."""

    steps: Count | None = None
    evaluate_every: Count | None = None
    evaluations: Evaluations | None = None
    batch_size: BatchSize | None = None
    width: Units | None = None
    seeds: SeedsOf | None = None


class Study(_Factors):  # type: ignore[misc, valid-type]  # made above, from the table
    """A grid: factors to cross, each a list, and settings of all its runs. It takes all else from the other sections.

    `learning_rate_times` multiplies the dataset's learning rate. `hold_out: true` trains without the images that are
    set apart, for what chooses by their accuracy. `datasets` narrows a study down. `seeds` says how many it runs, from
    `first_seed` on. `of` has what it does otherwise on a dataset.
    """

    learning_rate_times: Several[Positive] | None = None
    datasets: Several[DatasetName] | None = None
    seeds: SeedsOf | None = None
    first_seed: Seed | None = None
    of: dict[DatasetName, OnADataset] = Field(default_factory=dict)

    def applies_to(self, dataset: DatasetName) -> bool:
        """Whether the study has runs on a dataset."""
        return self.datasets is None or dataset in self.datasets

    @property
    def lists(self) -> dict[str, list[Any]]:
        """The factors that the study crosses, by name; the last varies fastest, as in the committed tables."""
        named = [name for name in FACTORS if FACTORS[name].named in ("required", "optional") and self._names(name)]
        order = sorted(named, key=lambda name: (name == "learning_rate", FACTORS[name].default is not ...))
        return {name: getattr(self, name) for name in order}

    def once(self, dataset: DatasetName) -> dict[str, Any]:
        """The settings that all runs of the study have on a dataset, by name."""
        of_all = {name: getattr(self, name) for name in FACTORS if FACTORS[name].named == "once" and self._names(name)}
        own = self.of[dataset].model_dump(exclude_none=True, exclude={"seeds"}) if dataset in self.of else {}
        return of_all | own

    @property
    def crossed(self) -> list[str]:
        """The factors beyond those of every study by which this one tells its series apart."""
        return [name for name in (*OPTIONAL, "learning_rate", "learning_rate_times") if self._names(name)]

    def _names(self, key: str) -> bool:
        return getattr(self, key) is not None

    @model_validator(mode="after")
    def _what_is_named_can_be_built(self) -> "Study":
        if self.learning_rate and self.learning_rate_times:
            raise ValueError("learning_rate and learning_rate_times: one of the two")
        for name, values in self.lists.items():
            buildable = FACTORS[name].estimators
            beyond = [value for value in values if buildable is not None and value not in buildable]
            if beyond and self.implementation != ["keras"]:
                raise ValueError(f"{name}: {beyond[0]} needs implementation [keras]; no other has it")
        return self


StudyName = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]  # a `-` can collide in DVC's matrix


class Params(Section):
    """The whole of params.yaml."""

    datasets: Several[DatasetName]
    first_seed: Seed
    device: Device
    tf32: bool
    numerics: Numerics
    data: dict[DatasetName, Data]
    network: Network
    training: dict[DatasetName, Training]
    studies: Annotated[dict[StudyName, Study], Field(min_length=1)]

    def seeds(self, dataset: DatasetName, study: str, implementation: Implementation) -> range:
        """The seeds that a study runs of an implementation on a dataset."""
        grid = self.studies[study]
        first = self.first_seed if grid.first_seed is None else grid.first_seed
        counts = (grid.of[dataset].seeds if dataset in grid.of else None, grid.seeds, self.training[dataset].seeds)
        of_this = (count.get(implementation) if isinstance(count, dict) else count for count in counts)
        return range(first, first + next(filter(None, of_this)))

    def usual(self, dataset: DatasetName) -> dict[str, Any]:
        """The settings of a run on a dataset, by name, where no study says otherwise; without those of the device."""
        sections = (self.data[dataset], self.network, self.training[dataset], self)
        return {name: value for section in sections for name, value in section if name in FACTORS and name != "device"}

    def training_of(self, dataset: DatasetName, study: str) -> Training:
        """How a study trains on a dataset: as all studies do, but for what it sets itself."""
        once = self.studies[study].once(dataset)
        overrides = {name: value for name, value in once.items() if name in Training.model_fields}
        return self.training[dataset].model_copy(update=overrides)

    def runs(self, dataset: DatasetName, study: str) -> int:
        """How many runs a study has on a dataset at most; some may be the same."""
        grid = self.studies[study]
        lists = [*grid.lists.values(), grid.learning_rate_times or [1.0]]
        seeds = sum(len(self.seeds(dataset, study, name)) for name in grid.implementation)
        return math.prod(map(len, lists)) // len(grid.implementation) * seeds

    @model_validator(mode="after")
    def _studies_can_be_run(self) -> "Params":
        for dataset in self.training:
            for study, grid in self.studies.items():
                if not grid.applies_to(dataset):
                    continue
                if (runs := self.runs(dataset, study)) > MAX_RUNS:
                    raise ValueError(f"studies.{study}: {runs} runs on {dataset}; {MAX_RUNS} at most are allowed")
                training, evaluations = self.training_of(dataset, study), grid.once(dataset).get("evaluations")
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
        paper, calibration = (self.studies.get(name) for name in (PAPER_STUDY, CALIBRATION_STUDY))
        for name, grid in ((PAPER_STUDY, paper), (CALIBRATION_STUDY, calibration)):
            if not grid:
                continue
            if len(grid.implementation) > 1 or grid.depth != [PAPER_DEPTH] or grid.momentum or grid.evaluations:
                needed = f"one implementation, depth [{PAPER_DEPTH}], no momentum and no evaluations"
                raise ValueError(f"studies.{name}: needs {needed}")
        if paper and (sorted(paper.normalization) != ["batch", "none"] or paper.crossed):
            raise ValueError(f"studies.{PAPER_STUDY}: needs both normalizations and no further factor")
        setting = {"pixels", "initial_stddev", "learning_rate"}
        if calibration and (calibration.normalization != ["none"] or set(calibration.crossed) != setting):
            raise ValueError(
                f"studies.{CALIBRATION_STUDY}: needs normalization [none], and as its further factors "
                "pixels, initial_stddev and learning_rate"
            )
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
            studies = [study for study, grid in self.studies.items() if name in self.training and grid.applies_to(name)]
            need = max([classes, *(self.training_of(name, study).batch_size for study in studies)])
            if room < need:
                raise ValueError(
                    f"data.{name}: test ({data.test}) and validation ({data.validation}) leave {max(room, 0)} of "
                    f"{count} images to train on; needed for a mini-batch, or one of each class: {need}"
                )
        return self


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
