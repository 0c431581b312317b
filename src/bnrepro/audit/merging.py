"""dvc.lock merged by stage, where git would merge its lines.

An entry of dvc.lock says what one execution of a stage read and made. It stays true whatever stands around it, and DVC
holds it against the files before it skips the stage. So the entries of both sides can stand in one file; lines of two
entries make one that is not true.
"""

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from bnrepro import paths
from bnrepro.errors import BadInput, Failed

_DRIVER = "dvc-lock"  # its name in .gitattributes


def merge(base: Path, ours: Path, theirs: Path) -> None:
    """Merge `theirs` into `ours`, which is written anew; `base` is what both were made from, and may be empty.

    An entry is taken from the side that changed it; where both did, from the side whose outputs are new. If those of
    both are, ours stays. DVC runs the stage again unless its inputs are those of the entry.

    Raises:
        BadInput: a file is no dvc.lock; nothing is written.
        Failed: both sides changed the entries that are named, and recorded different outputs. The merge is written.
    """
    from dvc.utils.serialize import dumps_yaml

    before, result, other = _read(base, empty=True), _read(ours), _read(theirs)
    merged, conflicts = _merged(before["stages"], result["stages"], other["stages"])
    paths.write_text(ours, dumps_yaml(result | {"stages": merged}))
    if conflicts:
        raise Failed(
            f"dvc.lock: both sides have results of their own of {', '.join(conflicts)}; ours are kept. "
            "`dvc repro` makes those of the merge; then `git add dvc.lock reports`"
        )


def install() -> None:
    """Have git call this command for dvc.lock in this clone.

    Raises:
        BadInput: this is no clone.
    """
    command = f"{shlex.quote(str(Path(sys.executable).with_name('bnrepro')))} merge-lock %O %A %B"
    for key, value in (("name", "dvc.lock by stage"), ("driver", command)):
        try:
            git = ["git", "-C", str(paths.root()), "config", f"merge.{_DRIVER}.{key}", value]
            subprocess.run(git, check=True, capture_output=True, text=True)
        except FileNotFoundError as error:
            raise BadInput("git is not installed") from error
        except subprocess.CalledProcessError as error:
            raise BadInput(f"git config: {error.stderr.strip()}") from error


def _merged(before: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The entries of both sides in our order, and the names of those that conflict."""
    merged, conflicts = {}, []
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        base, our, their = (entries.get(name) for entries in (before, ours, theirs))
        chosen = their if our == base else our
        if our != base and their not in (base, our):
            old, here, there = (entry and entry.get("outs") for entry in (base, our, their))
            if not (our and their):
                chosen = our or their  # what one side removed and the other ran may be of use
            elif here == old:
                chosen = their
            elif there not in (old, here):
                conflicts.append(name)
        if chosen:
            merged[name] = chosen
    return merged, conflicts


def _read(path: Path, empty: bool = False) -> dict[str, Any]:
    from dvc.utils.serialize import ParseError, parse_yaml

    try:
        content = parse_yaml(path.read_text(encoding="utf-8"), str(path))
    except (ValueError, ParseError) as error:
        reason = " ".join(str(error.__cause__ or error).split())
        raise BadInput(f"dvc.lock: a side of the merge is not readable ({reason}); ours is kept") from error
    if not content and empty:
        return {"stages": {}}
    if not isinstance(content, dict) or not isinstance(content.get("stages"), dict):
        raise BadInput("dvc.lock: a side of the merge lacks `stages`; ours is kept")
    return content
