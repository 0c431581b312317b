"""The machine that a run is made on, and which machines give the same bits."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from bnrepro.params import Numerics


@dataclass(frozen=True)
class Machine:
    """Where a run is made.

    Attributes:
        cores: of the whole machine.
        platform, processor, python: as they call themselves.
        vendor: the processor's maker.
        level: its instructions, as x86-64 counts them: `v3` has AVX2 and FMA, `v4` AVX-512 too.
    """

    cores: int | None
    platform: str
    processor: str
    python: str
    vendor: str
    level: str

    def same_bits(self, numerics: Numerics) -> str:
        """The processors that give a run the same bits as this machine's."""
        if numerics == "portable" and self.level != "v2":
            return "any x86-64-v3"
        return f"{self.vendor} x86-64-{self.level}"


def this_machine() -> Machine:
    flags = set(_cpuinfo("flags").split())
    return Machine(
        cores=os.cpu_count(),
        platform=platform.platform(),
        processor=_cpuinfo("model name"),
        python=platform.python_version(),
        vendor=_cpuinfo("vendor_id"),
        level="v4" if "avx512vl" in flags else "v3" if {"avx2", "fma"} <= flags else "v2",
    )


def _cpuinfo(key: str) -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith(key):
            return line.partition(":")[2].strip()
    return "unknown"
