"""A study's grid, expanded to run specs; a spec, the data and the code together are a run's fingerprint."""

import hashlib
import importlib.metadata
import itertools
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from bnrepro import device, source
from bnrepro.choices import DatasetName, Implementation
from bnrepro.device import Resolved
from bnrepro.params import DEFAULTS, Params
from bnrepro.training.implementations import loop_of, network_of
from bnrepro.training.spec import RunSpec

NUMERICAL_LIBRARIES = ("tensorflow", "tensorflow-estimator", "tf-keras", "numpy")
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


def fingerprint(spec: RunSpec, data_digest: str) -> str:
    """The name of a run's record: SHA-256 (hex) over spec, data, numerical code and the versions it runs on."""
    content = {
        "spec": asdict(spec),
        "data": data_digest,
        "code": code_digest(spec.implementation, spec.device),
        "versions": numerical_versions(),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def numerical_versions() -> dict[str, str]:
    """The versions of the libraries that decide a run's bits."""
    return {name: importlib.metadata.version(name) for name in NUMERICAL_LIBRARIES}


@cache
def code_digest(implementation: Implementation, device: Resolved) -> str:
    """SHA-256 (hex) over the code that a run of this implementation goes through: what `source.syntax` has of it."""
    hashing = hashlib.sha256()
    for file in code(implementation, device):
        name = file.relative_to(source.PACKAGE).as_posix()
        hashing.update(f"{name}\n{source.syntax(file)}\n".encode())
    return hashing.hexdigest()


def code(implementation: Implementation, device: Resolved) -> list[Path]:
    """The files of this package that training imports: the network, the loop, what measures, and what these import."""
    return sorted(source.closure(["bnrepro.training.run", loop_of(implementation, device), network_of(implementation)]))
