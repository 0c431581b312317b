"""Which code trains and measures a run: decided here alone, by the run's spec. Modules are named, and not imported."""

from bnrepro.study.factors import RunSpec

STACKED_LOOP = "bnrepro.training.stacked_loop"
_STACK = "bnrepro.training.stack"
_LESSON, _VARIANTS = "bnrepro.networks.dense", "bnrepro.networks.variants.dense"


def modules_of(spec: RunSpec) -> list[str]:
    """The modules that a run goes through and that no other module imports."""
    return [_STACK if trains_in_stacks(spec) else loop_of(spec), network_of(spec), measured_as(spec)]


def trains_in_stacks(spec: RunSpec) -> bool:
    """Whether a run is trained in a stack, be it alone in its own."""
    return spec.device == "gpu" and spec.implementation == "keras"


def loop_of(spec: RunSpec) -> str:
    """The module of the loop that trains a run."""
    if trains_in_stacks(spec):
        return STACKED_LOOP
    return f"bnrepro.training.{'compiled' if spec.implementation == 'keras' else 'estimator'}_loop"


def network_of(spec: RunSpec) -> str:
    """The module that has a run's network as its user writes it: `build_model` or `build_estimator`."""
    return keras_model_of(spec) if spec.implementation == "keras" else f"bnrepro.networks.{spec.implementation}"


def keras_model_of(spec: RunSpec) -> str:
    """The module that has a run's network as a Keras model (`build_model`), whatever its implementation is."""
    if special := _special(spec):
        return f"bnrepro.networks.{special}"
    return "bnrepro.networks.keras" if _in_lesson(spec) and spec.placement != "after" else _VARIANTS


def measured_as(spec: RunSpec) -> str:
    """The module that has a run's network as a pure function (`network`), by which it is measured and stacked."""
    if special := _special(spec):
        return f"bnrepro.networks.variants.{special}"
    return _LESSON if _in_lesson(spec) else _VARIANTS


def _special(spec: RunSpec) -> str:
    """The module, in both rooms, of a network with a file of its own beside the lesson's; empty for any other."""
    return spec.kind if spec.kind != "dense" else "residual" if spec.skip != "none" else ""


def _in_lesson(spec: RunSpec) -> bool:
    """Whether the network is one that the files of the lesson write."""
    plain = spec.activation == "sigmoid" and spec.noise == "none" and not spec.dropout
    return spec.normalization in ("none", "batch") and plain
