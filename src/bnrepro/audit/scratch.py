"""A project in a temporary folder, in which stages can be run beside the real one."""

import errno
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bnrepro import paths
from bnrepro.data.fetching import named_mirrors
from bnrepro.errors import BadInput, Failed

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_ROOM = 2**20  # bytes: where fewer are left, a program that failed has most likely failed for that


@contextmanager
def folder() -> Iterator[Path]:
    """A temporary folder.

    Raises:
        Failed: there is no room where temporary files go.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="bnrepro-") as name:
            yield Path(name).resolve()
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        where = tempfile.gettempdir()
        raise Failed(f"temporary files in {where}: {error.strerror}; TMPDIR can name another folder") from error


def look_for_room(folder: Path) -> None:
    """After a program that wrote into a temporary folder has failed: raise OSError where the disk is full."""
    if shutil.disk_usage(folder).free < _ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def project(*shared: Path) -> Iterator[Path]:
    """Work inside a copy of the project that has its params.yaml and, as links, what is `shared`; then it is gone.

    Yields:
        The copy's root.

    Raises:
        BadInput: from within; what it names in the copy, it then names in the project.
        Failed: as `folder`.
    """
    root = paths.root()
    with folder() as copy, _same_mirrors():
        for file in ("params.yaml", "dvc.yaml"):
            shutil.copyfile(root / file, copy / file)
        for path in shared:
            link = copy / path.relative_to(root)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
        with _working_in(copy):
            try:
                yield copy
            except BadInput as error:
                raise BadInput(error.message.replace(str(copy), str(root))) from error


@contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    """`contextlib.chdir`, which came with Python 3.11."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _same_mirrors() -> Iterator[None]:
    """Have relative folders in BNREPRO_MIRROR count from the clone, also inside a copy."""
    before = os.environ.get("BNREPRO_MIRROR")
    if before:
        os.environ["BNREPRO_MIRROR"] = shlex.join(named_mirrors())
    try:
        yield
    finally:
        if before:
            os.environ["BNREPRO_MIRROR"] = before
