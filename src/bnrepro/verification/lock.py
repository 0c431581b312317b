"""dvc.lock against the files and the parameters that it names."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from bnrepro import paths
from bnrepro.errors import BadInput
from bnrepro.verification.finding import Finding, compared

_NOT_IN_GIT = ("data/checked", "data/raw/", "data/prepared/", "data/runs/")


class _Item(BaseModel):
    path: str
    md5: str


class _Stage(BaseModel):
    deps: list[_Item] = []
    outs: list[_Item] = []
    params: dict[str, dict[str, Any]] = {}


class _Lock(BaseModel):
    """What of dvc.lock is looked at."""

    stages: dict[str, _Stage]


def check() -> Iterator[Finding]:
    """Compare every hash in dvc.lock with the file's or the folder's, and every parameter with that of params.yaml.

    Raises:
        BadInput: dvc.lock or params.yaml cannot be read.
    """
    hash_of = _hasher()
    params = _read("params.yaml")
    stages_of: dict[str, list[str]] = defaultdict(list)  # what differs, and in the entries of which stages
    checked, absent = set(), set()
    for stage, entry in _locked().items():
        for item in [*entry.deps, *entry.outs]:
            path = item.path
            if not (paths.root() / path).exists() and path.startswith(_NOT_IN_GIT):
                absent.add(path)
                continue
            checked.add(path)
            if hash_of(path) != item.md5:
                stages_of[path].append(stage)
        for key, value in entry.params.get("params.yaml", {}).items():
            if _at(params, key) != value:
                stages_of[f"params.yaml: {key}"].append(stage)
    differing = [f"{name} is not what the lock has of it ({_several(stages)})" for name, stages in stages_of.items()]
    yield compared(
        "dvc.lock", differing, f"{len(checked)} files and folders have its hashes, and params.yaml its values"
    )
    if absent:
        yield Finding(
            "dvc.lock", "not checked", f"{_several(sorted(absent))} not in this clone (`dvc repro` makes them)"
        )


def _hasher() -> Callable[[str], str | None]:
    """Gives the hash of a file or a folder as DVC takes it, None where there is none; each is read once."""
    from dvc.repo import Repo
    from dvc_data.hashfile.build import build

    repo, known = Repo(str(paths.root())), {}

    def hash_of(path: str) -> str | None:
        if path not in known:
            try:
                _, _, content = build(
                    repo.cache.local, str(paths.root() / path), repo.fs, "md5", dry_run=True, ignore=repo.dvcignore
                )
                known[path] = content.hash_info.value
            except FileNotFoundError:
                known[path] = None
        return known[path]

    return hash_of


def _locked() -> dict[str, _Stage]:
    try:
        return _Lock.model_validate(_read("dvc.lock")).stages
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        raise BadInput(f"dvc.lock: {'.'.join(map(str, detail['loc']))}: {detail['msg']}") from error


def _read(name: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load((paths.root() / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
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
