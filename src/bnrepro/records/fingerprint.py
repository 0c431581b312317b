"""What a run's fingerprint covers: its spec, the data, the code it goes through, the versions that decide bits."""

import hashlib
import importlib.metadata
from dataclasses import asdict
from functools import cache
from pathlib import Path

from bnrepro import source
from bnrepro.study.factors import RunSpec, settings
from bnrepro.study.implementations import modules_of

NUMERICAL_LIBRARIES = ("tensorflow", "tensorflow-estimator", "tf-keras", "numpy")
# What this room decides about a run is in the values of its spec, which a fingerprint covers.
_NOT_COVERED = source.PACKAGE / "study"


def fingerprint(spec: RunSpec, data_digest: str) -> str:
    """The name of a run's record: SHA-256 (hex) over spec, data, numerical code and the versions it runs on."""
    content = {
        "spec": settings(asdict(spec)),
        "data": data_digest,
        "code": code_digest(spec),
        "modules": modules_of(spec),
        "versions": numerical_versions(),
    }
    return source.digest(content)


def numerical_versions() -> dict[str, str]:
    """The versions of the libraries that decide a run's bits."""
    return {name: importlib.metadata.version(name) for name in NUMERICAL_LIBRARIES}


def code_digest(spec: RunSpec) -> str:
    """SHA-256 (hex) over the code that a run goes through: what `source.syntax` has of it."""
    return _digest(tuple(code(spec)))


def training_digest() -> str:
    """The same over all code that some run goes through."""
    rooms = ("training", "networks", "measurement")
    files = [file for room in rooms for file in (source.PACKAGE / room).rglob("*.py")]
    names = (".".join(("bnrepro", *file.relative_to(source.PACKAGE).with_suffix("").parts)) for file in sorted(files))
    return _digest(tuple(_closure(*names)))


@cache
def _digest(files: tuple[Path, ...]) -> str:
    hashing = hashlib.sha256()
    for file in files:
        name = file.relative_to(source.PACKAGE).as_posix()
        hashing.update(f"{name}\n{source.syntax(file)}\n".encode())
    return hashing.hexdigest()


def code(spec: RunSpec) -> list[Path]:
    """The files of this package that a run imports, but for `study`: network, loop, measurement, and their imports."""
    files = _closure("bnrepro.training.run", *modules_of(spec))
    return [file for file in files if _NOT_COVERED not in file.parents]


@cache
def _closure(*modules: str) -> list[Path]:
    return sorted(source.closure(modules))
