"""dvc.lock against the tree, by `dvc status` in a copy of the project."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bnrepro import explorer, paths
from bnrepro.audit import scratch
from bnrepro.audit.finding import Finding, compared
from bnrepro.errors import BadInput
from bnrepro.study import reading
from bnrepro.study.factors import DatasetName

_NOT_IN_GIT = ("data/checked", "data/raw/", "data/prepared/", "data/runs/")
_STATES = {"modified": "does not match the lock", "deleted": "is missing", "new": "is not in the lock"}


def check(datasets: Sequence[DatasetName]) -> Iterator[Finding]:
    """Compare the lock's entries of these datasets' stages with files, params.yaml and dvc.yaml.

    Raises:
        BadInput: DVC cannot read dvc.lock, dvc.yaml or params.yaml.
        Failed: there is no room for temporary files.
    """
    stages_of: dict[str, list[str]] = defaultdict(list)  # what differs, and for which stages
    absent = set()
    for stage, changes in _status(datasets).items():
        for name, state in _differences(changes):
            if state == "deleted" and (name.startswith(_NOT_IN_GIT) or name.endswith(f"/{explorer.NAME}")):
                absent.add(name)
            else:
                stages_of[f"{name} {_STATES[state]}"].append(stage)
    differing = [f"{difference} ({_several(stages)})" for difference, stages in stages_of.items()]
    yield compared("dvc.lock", differing, "files, parameters and commands of every stage are those of its entry")
    if absent:
        yield Finding(
            "dvc.lock", "not checked", f"{_several(sorted(absent))} not in this clone (`dvc repro` makes them)"
        )


def _differences(changes: list[Any]) -> Iterator[tuple[str, str]]:
    """Name and state of each of a stage's changes."""
    for change in changes:
        if isinstance(change, str):  # "changed command"
            yield f"its {change.removeprefix('changed ')}", "modified"
            continue
        for files in change.values():
            for path, state in files.items():
                if isinstance(state, str):
                    yield path, state
                else:
                    yield from ((f"{path}: {key}", value) for key, value in state.items())


def _status(datasets: Sequence[DatasetName]) -> dict[str, list[Any]]:
    """The output of `dvc status` for these datasets' stages: by stage, what changed.

    DVC skips a file whose size and time it remembers. In the copy it remembers none, and reads every file.
    """
    root = paths.root()
    shared = [root / name for name in ("src", "data", "reports", "dvc.lock", ".dvcignore")]
    with scratch.project(*(path for path in shared if path.exists())) as copy:
        _rewrite(copy / "dvc.yaml", datasets)
        (copy / ".dvc").mkdir()
        (copy / ".dvc" / "config").write_text("[core]\nno_scm = true\nanalytics = false\ncheck_update = false\n")
        done = subprocess.run(
            [sys.executable, "-m", "dvc", "status", "--json"],
            env=os.environ | {"DVC_SITE_CACHE_DIR": str(copy / ".dvc" / "site")},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BadInput(f"dvc status: {' '.join(done.stderr.split())}")
    return json.loads(done.stdout)


def _rewrite(path: Path, datasets: Sequence[DatasetName]) -> None:
    """Ask for these datasets, whatever params.yaml lists; and for no cache: this clone may lack one."""
    pipeline = reading.load(path)
    for stage in pipeline["stages"].values():
        if "matrix" in stage:
            stage["matrix"]["dataset"] = list(datasets)
        stage["outs"] = [{out: {"cache": False}} if isinstance(out, str) else out for out in stage["outs"]]
    YAML(typ="safe").dump(pipeline, path)


def _several(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
