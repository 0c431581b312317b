"""A study's grid, expanded to run specs; a spec, the data and the code together are a run's fingerprint."""

import ast
import hashlib
import importlib.metadata
import itertools
import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import bnrepro
from bnrepro.params import DatasetName, Params
from bnrepro.training.spec import RunSpec

# What every run's numbers come from, beside the implementation's own file and loop.
_CORE = (
    "__init__.py",
    "measurement.py",
    "networks/parameters.py",
    "numerics.py",
    "training/batches.py",
    "training/run.py",
)
_LOOPS = {"keras": "training/compiled_loop.py"}
_ESTIMATOR_LOOP = "training/estimator_loop.py"
# The canned estimator lets nobody choose these two (networks/canned_estimator.py).
_CANNED = {"placement": "after", "momentum": 0.999, "epsilon": 0.001}


def expand(params: Params, dataset: DatasetName, study: str) -> list[RunSpec]:
    """The runs of a study on a dataset, seeds innermost. There are none where the study does not apply."""
    grid, training, network = params.studies[study], params.training[dataset], params.network
    if not grid.applies_to(dataset):
        return []
    specs: dict[RunSpec, None] = {}  # runs that do not differ, as by the momentum of averages that they lack, are one
    for implementation, normalization, depth, pixels, initial_stddev, momentum, learning_rate in itertools.product(
        grid.implementation,
        grid.normalization,
        grid.depth,
        grid.pixels or [params.data[dataset].pixels],
        grid.initial_stddev or [training.initial_stddev],
        grid.momentum or [network.momentum],
        grid.learning_rate or [training.learning_rate],
    ):
        settings: dict[str, Any] = {"placement": None, "momentum": None, "epsilon": None}
        if normalization == "batch":
            settings = {"placement": "before", "momentum": float(momentum), "epsilon": network.epsilon}
            if implementation == "canned_estimator":
                settings = dict(_CANNED)
        for seed in range(params.seeds(dataset, study, implementation)):
            spec = RunSpec(
                dataset=dataset,
                implementation=implementation,
                normalization=normalization,
                depth=depth,
                learning_rate=float(learning_rate),
                seed=seed,
                steps=training.steps,
                batch_size=training.batch_size,
                evaluate_every=training.evaluate_every,
                width=network.width,
                initial_stddev=float(initial_stddev),
                pixels=pixels,
                device=params.device,
                numerics=params.numerics,
                **settings,
            )
            specs[spec] = None
    return list(specs)


def fingerprint(spec: RunSpec, data_digest: str) -> str:
    """The name of a run's record: SHA-256 (hex) over spec, data, numerical code and the versions it runs on."""
    content = {
        "spec": asdict(spec),
        "data": data_digest,
        "code": code_digest(spec.implementation),
        "versions": numerical_versions(),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def numerical_versions() -> dict[str, str]:
    """The libraries that decide a run's bits."""
    return {name: importlib.metadata.version(name) for name in ("tensorflow", "tensorflow-estimator", "keras", "numpy")}


@cache
def code_digest(implementation: str) -> str:
    """SHA-256 (hex) over the code that a run of this implementation goes through; comments and docstrings left out."""
    package = Path(bnrepro.__file__).parent
    own = (f"networks/{implementation}.py", _LOOPS.get(implementation, _ESTIMATOR_LOOP))
    hashing = hashlib.sha256()
    for file in sorted({*_CORE, *own}):
        hashing.update(f"{file}\n{_code(package / file)}\n".encode())
    return hashing.hexdigest()


def _code(path: Path) -> str:
    """A module's syntax tree as text, without docstrings and line numbers."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree)
