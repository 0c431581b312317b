"""The table of factors: every setting of a run, described once.

A factor is a field of `RunSpec`. Its type says what it may be. `factor(...)` says the rest: its default, which runs
have it, how a study names it, what readers are told. From the table follow the schema of params.yaml (`params`), the
specs of a grid, the columns of tables, the identity of a series, names in MLflow, and what a program may vary.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from types import NoneType
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_type_hints

from pydantic import ConfigDict, Field

DatasetName = str  # of those in `bnrepro.data.registry`, which is not imported here: a new one changes no run
Implementation = Literal["keras", "canned_estimator", "keras_estimator", "core_estimator", "converted_estimator"]
Normalization = Literal["none", "batch", "layer", "weight", "self"]
Kind = Literal["dense", "inception"]
Skip = Literal["none", "identity", "scaled"]
Pixels = Literal["binary", "grey"]
Activation = Literal["sigmoid", "relu", "selu"]
Placement = Literal["before", "after"]  # of batch normalization: before the nonlinearity, or after it
Updates = Literal["run", "omitted"]  # of the moving averages, in custom estimators
Noise = Literal["none", "steady", "shifting", "drifting"]
InitialScheme = Literal["gaussian", "lecun", "glorot", "glorot_x4", "he"]
InitialWeights = float | InitialScheme | None  # as of `RunSpec.initial_weights`
Optimizer = Literal["sgd", "momentum", "adam"]
Device = Literal["cpu", "gpu", "auto"]
Resolved = Literal["cpu", "gpu"]  # what `auto` stands for on a machine
Numerics = Literal["portable", "fast"]

FLOAT32_MAX = 1e38  # rounded down
MAX_EVALUATIONS = 100_000  # of a run, all of which its record holds
Count = Annotated[int, Field(ge=1, le=10**9)]  # more is a slip, and overflows later
BatchSize = Annotated[int, Field(ge=2, le=10**9)]  # the variance of one example is zero
Units = Annotated[int, Field(ge=1, le=10_000)]
Depth = Annotated[int, Field(ge=1, le=1_000)]
Positive = Annotated[float, Field(gt=0, le=FLOAT32_MAX)]
Momentum = Annotated[float, Field(ge=0, lt=1)]
Rate = Annotated[float, Field(ge=0, lt=1)]
Decay = Annotated[float, Field(gt=0, le=1)]
Seed = Annotated[int, Field(ge=0, le=10**9)]
Evaluations = Annotated[int, Field(ge=2, le=MAX_EVALUATIONS)]


@dataclass(frozen=True)
class Factor:
    """What the table says of a factor.

    Attributes:
        named: how a study of params.yaml names it: a list of values to cross, which every study has (`required`) or
            may have (`optional`); one value for all its runs (`once`); or not (`never`).
        estimators: the values that all implementations can build; any other needs the Keras model. None: all values.
        values: what a study may list, where the factor's type allows more. None: its type.
        needs: by another factor, its values with which a run has this one. Other runs have None; where the type allows
            no None, the default.
        fixed: by another factor and its value, the value that this one then has whatever is asked for.
        column: whether tables tell series apart by it. Those of a study share all others.
        within_program: whether runs that a compiled loop serves one after the other may differ in it, and so runs of a
            stack.
        within_stack: whether runs of a stack, which train together, may differ in it though.
        words: what a reader is told, by value; of any other value the factor's name and the value.
        label: of an axis or a column; empty: the factor's name.
        name, kind, nullable, default: of the field; its type without None, and whether it allows None. `...`: it has no
            default.
    """

    named: Literal["required", "optional", "once", "never"] = "never"
    estimators: tuple[Any, ...] | None = None
    values: Any = None
    needs: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    fixed: Mapping[tuple[str, Any], Any] = field(default_factory=dict)
    column: bool = True
    within_program: bool = False
    within_stack: bool = False
    words: Mapping[Any, str] = field(default_factory=dict)
    label: str = ""
    name: str = ""
    kind: Any = None
    nullable: bool = False
    default: Any = ...

    def fix(self, value: Any, settings: Mapping[str, Any]) -> Any:
        """The value, or the one that other settings fix."""
        return next((then for (other, at), then in self.fixed.items() if settings.get(other) == at), value)

    def drop(self, value: Any, settings: Mapping[str, Any]) -> Any:
        """The value, or what a run without this factor has instead."""
        if all(settings.get(other) in allowed for other, allowed in self.needs.items()):
            return value
        return None if self.nullable else self.default

    @property
    def title(self) -> str:
        """The factor, for an axis or the head of a column."""
        return self.label or self.name.replace("_", " ")

    def tell(self, value: Any) -> str:
        """The factor at a value, for a reader."""
        return self.words.get(value) or f"{self.name.replace('_', ' ')} {self.tell_value(value)}"

    def tell_value(self, value: Any) -> str:
        """A value, for a reader who knows of which factor; `–` where the factor does not apply."""
        if value is None or value != value:
            return "–"
        return self.words.get(value) or (f"{value:g}" if isinstance(value, float) else str(value))


def factor(default: Any = ..., **about: Any) -> Any:
    """A field of `RunSpec`; `about`: attributes of `Factor`."""
    metadata = {"factor": Factor(default=default, **about)}
    return field(metadata=metadata) if default is ... else field(default=default, metadata=metadata)


_BATCH = {"normalization": ("batch",)}
_WITH_SKIPS = [("skip", "identity"), ("skip", "scaled")]
_CANNED = ("implementation", "canned_estimator")  # it lets nobody choose some settings (networks/canned_estimator.py)


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """Everything about a run that is chosen. Units: `steps` and `evaluate_every` are mini-batches.

    A spec holds only what its run has, whatever it is made from: a setting that does not apply is None, and one that
    another setting fixes has that value. So runs that cannot differ are equal. Columns of tables stand in this order.

    Attributes:
        learning_rate: at the first step.
        initial_scheme: of the weights' start: `gaussian`, from a normal distribution of `initial_stddev`; or scaled by
            their number (`bnrepro.networks.layers.deviation`). None: as ReLU and SELU need it.
        initial_stddev: None where weights are scaled by their number.
        decay: share of the learning rate that is left at the last step, reached exponentially; 1: it is constant.
        hold_out: train without the images that are set apart, and measure on them.
        evaluations: how many evaluations a run has, dense at first and thinning out geometrically, each at a multiple
            of `evaluate_every`; None: one at every multiple.
        tf32: whether a GPU rounds what it multiplies to ten bits.
    """

    __pydantic_config__: ClassVar = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)  # of one in a record

    dataset: DatasetName = factor(column=False)
    implementation: Implementation = factor(
        named="required",
        words={
            "keras": "Keras model",
            "canned_estimator": "canned estimator",
            "keras_estimator": "estimator, Keras layers",
            "core_estimator": "estimator, core TensorFlow",
            "converted_estimator": "estimator, converted Keras model",
        },
    )
    normalization: Normalization = factor(
        named="required",
        estimators=("none", "batch"),
        words={"none": "no normalization", "self": "self-normalizing"}
        | {name: f"{name} normalization" for name in ("batch", "layer", "weight")},
    )
    depth: Depth = factor(named="required", label="hidden layers")
    kind: Kind = factor(
        "dense",
        named="optional",
        estimators=("dense",),
        needs={"normalization": ("none", "batch")},
        words={"dense": "dense network", "inception": "Inception modules"},
        label="kind of network",
    )
    skip: Skip = factor(
        "none",
        named="optional",
        estimators=("none",),
        needs={"kind": ("dense",), "normalization": ("none", "batch")},
        words={"none": "no skip connections", "identity": "skip connections", "scaled": "scaled skip connections"},
        label="skip connections",
    )
    learning_rate: Positive = factor(named="optional", within_program=True)
    pixels: Pixels = factor(
        named="optional", within_stack=True, words={"binary": "binary pixels", "grey": "grey pixels"}
    )
    initial_stddev: Positive | None = factor(
        named="optional",
        needs={"activation": ("sigmoid",), "initial_scheme": ("gaussian",)},
        within_program=True,
        label="standard deviation of the initial weights",
    )
    initial_scheme: InitialScheme | None = factor(
        "gaussian",
        named="optional",
        needs={"activation": ("sigmoid",)},
        within_program=True,
        label="initial weights",
        words={
            "gaussian": "small Gaussian initial weights",
            "lecun": "LeCun's initial weights",
            "glorot": "Glorot's initial weights",
            "glorot_x4": "Glorot's initial weights times 4",
            "he": "He's initial weights",
        },
    )
    activation: Activation = factor(
        "sigmoid",
        named="optional",
        estimators=("sigmoid",),
        values=Literal["sigmoid", "relu"],
        fixed={("normalization", "self"): "selu"},
        words={"sigmoid": "sigmoid units", "relu": "ReLU units", "selu": "SELU units"},
    )
    placement: Placement | None = factor(
        "before",
        named="optional",
        estimators=("before",),
        needs=_BATCH,
        fixed={_CANNED: "after", ("kind", "inception"): "before"} | dict.fromkeys(_WITH_SKIPS, "before"),
        words={"before": "before the nonlinearity", "after": "after the nonlinearity"},
        label="place of batch normalization",
    )
    momentum: Momentum | None = factor(
        named="optional",
        needs=_BATCH,
        fixed={_CANNED: 0.999},
        within_stack=True,
        label="momentum of the moving averages",
    )
    updates: Updates | None = factor(
        "run",
        named="optional",
        needs=_BATCH | {"implementation": ("keras_estimator", "core_estimator", "converted_estimator")},
        fixed={("implementation", "converted_estimator"): "run"},  # the conversion sees to it
        label="updates of the moving averages",
    )
    dropout: Rate = factor(0.0, named="optional", estimators=(0.0,), needs={"skip": ("none",)})
    noise: Noise = factor(
        "none",
        named="optional",
        estimators=("none",),
        needs={"normalization": ("none", "batch"), "kind": ("dense",), "skip": ("none",)},
        words={"none": "no noise"} | {name: f"{name} noise" for name in ("steady", "shifting", "drifting")},
        label="noise before the nonlinearity",
    )
    l2: Rate = factor(
        0.0, named="optional", needs={"kind": ("inception",)}, estimators=(0.0,), label="L2 regularization"
    )
    optimizer: Optimizer = factor(
        "sgd",
        named="optional",
        estimators=("sgd",),
        words={"sgd": "SGD", "momentum": "SGD with momentum", "adam": "Adam"},
    )
    decay: Decay = factor(
        1.0,
        named="optional",
        estimators=(1.0,),
        within_program=True,
        label="share of the learning rate left at the end",
    )
    batch_size: BatchSize = factor(named="once")
    width: Units = factor(named="once", column=False)
    epsilon: Positive | None = factor(needs={"normalization": ("batch", "layer")}, fixed={_CANNED: 0.001}, column=False)
    hold_out: bool = factor(False, named="once", column=False, words={True: "images held out"})
    steps: Count = factor(named="once", column=False)
    evaluate_every: Count = factor(named="once", column=False)
    evaluations: Evaluations | None = factor(None, named="once", column=False)
    device: Resolved = factor("cpu", column=False, words={"gpu": "GPU"})
    tf32: bool | None = factor(needs={"device": ("gpu",)}, column=False)
    numerics: Numerics = factor(fixed={("device", "gpu"): "fast"}, column=False)  # a GPU promises no bits
    seed: Seed = factor(column=False, within_program=True)

    def __post_init__(self) -> None:
        asked = dict(vars(self))
        fixed = {name: about.fix(asked[name], asked) for name, about in FACTORS.items()}
        for name, about in FACTORS.items():
            object.__setattr__(self, name, about.drop(fixed[name], fixed))

    @property
    def program(self) -> "RunSpec":
        """What the runs that a compiled loop serves share: all but seed, learning rate, its decay, initial weights."""
        return self._without(name for name, about in FACTORS.items() if about.within_program)

    @property
    def stack(self) -> "RunSpec":
        """What the runs of a stack share: what those of a program do, but for pixels and the averages' momentum."""
        return self._without(name for name, about in FACTORS.items() if about.within_program or about.within_stack)

    @property
    def initial_weights(self) -> InitialWeights:
        """The start of the weights: their standard deviation, or the scheme that gives it; None: the activation's."""
        return self.initial_stddev if self.initial_scheme == "gaussian" else self.initial_scheme

    def _without(self, names: Iterable[str]) -> "RunSpec":
        nothing: dict[str, Any] = {name: None if FACTORS[name].nullable else 0 for name in names}
        return replace(self, **nothing)

    def __str__(self) -> str:
        return (
            f"{self.dataset} {self.implementation} {self.normalization} depth {self.depth} "
            f"learning rate {self.learning_rate:g} seed {self.seed}"
        )


