"""params.yaml as typed objects: read once, checked whole, before any work starts."""

import math
import reprlib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bnrepro import paths
from bnrepro.data.registry import NAMES, SOURCES
from bnrepro.errors import BadInput
from bnrepro.study.choices import (
    Device,
    Implementation,
    Noise,
    Normalization,
    Numerics,
    Pixels,
    Placement,
    Updates,
)

HEADLINE_STUDY = "depth"  # the one that the headline figure draws
PAPER_STUDY = "paper"  # the one that is laid over the paper's Figure 1
CALIBRATION_STUDY = "calibration"  # the one that chooses its setting
PAPER_DEPTH = 3  # hidden layers of the network in that figure

# A study's factors that are columns of its tables only where it crosses them.
FURTHER = ("pixels", "initial_stddev", "activation", "placement", "momentum", "updates", "dropout", "noise")
DEFAULTS = {"activation": "sigmoid", "placement": "before", "updates": "run", "dropout": 0.0, "noise": "none"}

T = TypeVar("T")


def _distinct(values: list[T]) -> list[T]:
    # as the tables will show them: with six significant digits
    shown = {f"{value:.6g}" if isinstance(value, float) else value for value in values}
    if len(shown) < len(values):
        raise ValueError("every value may stand in the list once")
    return values


def _known(name: Any) -> Any:
    if name not in NAMES:
        raise ValueError(f"input should be one of {', '.join(map(repr, NAMES))}")
    return name


