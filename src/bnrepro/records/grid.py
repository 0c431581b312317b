"""A study's grid, expanded to run specs."""

import itertools
from collections.abc import Sequence
from typing import Any

from bnrepro import device
from bnrepro.study.choices import DatasetName, Resolved
from bnrepro.study.params import DEFAULTS, Params
from bnrepro.study.spec import RunSpec

_REAL = ("initial_stddev", "momentum", "dropout", "learning_rate")  # YAML may write them without a point
# The canned estimator lets nobody choose these two (networks/canned_estimator.py).
_CANNED = {"placement": "after", "momentum": 0.999, "epsilon": 0.001}
_SEE_TO_UPDATES = ("keras_estimator", "core_estimator")


def expand(params: Params, dataset: DatasetName, study: str, on: Resolved | None = None) -> list[RunSpec]:
    """The runs of a study on a dataset, seeds innermost. There are none where the study does not apply.

    Args:
        on: the device; None: what `device` stands for here.

    Raises:
        Failed: a GPU is asked for, and there is none here.
    """
    grid, training = params.studies[study], params.training[dataset]
    if not grid.applies_to(dataset):
        return []
    rates = grid.learning_rate or [training.learning_rate * times for times in grid.learning_rate_times or [1.0]]
    factors: dict[str, Sequence[Any]] = {
        "implementation": grid.implementation,
        "normalization": grid.normalization,
        "depth": grid.depth,
        "pixels": grid.pixels or [params.data[dataset].pixels],
        "initial_stddev": grid.initial_stddev or [training.initial_stddev],
        "momentum": grid.momentum or [params.network.momentum],
        **{name: getattr(grid, name) or [default] for name, default in DEFAULTS.items()},
        "learning_rate": rates,
    }
    common = {
        "dataset": dataset,
        "steps": training.steps,
        "batch_size": training.batch_size,
        "evaluate_every": training.evaluate_every,
        "width": params.network.width,
        "epsilon": params.network.epsilon,
        "hold_out": grid.hold_out,
        **_arithmetic(params, on or device.resolve(params.device)),
    }
    specs: dict[RunSpec, None] = {}  # runs that do not differ, as by the momentum of averages that they lack, are one
    for values in itertools.product(*factors.values()):
        settings = _applicable(common | dict(zip(factors, values, strict=True)))
        for seed in range(params.seeds(dataset, study, settings["implementation"])):
            specs[RunSpec(seed=seed, **settings)] = None
    return list(specs)


def recorded_on(params: Params, found: Resolved) -> Resolved:
    """The device that recorded runs have to be of: with `auto` that on which they were `found`."""
    return found if params.device == "auto" else params.device


def _arithmetic(params: Params, on: Resolved) -> dict[str, Any]:
    """What computes. A GPU's numbers are its own: what is asked of a processor's plays no part in them."""
    if on == "gpu":
        return {"device": on, "tf32": params.tf32, "numerics": "fast"}
    return {"device": on, "tf32": None, "numerics": params.numerics}


def _applicable(settings: dict[str, Any]) -> dict[str, Any]:
    """A run's settings, without those of what it does not have, and with those that an implementation fixes."""
    settings = {name: float(value) if name in _REAL else value for name, value in settings.items()}
    normalization, implementation = settings["normalization"], settings["implementation"]
    if normalization == "self":
        settings["activation"] = "selu"
    if settings["activation"] != "sigmoid":
        settings["initial_stddev"] = None
    if normalization != "batch":
        settings |= {"placement": None, "momentum": None, "noise": "none"}
        settings["epsilon"] = settings["epsilon"] if normalization == "layer" else None
    elif implementation == "canned_estimator":
        settings |= _CANNED
    if normalization != "batch" or implementation not in _SEE_TO_UPDATES:
        settings["updates"] = None
    return settings
