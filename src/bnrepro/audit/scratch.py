"""A project in a temporary folder, in which stages can be run beside the real one."""

import errno
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bnrepro import paths
from bnrepro.data.fetching import named_mirrors
from bnrepro.errors import BadInput, Failed

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_ROOM = 2**20  # bytes: where fewer are left, what failed has most likely failed for that


@contextmanager
def folder() -> Iterator[Path]:
    """A temporary folder.

    Raises:
        Failed: there is no room where temporary files go; also where something else failed, most likely for that.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="bnrepro-") as name:
            try:
                yield Path(name).resolve()
            except (OSError, click.ClickException):  # of NumPy, which gives no errno; of a program that was started
                if shutil.disk_usage(name).free < _ROOM:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name) from None
                raise
    except OSError as error:
        where = Path(tempfile.gettempdir()).resolve()
        elsewhere = error.filename and where not in Path(error.filename).resolve().parents
        if error.errno not in _NO_ROOM or elsewhere:
            raise
        raise Failed(f"temporary files in {where}: {error.strerror}; TMPDIR can name another folder") from error


@contextmanager
def project(*shared: Path) -> Iterator[Path]:
    """Work inside a copy of the project that has its params.yaml and, as links, what is `shared`; then it is gone.

    Yields:
        The copy's root.

    Raises:
        BadInput: from within; what it names in the copy, it then names in the project. Or a quotation mark in
            BNREPRO_MIRROR is not closed.
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
