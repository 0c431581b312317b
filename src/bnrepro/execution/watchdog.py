"""Exit when the parent process dies."""

import os
import threading
import time

_LOOK_EVERY_SECONDS = 0.5


def end_with(pid: int) -> None:
    """End this process soon after its parent, of that process id, has ended."""
    threading.Thread(target=_watch, args=(pid,), name="watchdog", daemon=True).start()


def _watch(pid: int) -> None:
    while os.getppid() == pid:
        time.sleep(_LOOK_EVERY_SECONDS)
    os._exit(1)
