"""The processor of this machine: its maker, its name and the instructions that decide bits."""

import platform
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Processor:
    """A processor, as far as it decides bits.

    Attributes:
        name, vendor: as it calls itself.
        level: its instructions. `x86-64-v3` has AVX2 and FMA, `x86-64-v4` AVX-512 too, `x86-64-v2` neither; of another
            architecture its name, such as `aarch64` or `arm64`.
    """

    name: str
    vendor: str
    level: str

    @property
    def is_x86(self) -> bool:
        return self.level.startswith("x86-64")

    @property
    def has_avx2(self) -> bool:
        return self.level in ("x86-64-v3", "x86-64-v4")


@cache
def this_processor() -> Processor:
    machine = platform.machine()
    if platform.system() == "Darwin":
        return Processor(_sysctl("machdep.cpu.brand_string"), "Apple", machine)
    known = _cpuinfo()
    if machine != "x86_64":
        vendor = f"implementer {known.get('CPU implementer', _UNKNOWN)}"
        return Processor(known.get("model name", machine), vendor, machine)
    flags = set(known.get("flags", "").split())
    level = "v4" if "avx512vl" in flags else "v3" if {"avx2", "fma"} <= flags else "v2"
    return Processor(known.get("model name", _UNKNOWN), known.get("vendor_id", _UNKNOWN), f"x86-64-{level}")


def _cpuinfo() -> dict[str, str]:
    """What Linux tells of the first core."""
    first = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _sysctl(name: str) -> str:
    try:
        return subprocess.run(["sysctl", "-n", name], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return _UNKNOWN
