"""The machine that a run is made on, and which machines give the same bits."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bnrepro.device import Resolved, gpu
from bnrepro.params import Numerics

_NONE = "none"


@dataclass(frozen=True)
class Machine:
    """Where a run is made.

    Attributes:
        cores: of the whole machine.
        platform, processor, python: as they call themselves.
        vendor: the processor's maker.
        level: its instructions, as x86-64 counts them: `v3` has AVX2 and FMA, `v4` AVX-512 too.
        device_name: what trains: the processor, or a GPU by its name.
        driver, cuda: versions of a GPU's driver, and of the CUDA that TensorFlow is built for; None without a GPU.
    """

    cores: int | None
    platform: str
    processor: str
    python: str
    vendor: str
    level: str
    device_name: str
    driver: str | None = None
    cuda: str | None = None

    def same_bits(self, numerics: Numerics) -> str:
        """The processors that give a run the same bits as this machine's: with a GPU, none that could be named."""
        if self.cuda:  # XLA picks a GPU's kernels by timing them
            return f"{_NONE} ({self.device_name})"
        if numerics == "portable" and self.level != "v2":
            return "any x86-64-v3"
        return f"{self.vendor} x86-64-{self.level}"


def bits_are_promised(processor: str) -> bool:
    """Whether what `Machine.same_bits` gives promises any."""
    return not processor.startswith(_NONE)


def this_machine(device: Resolved = "cpu") -> Machine:
    """Raises Failed where the device is a GPU and there is none."""
    flags, processor = set(_cpuinfo("flags").split()), _cpuinfo("model name")
    trains: dict[str, Any] = {"device_name": processor}
    if device == "gpu":
        card = gpu()
        trains = {"device_name": card.name, "driver": card.driver, "cuda": card.cuda}
    return Machine(
        **trains,
        cores=os.cpu_count(),
        platform=platform.platform(),
        processor=processor,
        python=platform.python_version(),
        vendor=_cpuinfo("vendor_id"),
        level="v4" if "avx512vl" in flags else "v3" if {"avx2", "fma"} <= flags else "v2",
    )


def _cpuinfo(key: str) -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith(key):
            return line.partition(":")[2].strip()
    return "unknown"
