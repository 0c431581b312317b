"""What a run's fingerprint covers: its spec, the data, the code it goes through, the versions that decide bits."""

import hashlib
import importlib.metadata
import json
from dataclasses import asdict
from functools import cache
from pathlib import Path

from bnrepro import source
from bnrepro.study.choices import Implementation, Resolved
from bnrepro.study.spec import RunSpec

NUMERICAL_LIBRARIES = ("tensorflow", "tensorflow-estimator", "tf-keras", "numpy")


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
    loop = "estimator" if implementation != "keras" else "stacked" if device == "gpu" else "compiled"
    networks = ["dense", implementation, *(["variants.dense"] if implementation == "keras" else [])]
    modules = ["training.run", f"training.{loop}_loop", *(f"networks.{name}" for name in networks)]
    return sorted(source.closure(f"bnrepro.{module}" for module in modules))
