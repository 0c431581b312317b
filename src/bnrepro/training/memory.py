"""How much of a device's memory a stack may take, and so how many stacks there may be at a time."""

import subprocess
from functools import cache

from bnrepro.study.factors import Resolved

SHARES = 8  # so many workers use a card at a time, each a tenth of its memory; the rest is for what they keep
_UNKNOWN = 8 << 30  # bytes: of a card that `nvidia-smi` does not know
_OF_A_PROCESSOR = 2 << 30


def budget(device: Resolved) -> int:
    """Bytes."""
    return _OF_A_PROCESSOR if device == "cpu" else _of_the_card() // (SHARES + 2)


@cache
def _of_the_card() -> int:
    command = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0]) << 20
    except (OSError, subprocess.CalledProcessError, IndexError, ValueError):
        return _UNKNOWN