DatasetName = Annotated[str, BeforeValidator(_known)]
Several = Annotated[list[T], Field(min_length=1), AfterValidator(_distinct)]
Count = Annotated[int, Field(ge=1, le=10**9)]  # what is more is a slip, and overflows further on
Part = Annotated[int, Field(ge=10, le=10**9)]  # images; a stratified split needs one of each class
Units = Annotated[int, Field(ge=1, le=10_000)]
Seeds = Annotated[int, Field(ge=1, le=1_000)]
Depth = Annotated[int, Field(ge=1, le=1_000)]
MOST = 1e38  # what float32 holds
MOST_RUNS = 100_000  # of a study on a dataset: a slip in a grid multiplies, and nobody could wait for them
MOST_EVALUATIONS = 100_000  # of a run, all of which its record holds
MOST_IN_ONE_GO = 10**9  # training images between two evaluations, whose numbers are in memory at once
Positive = Annotated[float, Field(gt=0, le=MOST)]
Share = Annotated[float, Field(gt=0, lt=1)]
Momentum = Annotated[float, Field(ge=0, lt=1)]
Rate = Annotated[float, Field(ge=0, lt=1)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Data(Section):
    """What of a dataset's images the networks see, and how many are set apart."""

    pixels: Pixels
    test: Part
    validation: Part


class Network(Section):
    """What all networks of all studies share."""

    width: Units
    momentum: Momentum
    epsilon: Positive


class Training(Section):
    """How networks are trained on one dataset, and how a run is measured; `steps` are mini-batches."""

    steps: Count
    batch_size: Annotated[int, Field(ge=2, le=10**9)]  # the variance of one example is zero
    evaluate_every: Count
    learning_rate: Positive
    initial_stddev: Positive
    seeds: Seeds
    targets: Several[Share]

    @field_validator("evaluate_every")
    @classmethod
    def _evaluations_end_at_the_last_step(cls, value: int, info: ValidationInfo) -> int:
        steps = info.data.get("steps", 2 * value)  # not there where it was refused itself
        if steps % value:
            raise ValueError(f"has to divide steps ({steps})")
        if steps < 2 * value:
            raise ValueError(f"at most half of steps ({steps}): a target counts when reached twice in a row")
        if steps // value > MOST_EVALUATIONS:
            raise ValueError(f"a run of {steps} steps has {MOST_EVALUATIONS} evaluations at most")
        if value * info.data.get("batch_size", 1) > MOST_IN_ONE_GO:
            raise ValueError(f"times batch_size it is more than {MOST_IN_ONE_GO}, the images between two evaluations")
        return value


class Study(Section):
    """A grid: the factors to cross, each a list. What it does not name has one value, from the other sections.

    `learning_rate_times` multiplies the dataset's learning rate. `hold_out: true` trains without the images that are
    set apart, for what chooses by their accuracy. `datasets` narrows a study down; `seeds`, and by dataset and
    implementation `seeds_of`, say how many it runs.
    """

    implementation: Several[Implementation]
    normalization: Several[Normalization]
    depth: Several[Depth]
    pixels: Several[Pixels] | None = None
    initial_stddev: Several[Positive] | None = None
    activation: Several[Literal["sigmoid", "relu"]] | None = None
    placement: Several[Placement] | None = None
    momentum: Several[Momentum] | None = None
    updates: Several[Updates] | None = None
    dropout: Several[Rate] | None = None
    noise: Several[Noise] | None = None
    learning_rate: Several[Positive] | None = None
    learning_rate_times: Several[Positive] | None = None
    hold_out: bool = False
    datasets: Several[DatasetName] | None = None
    seeds: Seeds | None = None
    seeds_of: dict[DatasetName, dict[Implementation, Seeds]] | None = None

    def applies_to(self, dataset: DatasetName) -> bool:
        """Whether the study has runs on a dataset."""
        return self.datasets is None or dataset in self.datasets

    @property
    def crossed(self) -> list[str]:
        """The factors that a study names beyond those that all have to."""
        names = (*FURTHER, "learning_rate", "learning_rate_times")
        return [name for name in names if getattr(self, name) is not None]

    @model_validator(mode="after")
    def _what_is_named_can_be_built(self) -> "Study":
        if self.learning_rate and self.learning_rate_times:
            raise ValueError("learning_rate and learning_rate_times: one of the two")
        common: dict[str, list[Any]] = {
            "normalization": ["none", "batch"],
            **{name: [value] for name, value in DEFAULTS.items()},
        }
        common["updates"] = ["run", "omitted"]  # which is theirs alone
        for factor, values in common.items():
            beyond = [value for value in getattr(self, factor) or [] if value not in values]
            if beyond and self.implementation != ["keras"]:
                raise ValueError(f"{factor}: {beyond[0]} needs implementation [keras]; no other has it")
        return self


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

    def seeds(self, dataset: DatasetName, study: str, implementation: Implementation) -> int:
        """How many seeds a study runs of an implementation on a dataset: its own number, or the dataset's."""
        grid = self.studies[study]
        own = (grid.seeds_of or {}).get(dataset, {}).get(implementation)
        return own or grid.seeds or self.training[dataset].seeds

    def runs(self, dataset: DatasetName, study: str) -> int:
        """How many runs a study has on a dataset at most; some may be the same."""
        grid = self.studies[study]
        crossed = math.prod(len(getattr(grid, name)) for name in ("normalization", "depth", *grid.crossed))
        return crossed * sum(self.seeds(dataset, study, name) for name in grid.implementation)

    @model_validator(mode="after")
    def _grids_can_be_run(self) -> "Params":
        for dataset in self.training:
            for study, grid in self.studies.items():
                if grid.applies_to(dataset) and (runs := self.runs(dataset, study)) > MOST_RUNS:
                    raise ValueError(f"studies.{study}: {runs} runs on {dataset}; {MOST_RUNS} at most are allowed")
        return self

    @model_validator(mode="after")
    def _the_papers_studies_can_be_compared_with_it(self) -> "Params":
        paper, calibration = (self.studies.get(name) for name in (PAPER_STUDY, CALIBRATION_STUDY))
        for name, grid in ((PAPER_STUDY, paper), (CALIBRATION_STUDY, calibration)):
            if grid and (len(grid.implementation) > 1 or grid.depth != [PAPER_DEPTH] or grid.momentum):
                raise ValueError(f"studies.{name}: needs one implementation, depth [{PAPER_DEPTH}] and no momentum")
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
    def _multiples_are_learning_rates(self) -> "Params":
        for name, grid in self.studies.items():
            for dataset, training in self.training.items():
                for times in grid.learning_rate_times or []:
                    rate = times * training.learning_rate
                    if not 0 < rate <= MOST:
                        raise ValueError(
                            f"studies.{name}.learning_rate_times: {times:g} times training.{dataset}.learning_rate is "
                            f"{rate:g}; above 0 and at most {MOST:g} is needed"
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
            need = max(self.training[name].batch_size if name in self.training else 0, classes)
            if room < need:
                raise ValueError(
                    f"data.{name}: test ({data.test}) and validation ({data.validation}) leave {max(room, 0)} of "
                    f"{count} images to train on; needed for a mini-batch, or one of each class: {need}"
                )
        return self


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, where PyYAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys: list[Any] = []
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":  # `<<`: what it brings may be overridden
                continue
            key = self.construct_object(key_node, deep=True)
            if key in keys:
                mark = key_node.start_mark
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", mark)
            keys.append(key)
        return super().construct_mapping(node, deep)


def load(path: Path | None = None) -> Params:
    """Read and check params.yaml (the project's own unless `path` names another).

    Raises:
        BadInput: it cannot be read or holds what is not allowed; one line names the key, what was given and what is
            allowed.
    """
    path = path or paths.params()
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except OSError as error:
        raise BadInput(f"{path.name}: {error.strerror}") from error
    except Exception as error:  # PyYAML lets through whatever a malformed scalar makes Python raise
        reason = " ".join(str(error).split()).replace('"<unicode string>", ', "")
        raise BadInput(f"{path.name}: not readable as YAML: {reason}") from error
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        raise BadInput(f"{path.name}: {_one_line(error)}") from error


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


_PLAINLY = {  # where pydantic speaks of what only a programmer knows
    "model_type": "a mapping of keys to values is needed",
    "dict_type": "a mapping of keys to values is needed",
    "too_short": "one entry at least is needed",
}


def _one_line(error: ValidationError) -> str:
    details = error.errors(include_url=False)
    # a misspelt key is also a missing one, and says more
    first = next((detail for detail in details if detail["type"] == "extra_forbidden"), details[0])
    # pydantic's own marks in a location ("[key]") are of no use to whoever wrote the file
    key = ".".join(_printable(str(part)) for part in first["loc"] if part != "[key]")
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    value = first["input"]
    allowed = _PLAINLY.get(first["type"]) or first["msg"][0].lower() + first["msg"][1:]
    match first["type"]:
        case "missing":
            return f"{key}: missing{more}"
        case "extra_forbidden":
            return f"{key}: unknown key; allowed here: {', '.join(_fields(first['loc'][:-1]))}{more}"
        case "value_error":
            allowed = str(first["ctx"]["error"])
            if not key:  # of the file as a whole: it names its keys itself
                return f"{allowed}{more}"
        case "float_type" if isinstance(value, str):
            allowed += "; YAML takes 1e-3 for text, 1.0e-3 and 0.001 for numbers"
    try:
        given = "nothing" if value is None else f"{_printable(reprlib.repr(value))} ({type(value).__name__})"
    except ValueError:  # Python's limit for printing an int, and YAML's hexadecimal numbers know none
        given = "a number of thousands of digits"
    return f"{key or 'the file'}: {given} given; {allowed}{more}"


def _printable(text: str) -> str:
    text = text if text.isprintable() else repr(text)[1:-1]
    return text if len(text) <= 60 else text[:57] + "..."


def _fields(location: tuple[int | str, ...]) -> list[str]:
    """The keys allowed at a place in the file."""
    section: Any = Params
    nested = {"data": Data, "training": Training, "studies": Study, "network": Network}
    if location:
        section = nested.get(str(location[0]), Params)
    return sorted(section.model_fields)
