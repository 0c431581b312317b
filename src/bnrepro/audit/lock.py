"""dvc.lock against the files and the parameters that it names, and against the stages of dvc.yaml."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from bnrepro import paths
from bnrepro.audit import scratch
from bnrepro.audit.finding import Finding, compared
from bnrepro.errors import BadInput
from bnrepro.study.factors import DatasetName

_NOT_IN_GIT = ("data/checked", "data/raw/", "data/prepared/", "data/runs/")


class _Item(BaseModel):
    path: str
    md5: str


class _Stage(BaseModel):
    cmd: str
    deps: list[_Item] = []
    outs: list[_Item] = []
    params: dict[str, dict[str, Any]] = {}


class _Lock(BaseModel):
    """What of dvc.lock is looked at."""

    stages: dict[str, _Stage]


def check(datasets: Sequence[DatasetName]) -> Iterator[Finding]:
    """Compare every hash in dvc.lock with the file's or the folder's, and every parameter with that of params.yaml.

    Args:
        datasets: whose stages have to have their entries, also where params.yaml does not list them.

    Raises:
        BadInput: dvc.lock, dvc.yaml or params.yaml cannot be read.
    """
    hash_of = _hasher()
    params, locked = _read("params.yaml"), _locked()
    stages_of: dict[str, list[str]] = defaultdict(list)  # what differs, and in the entries of which stages
    checked, absent, left = set(), set(), []
    for stage, entry in locked.items():
        values = entry.params.get("params.yaml", {})
        if any(key.startswith("studies.") and _at(params, key) is None for key in values):
            left.append(stage)
            continue
        for item in [*entry.deps, *entry.outs]:
            path = item.path
            if not (paths.root() / path).exists() and path.startswith(_NOT_IN_GIT):
                absent.add(path)
                continue
            checked.add(path)
            if hash_of(path) != item.md5:
                stages_of[path].append(stage)
        for key, value in values.items():
            if _at(params, key) != value:
                stages_of[f"params.yaml: {key}"].append(stage)
    differing = [f"{name} is not what the lock has of it ({_several(stages)})" for name, stages in stages_of.items()]
    differing += _unlike_the_pipeline(locked, datasets)
    yield compared(
        "dvc.lock", differing, f"{len(checked)} files and folders have its hashes, and params.yaml its values"
    )
    if absent:
        yield Finding(
            "dvc.lock", "not checked", f"{_several(sorted(absent))} not in this clone (`dvc repro` makes them)"
        )
    if left:
        yield Finding("dvc.lock", "not checked", f"{_several(left)}: of a study that params.yaml does not have")


def _hasher() -> Callable[[str], str | None]:
    """Gives the hash of a file or a folder as DVC takes it, None where there is none; each is read once.

    DVC itself takes a file that has its old size, time and inode for the old file, and does without reading it.
    """
    from dvc.fs import LocalFileSystem
    from dvc.ignore import DvcIgnoreFilter
    from dvc_data.hashfile.build import build
    from dvc_data.hashfile.db import HashFileDB

    root, fs, known = paths.root(), LocalFileSystem(), {}
    nowhere, ignored = HashFileDB(fs, str(root / ".dvc" / "cache")), DvcIgnoreFilter(fs, str(root))

    def hash_of(path: str) -> str | None:
        if path not in known:
            try:
                _, _, content = build(nowhere, str(root / path), fs, "md5", dry_run=True, ignore=ignored)
                known[path] = content.hash_info.value
            except FileNotFoundError:
                known[path] = None
        return known[path]

    return hash_of


def _unlike_the_pipeline(locked: dict[str, _Stage], datasets: Sequence[DatasetName]) -> list[str]:
    """What dvc.yaml has of these datasets' stages, and their entries have not."""
    stages_of: dict[str, list[str]] = defaultdict(list)
    for name, stage in _pipeline(datasets).items():
        if name not in locked:
            stages_of["it lacks entries of dvc.yaml's stages"].append(name)
            continue
        entry, asked = _outline(locked[name]), _outline(stage)
        for part in asked:
            if entry[part] != asked[part]:
                stages_of[f"its {part} are not those of dvc.yaml"].append(name)
    return [f"{problem} ({_several(names)})" for problem, names in stages_of.items()]


def _outline(stage: _Stage) -> dict[str, Any]:
    """What of an entry does not hang on what the files hold."""
    return {
        "commands": stage.cmd,
        "dependencies": {item.path for item in stage.deps},
        "outputs": {item.path for item in stage.outs},
        "parameters": set(stage.params.get("params.yaml", {})),
    }


def _pipeline(datasets: Sequence[DatasetName]) -> dict[str, _Stage]:
    """The stages that dvc.yaml has for these datasets, in the form of dvc.lock and without hashes and values."""
    from dvc.dependency.param import ParamsDependency
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    with scratch.project() as copy:
        params = _read("params.yaml") | {"datasets": list(datasets)}
        (copy / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
        try:
            stages = Repo(str(copy), uninitialized=True, config={"core": {"no_scm": True}}).index.stages
        except DvcException as error:
            raise BadInput(f"dvc.yaml: {' '.join(str(error).split())}") from error
    pipeline = {}
    for stage in stages:
        files = [dep for dep in stage.deps if not isinstance(dep, ParamsDependency)]
        names = [name for dep in stage.deps if isinstance(dep, ParamsDependency) for name in dep.params]
        pipeline[stage.name] = _Stage(
            cmd=stage.cmd,
            deps=[_Item(path=dep.def_path, md5="") for dep in files],
            outs=[_Item(path=out.def_path, md5="") for out in stage.outs],
            params={"params.yaml": dict.fromkeys(names)},
        )
    return pipeline


def _locked() -> dict[str, _Stage]:
    try:
        return _Lock.model_validate(_read("dvc.lock")).stages
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        raise BadInput(f"dvc.lock: {'.'.join(map(str, detail['loc']))}: {detail['msg']}") from error


def _read(name: str) -> dict[str, Any]:
    """A YAML file as DVC reads it: YAML 1.2, in which the 1e-05 that it writes is a number."""
    from dvc.exceptions import DvcException
    from dvc.utils.serialize import parse_yaml

    try:
        content = parse_yaml((paths.root() / name).read_text(encoding="utf-8"), name)
    except (OSError, ValueError, DvcException) as error:
        raise BadInput(f"{name}: not readable ({' '.join(str(error).split())})") from error
    if not isinstance(content, dict):
        raise BadInput(f"{name}: a mapping is needed")
    return content


def _at(tree: Any, key: str) -> Any:
    """The value of a dotted key; None where there is none."""
    for part in key.split("."):
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def _several(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
