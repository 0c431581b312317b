"""A study of params.yaml: a grid, with keys from the table of factors, and what it does otherwise on a dataset."""

from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    create_model,
    model_validator,
)

from bnrepro.data.registry import NAMES
from bnrepro.study.factors import FACTORS, OPTIONAL, Factor, Implementation, Positive, Seed

_RATES = ("learning_rate", "learning_rate_times")  # a study names one of them at most

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


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _by_implementation_or_of_all(value: Any) -> Any:
    kind: Any = SeedsByImplementation if isinstance(value, dict) else Seeds
    return TypeAdapter(kind).validate_python(value, strict=True)


SeedsByImplementation = Annotated[dict[Implementation, Seeds], Field(min_length=1)]
# By a validator of its own: a refused union would be refused twice, and name its types to whoever wrote the file.
SeedsOf = Annotated[Seeds | SeedsByImplementation, PlainValidator(_by_implementation_or_of_all)]


def _key(about: Factor, default: Any) -> Any:
    """The type and default of a factor's key."""
    choices: Any = about.values or about.kind
    kind = choices if about.named == "once" else Several[choices]
    return (kind | None if default is None else kind, default)


_NAMED = {name: about for name, about in FACTORS.items() if about.named != "never"}
_Optional = create_model("_Optional", __base__=Section, **{name: _key(about, None) for name, about in _NAMED.items()})


class OnADataset(_Optional):  # type: ignore[misc, valid-type]
    """What a study does otherwise on one dataset: any of its keys but `datasets` and `of`."""

    learning_rate_times: Several[Positive] | None = None
    seeds: SeedsOf | None = None
    first_seed: Seed | None = None


_Required = create_model(
    "_Required",
    __base__=OnADataset,
    **{
        name: _key(about, about.default)
        for name, about in _NAMED.items()
        if about.named == "required" or about.kind is bool
    },
)


class Study(_Required):  # type: ignore[misc, valid-type]
    """A grid: factors to cross, each a list, and settings of all its runs. It takes all else from the other sections.

    `learning_rate_times` multiplies the dataset's learning rate. `hold_out: true` trains without the images that are
    set apart, for what chooses by their accuracy. `datasets` narrows a study down. `seeds` says how many it runs, from
    `first_seed` on. `of` has what it does otherwise on a dataset.
    """

    datasets: Several[DatasetName] | None = None
    of: dict[DatasetName, OnADataset] = Field(default_factory=dict)

    def applies_to(self, dataset: DatasetName) -> bool:
        """Whether the study has runs on a dataset."""
        return self.datasets is None or dataset in self.datasets

    def on(self, dataset: DatasetName) -> "Study":
        """The study as it is on a dataset, with an empty `of`."""
        own = self.of[dataset].model_dump(exclude_none=True) if dataset in self.of else {}
        rates = dict.fromkeys(_RATES) if own.keys() & _RATES else {}  # one of the two replaces the other
        return self.model_copy(update={**rates, **own, "of": {}})

    @property
    def lists(self) -> dict[str, list[Any]]:
        """The factors that the study crosses, by name; the last varies fastest, as in the committed tables."""
        named = [name for name in FACTORS if FACTORS[name].named in ("required", "optional") and self._names(name)]
        order = sorted(named, key=lambda name: (name == "learning_rate", FACTORS[name].default is not ...))
        return {name: getattr(self, name) for name in order}

    @property
    def once(self) -> dict[str, Any]:
        """The settings that all runs of the study have, by name."""
        return {name: getattr(self, name) for name in FACTORS if FACTORS[name].named == "once" and self._names(name)}

    @property
    def crossed(self) -> list[str]:
        """The factors beyond those of every study by which this one tells its series apart."""
        return [name for name in (*OPTIONAL, *_RATES) if self._names(name)]

    def _names(self, key: str) -> bool:
        return getattr(self, key) is not None

    @model_validator(mode="after")
    def _what_is_named_can_be_built(self) -> "Study":
        for where, study in {"": self, **{f"of.{dataset}: ": self.on(dataset) for dataset in self.of}}.items():
            if study.learning_rate and study.learning_rate_times:
                raise ValueError(f"{where}{' and '.join(_RATES)}: one of the two")
            for name, values in study.lists.items():
                buildable = FACTORS[name].estimators
                beyond = [value for value in values if buildable is not None and value not in buildable]
                if beyond and study.implementation != ["keras"]:
                    raise ValueError(f"{where}{name}: {beyond[0]} needs implementation [keras]; no other has it")
        return self
