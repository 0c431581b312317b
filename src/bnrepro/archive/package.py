"""`bnrepro package`: the committed project as one zip file, described as an RO-Crate."""

import io
import json
import os
import tarfile
import zipfile
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from bnrepro.analysis import tables
from bnrepro.archive import contents, crate, rubric
from bnrepro.archive.draft import Archive
from bnrepro.archive.runs import Run
from bnrepro.audit import citation, git
from bnrepro.audit.verify import reported
from bnrepro.errors import BadInput, Failed
from bnrepro.study.params import Params

SUFFIX = ".crate.zip"


class _Packed(NamedTuple):
    content: bytes
    executable: bool = False


def package(params: Params, target: Path | None) -> Path:
    """Write the last commit's files, the rubric and the metadata into a zip file; the same bytes for the same commit.

    Args:
        target: the file; None: bnrepro-<version>-<commit>.crate.zip in the working folder.

    Returns:
        The file.

    Raises:
        BadInput: there is no report; CITATION.cff or a report is missing or damaged.
        Failed: the tree has changes, or no commit has this state, or not its history.
    """
    git.refuse_changes()
    git.refuse_shallow("when results were committed")
    commit, made = _commit()
    files = _committed(commit)
    cited, datasets = citation.read(), reported()
    judged = json.dumps(rubric.rubric(params, datasets), indent=1, ensure_ascii=False)
    files[rubric.NAME] = _Packed(f"{judged}\n".encode())
    runs = [
        Run(dataset, _commit(f"reports/{dataset}")[1].isoformat(), tables.read_provenance(dataset))
        for dataset in datasets
    ]
    held = {name: packed.content for name, packed in files.items()}
    try:
        metadata = crate.describe(Archive(held, cited, commit, made.isoformat()), runs)
        target = target or Path(f"bnrepro-{cited['version']}-{commit[:12]}{SUFFIX}")
    except (LookupError, TypeError, AttributeError) as error:
        raise BadInput(f"CITATION.cff: lacks what is told of this software, or of the paper ({error})") from error
    _write(target, files | {crate.NAME: _Packed(metadata)}, made)
    return target


def _commit(*changed: str) -> tuple[str, datetime]:
    """The last commit, or the last that changed these paths, and when it was made, in UTC."""
    found = git.last_commit("%H %ct", *changed)
    if not found:
        raise Failed(f"{' '.join(changed)}: never committed")
    return found[0], datetime.fromtimestamp(int(found[1]), timezone.utc)


def _committed(commit: str) -> dict[str, _Packed]:
    """A commit's files, by name.

    Raises:
        Failed: it lacks one that the metadata tell of.
    """
    files = {}
    with tarfile.open(fileobj=io.BytesIO(git.output("archive", "--format=tar", commit))) as archive:
        for member in archive:
            if not (member.isdir() or member.isfile()):
                raise Failed(f"{member.name} is a link, and an archive holds files")
            if file := archive.extractfile(member):
                files[member.name] = _Packed(file.read(), bool(member.mode & 0o100))
    if missing := [name for name in contents.NEEDED if name not in files]:
        raise Failed(f"commit {commit[:12]} lacks {' and '.join(missing)}, of which the archive tells")
    return files


def _write(target: Path, files: Mapping[str, _Packed], made: datetime) -> None:
    """Write a zip file, whole or not at all, without anything of this moment or this machine in it."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        with zipfile.ZipFile(partial, "w") as archive:
            for name in sorted(files):
                entry = zipfile.ZipInfo(name, made.timetuple()[:6])
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 3  # Unix, which has modes
                entry.external_attr = (0o100755 if files[name].executable else 0o100644) << 16
                archive.writestr(entry, files[name].content)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
