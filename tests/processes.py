"""Real processes for the tests of faults: who is at work in a clone, who still lives, who is to be killed."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil

_LOOK_EVERY_SECONDS = 0.05


def children(pid: int) -> list[int]:
    """All that a process has started, and that these have."""
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def workers_of(pid: int) -> list[int]:
    """Those of its children that train."""
    return [child for child in children(pid) if "--process-name" in words(child)]


def command_of(dvc: int) -> int | None:
    """The `bnrepro` that a DVC is running; None between stages."""
    for pid in children(dvc):
        if "bnrepro" in words(pid):
            return pid
    return None


def words(pid: int) -> list[str]:
    """A process's command line, programs without their folders."""
    try:
        return [Path(word).name for word in psutil.Process(pid).cmdline()]
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def at_work_in(folder: Path) -> list[int]:
    """Everything that runs with this working folder, whoever its parent is now; and zombies below this process."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder):
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def alive(pids: list[int]) -> list[int]:
    """Those that still run (a zombie does not)."""
    running = []
    for pid in pids:
        try:
            running += [pid] if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE else []
        except psutil.NoSuchProcess:
            continue
    return running


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Seconds are counted by looks: where the machine itself stands still, they stand still, too."""
    for _ in range(round(seconds / _LOOK_EVERY_SECONDS)):
        if condition():
            return
        time.sleep(_LOOK_EVERY_SECONDS)
    assert condition(), "it did not come to that"


def wait_until_gone(pids: list[int], seconds: float) -> None:
    wait_until(lambda: not alive(pids), seconds)


def zombies(pid: int = os.getpid()) -> list[int]:
    """Children of a process that ended and were not waited for."""
    return [child for child in children(pid) if not alive([child])]
