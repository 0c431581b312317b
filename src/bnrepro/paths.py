"""Where everything lies. The project's root is found from the working folder, as git and DVC do it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bnrepro.errors import BadInput


def root() -> Path:
    """The folder that holds params.yaml and dvc.yaml, at or above the working folder.

    Raises:
        BadInput: there is none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "params.yaml").is_file() and (folder / "dvc.yaml").is_file():
            return folder
    raise BadInput(f"no params.yaml and dvc.yaml in {here} or above it: run bnrepro inside a clone of the project")


def home() -> Path:
    """The clone itself, also from inside one of the temporary copies in which `dvc exp run --temp` works."""
    here = root()
    for folder in here.parents:
        if folder.name == "exps" and folder.parent.name == "tmp" and folder.parent.parent.name == ".dvc":
            return folder.parent.parent.parent
    return here


def params() -> Path:
    return root() / "params.yaml"


def checked() -> Path:
    """The output of `bnrepro check`: constant, so that nothing downstream runs again for it."""
    return root() / "data" / "checked"


def raw(dataset: str) -> Path:
    return root() / "data" / "raw" / dataset


def prepared(dataset: str) -> Path:
    return root() / "data" / "prepared" / dataset


def runs(dataset: str, study: str) -> Path:
    return root() / "data" / "runs" / dataset / study


def reference() -> Path:
    """The paper's own results, as numbers."""
    return root() / "data" / "reference"


def reports(dataset: str) -> Path:
    return root() / "reports" / dataset


def tables(dataset: str) -> Path:
    return reports(dataset) / "tables"


def figures(dataset: str) -> Path:
    return reports(dataset) / "figures"


def plots(dataset: str) -> Path:
    return reports(dataset) / "plots"


def claims(dataset: str) -> Path:
    return reports(dataset) / "claims.json"


def provenance(dataset: str) -> Path:
    return reports(dataset) / "provenance.json"


def private() -> Path:
    """State that belongs to the clone and to neither git nor DVC: the run store, locks."""
    return home() / ".bnrepro"


def store() -> Path:
    return private() / "store"


def temporary() -> Path:
    """What this machine's workers write and nobody reads again."""
    return private() / "temporary"


@contextmanager
def locked(name: str, waiting: str | None = None) -> Iterator[None]:
    """Hold a lock of this clone; the kernel lets go of it when the process ends, however it ends.

    Args:
        waiting: said when another process holds it.
    """
    private().mkdir(parents=True, exist_ok=True)
    with (private() / f"{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                print(waiting, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A fresh folder beside `target` that takes its place when the block ends without an error.

    Until then `target` stays as it was; after an error, or a kill and the next call, nothing is left behind.
    """
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)
        os.replace(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_text(target: Path, text: str) -> None:
    """Write a file whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
