"""Where everything lies. The project's root is found from the working folder, as git and DVC do it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bnrepro.errors import BadInput

_ASIDE = ".old.partial"


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


def metrics(dataset: str) -> Path:
    return reports(dataset) / "metrics.json"


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
def locked(name: str, waiting: str | None = None, within: Path | None = None) -> Iterator[None]:
    """Hold a lock; the kernel lets go of it when the process ends, however it ends.

    Args:
        waiting: said when another process holds it.
        within: the folder whose lock it is; this clone's private one if None.
    """
    folder = within or private()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                print(waiting, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:  # a file system without locks; its error names no file
            raise OSError(error.errno, error.strerror, file.name) from error
        yield


@contextmanager
def replacing(target: Path, beside: Path | None = None) -> Iterator[Path]:
    """A fresh folder that takes the place of `target` when the block ends without an error.

    Until then `target` stays as it was. After an error, or a kill at any moment and the next call, the target is the
    old folder or the new one, complete; nothing else remains.

    Args:
        beside: the folder, on the same disk, in which the new one is made and the old one set aside; by default that of
            `target`.
    """
    beside = beside or target.parent
    heal(target, beside)
    partial, aside = _partial(target, beside), _aside(target, beside)
    partial.mkdir(parents=True)
    try:
        yield partial
        target.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(target):
            os.replace(target, aside)
        os.replace(partial, target)
    finally:
        heal(target, beside)


def heal(target: Path, beside: Path) -> None:
    """Clear what `replacing` has left; a folder that was set aside goes back where no other has taken its place."""
    aside = _aside(target, beside)
    if os.path.lexists(aside) and not os.path.lexists(target):
        os.replace(aside, target)
    for left in (aside, _partial(target, beside)):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def set_aside(beside: Path) -> list[str]:
    """The names of the targets whose old folder `replacing` has set aside there and left."""
    return [path.name.removeprefix(".").removesuffix(_ASIDE) for path in beside.glob(f".*{_ASIDE}")]


def _partial(target: Path, beside: Path) -> Path:
    return beside / f".{target.name}.partial"


def _aside(target: Path, beside: Path) -> Path:
    return beside / f".{target.name}{_ASIDE}"


def write_text(target: Path, text: str) -> None:
    """Write a file whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
