"""The machine that a run is made on, and which machines give the same bits."""

import os
import platform
from dataclasses import dataclass
from typing import Any

from bnrepro import reading
from bnrepro.device import gpu
from bnrepro.processor import this_processor
from bnrepro.study.factors import Numerics, Resolved

_NONE = "none"


@dataclass(frozen=True)
class Machine:
    """Where a run is made.

    Attributes:
        cores: of the whole machine.
        platform, processor, python: as they call themselves.
        vendor: the processor's maker.
        level: its instructions (`bnrepro.processor.Processor`).
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
            return f"{_NONE} ({reading.plain(self.device_name)})"
        if numerics == "portable" and self.level.startswith("x86-64"):
            return "any x86-64-v3"
        return f"{reading.plain(self.vendor)} {self.level}"


def bits_are_promised(processor: str) -> bool:
    """Whether what `Machine.same_bits` gives promises any."""
    return not processor.startswith(_NONE)


def this_machine(device: Resolved = "cpu") -> Machine:
    """Raises Failed where the device is a GPU and there is none."""
    processor = this_processor()
    trains: dict[str, Any] = {"device_name": processor.name}
    if device == "gpu":
        card = gpu()
        trains = {"device_name": card.name, "driver": card.driver, "cuda": card.cuda}
    return Machine(
        **trains,
        cores=os.cpu_count(),
        platform=platform.platform(),
        processor=processor.name,
        python=platform.python_version(),
        vendor=processor.vendor,
        level=processor.level,
    )


def cores() -> int:
    """How many cores this process may use: of its machine, by its affinity, by a container's quota of their time."""
    import loky

    return loky.cpu_count()