def _table() -> dict[str, Factor]:
    kinds = get_type_hints(RunSpec, include_extras=True)
    table = {}
    for one in fields(RunSpec):
        choices = get_args(kinds[one.name])
        nullable = NoneType in choices
        kind = Union[tuple(kind for kind in choices if kind is not NoneType)] if nullable else kinds[one.name]  # noqa: UP007
        about = one.metadata["factor"]
        table[one.name] = replace(about, name=one.name, kind=kind, nullable=nullable)
    return table


FACTORS = _table()
# The columns by which all tables tell series apart, beside `study`; and those of tables with a study that names them.
COLUMNS = ["implementation", "normalization", "depth", "learning_rate"]
OPTIONAL = [name for name, about in FACTORS.items() if about.column and name not in COLUMNS]
# What a network without normalization lacks, so that it is the baseline of any value.
OF_A_NORMALIZATION = [name for name in OPTIONAL if "none" not in FACTORS[name].needs.get("normalization", ("none",))]


def settings(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A spec, by name, without factors that its run does not have or has at their default.

    So a new factor leaves the settings of earlier runs as they are.
    """
    return {name: value for name, value in spec.items() if value is not None and value != FACTORS[name].default}


def unusual(spec: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a spec that are neither usual nor follow from its others.

    Args:
        spec: by name; what it lacks is taken for usual.
        usual: what params.yaml says for all studies (`params.Params.usual`); any other factor's default is usual.
    """
    found = {}
    for name, about in FACTORS.items():
        expected = about.fix(usual.get(name, about.default), spec)
        expected = about.drop(expected, spec)
        if expected is not ... and spec.get(name, expected) != expected:
            found[name] = spec[name]
    return found
