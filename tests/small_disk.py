"""A disk of a few megabytes that really is full: a tmpfs in a mount namespace of its own, which needs no privileges."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import pipeline


@dataclass(frozen=True)
class SmallDisk(pipeline.Clone):
    """A clone on such a disk. Its commands run inside the namespace; `seen` is the same folder from outside."""

    namespace: int

    @property
    def seen(self) -> pipeline.Clone:
        return pipeline.Clone(Path(f"/proc/{self.namespace}/root{self.folder}"))

    def run(self, *command: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        into = ("nsenter", "--target", str(self.namespace), "--user", "--mount", "--preserve-credentials")
        there = ("env", f"--chdir={self.folder}")  # the folder here lies below the mount
        return super().run(*into, *there, *command, check=check, **environment)

    def free(self) -> int:
        """Bytes that are left."""
        state = os.statvfs(self.seen.folder)
        return state.f_bavail * state.f_bsize

    def leave(self, bytes_: int) -> None:
        """Fill it but for so much."""
        filler = self.seen.folder / ".git" / "filler"
        filler.unlink(missing_ok=True)
        with filler.open("wb") as file:
            file.write(b"\0" * max(0, self.free() - bytes_))


@contextmanager
def small_disk(original: pipeline.Clone, folder: Path, size: str = "64m") -> Iterator[SmallDisk]:
    """A copy of a clone on a disk of that size."""
    folder.mkdir()
    mount = f"mount -t tmpfs -o size={size} none '{folder}' && cp -a '{original.folder}/.' '{folder}'"
    with subprocess.Popen(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f"{mount} && echo ready && cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as holder:
        if holder.stdout.readline() != "ready\n":
            pytest.skip(f"no disk can be mounted here: {holder.stderr.read().strip()}")
        yield SmallDisk(folder, holder.pid)
        holder.stdin.close()
