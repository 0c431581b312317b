"""Portable numerics on other processors: the same bits under emulation, where Debian's qemu-user is installed."""

import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import get_args

import pytest

from bnrepro.processor import this_processor
from bnrepro.study.factors import Implementation

BIN = Path(sys.executable).parent

pytestmark = pytest.mark.slow

# Convolutions are slow to emulate: one module, few steps, and a width that the studies have.
INCEPTION = {"kind": "inception", "width": 8, "depth": 1, "activation": "relu", "learning_rate": 0.02}
INCEPTION |= {"steps": 4, "evaluate_every": 4}
RUNS = [  # implementation, normalization, and what else sets a run apart
    *((name, "batch", {}) for name in get_args(Implementation)),
    ("keras", "batch", {"optimizer": "adam"}),
    ("keras", "none", {"noise": "shifting"}),
    ("keras", "batch", INCEPTION | {"optimizer": "momentum", "l2": 0.001, "dropout": 0.4}),
    ("keras", "none", INCEPTION),
    ("keras", "batch", {"skip": "scaled", "activation": "relu", "steps": 4, "evaluate_every": 4}),
]
USUAL = {"depth": 2, "steps": 20, "evaluate_every": 10}
PROCESSORS = ["Haswell-noTSX", "EPYC"]
EMULATOR = shutil.which("qemu-x86_64")


def digests(digits, *emulated):
    """A line for every run, with a digest of all that it leaves."""
    command = [*emulated, sys.executable, "-W", "ignore", __file__]
    for _ in range(3):
        done = subprocess.run(command, capture_output=True, text=True, cwd=digits)
        if not emulated or done.returncode != -signal.SIGSEGV:
            break  # a crash of the emulator itself says nothing of bits: once more
    done.check_returncode()
    lines = done.stdout.splitlines()
    assert len(lines) == len(RUNS)
    return lines


@pytest.mark.skipif(EMULATOR is None, reason="qemu-x86_64 is not installed (Debian: apt install qemu-user)")
@pytest.mark.skipif(not this_processor().is_x86, reason="bits are promised for x86-64")
def test_runs_give_the_same_bits_on_emulated_processors(make_project, tmp_path):
    folder = make_project(tmp_path)
    for command in ("fetch", "prepare"):
        subprocess.run([BIN / "bnrepro", command, "digits"], cwd=folder, check=True)
    with ThreadPoolExecutor() as pool:
        emulated = pool.map(lambda processor: digests(folder, EMULATOR, "-cpu", processor), PROCESSORS)
        here = digests(folder)
        assert dict(zip(PROCESSORS, emulated, strict=True)) == dict.fromkeys(PROCESSORS, here)


def main():
    import hashlib

    from bnrepro.data import datasets
    from bnrepro.training.run import run
    from tests.networks.specs import run_spec

    dataset = datasets.load("digits")
    for name, normalization, changes in RUNS:
        result = run(run_spec(name, normalization, **USUAL | changes), dataset)
        arrays = [
            (key, value.tobytes()) for found in (result.parameters, result.layers) for key, value in found.items()
        ]
        print(
            name,
            *changes.values(),
            hashlib.sha256(repr((result.curve, result.final, sorted(arrays))).encode()).hexdigest(),
        )


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
