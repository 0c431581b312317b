"""Exit when the process dies for which this one works."""

import os
import threading
import time
from contextlib import suppress

import psutil

_LOOK_EVERY_SECONDS = 0.5


def end_with(pid: int) -> None:
    """End this process soon after its parent, of that process id, has ended."""
    _start(psutil.Process(), pid)


def end_with_dvc() -> None:
    """End this process soon after the DVC that has started it, perhaps by a shell that waits in between (dash does).

    DVC gives its commands a variable that it has not itself: whoever has it is the command or such a shell.
    """
    child = psutil.Process()
    while (parent := child.parent()) and _started_by_dvc(parent):
        child = parent
    _start(child, child.ppid())


def _started_by_dvc(process: psutil.Process) -> bool:
    try:
        return "DVC_STAGE" in process.environ()
    except psutil.Error:  # another user's
        return False


def _start(child: psutil.Process, parent: int) -> None:
    threading.Thread(target=_watch, args=(child, parent), name="watchdog", daemon=True).start()


def _watch(child: psutil.Process, parent: int) -> None:
    with suppress(psutil.Error):  # a shell that is gone
        while child.ppid() == parent:
            time.sleep(_LOOK_EVERY_SECONDS)
    os._exit(1)
