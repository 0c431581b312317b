"""Why DVC would run a stage: its entry in dvc.lock against the tree, with the old and the new values."""

import json
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

from bnrepro import paths
from bnrepro.errors import BadInput

_ABSENT = "(absent)"


def describe() -> str:
    """Every stage that `dvc repro` would run, and what changed since its entry in dvc.lock was made.

    Raises:
        BadInput: DVC cannot read its files, or is at work in this clone.
    """
    from dvc.dvcfile import Lockfile
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(paths.root())) as repo, repo.lock:
            lock = Lockfile(repo, str(paths.root() / "dvc.lock")).load()
            lines = list(_lines(repo.index.graph, lock.get("stages", {})))
    except DvcException as error:
        raise BadInput(f"dvc: {error}") from error
    return "\n".join(lines or ["Every stage is as dvc.lock has it."])


def _lines(graph: Any, entries: Mapping[str, Any]) -> Iterator[str]:
    """Each stage that would run, with its changes; and stages that run if the outputs of such a stage change."""
    needs = {stage: set(graph.successors(stage)) for stage in graph}
    running: set[Any] = set()
    for stage in TopologicalSorter(needs).static_order():
        if not stage.cmd:  # of `dvc add`
            continue
        if changes := list(_changes(stage, entries.get(stage.name))):
            yield f"{stage.addressing} runs:"
            yield from (f"  {change}" for change in changes)
        elif after := sorted(other.addressing for other in needs[stage] & running):
            shown = after[0] if len(after) == 1 else f"{after[0]} and {len(after) - 1} more"
            yield f"{stage.addressing} runs if the outputs of {shown} change"
        else:
            continue
        running.add(stage)


def _changes(stage: Any, entry: Any) -> Iterator[str]:
    from dvc.dependency import ParamsDependency

    if not entry:
        yield "it has no entry in dvc.lock"
        return
    if stage.cmd_changed:
        yield f"its command: {entry['cmd']} -> {stage.cmd}"
    for file in (*stage.deps, *stage.outs):
        if isinstance(file, ParamsDependency):
            old, new = file.hash_info.value or {}, file.read_params()
            for name in file.params:
                yield from _differences(name, old.get(name, _ABSENT), new.get(name, _ABSENT))
        elif state := file.status():
            if state == {str(file): "not in cache"} and file.exists and not file.changed_checksum():
                yield f"{file}: not in DVC's cache"
            else:
                old, new = _short(file.hash_info), _short(file.get_hash()) if file.exists else _ABSENT
                yield f"{file}: {old} -> {new}" if old != new else f"{file}: {new}"


def _differences(name: str, old: Any, new: Any) -> Iterator[str]:
    """The values that differ below a parameter, each with its full name."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old | new:
            yield from _differences(f"{name}.{key}", old.get(key, _ABSENT), new.get(key, _ABSENT))
    elif old != new:
        yield f"{name}: {_value(old)} -> {_value(new)}"


def _value(value: Any) -> str:
    return value if value == _ABSENT else json.dumps(value, default=str)


def _short(hash_info: Any) -> str:
    return hash_info.value[:8] if hash_info and hash_info.value else _ABSENT
