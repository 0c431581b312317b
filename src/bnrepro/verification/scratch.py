"""A project in a temporary folder, in which stages can be run beside the real one."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

from bnrepro import paths


@contextmanager
def project(*shared: Path) -> Iterator[Path]:
    """Work inside a copy of the project that has its params.yaml and, as links, what is `shared`; then it is gone.

    Yields:
        The copy's root.
    """
    root = paths.root()
    with tempfile.TemporaryDirectory(prefix="bnrepro-") as name:
        copy = Path(name).resolve()
        for file in ("params.yaml", "dvc.yaml"):
            shutil.copyfile(root / file, copy / file)
        for path in shared:
            link = copy / path.relative_to(root)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
        with chdir(copy):
            yield copy
