"""The device that runs are trained on: the processor, or a GPU that TensorFlow sees."""

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache

from bnrepro.errors import Failed
from bnrepro.study.factors import Device, Resolved

_GROWTH = "TF_FORCE_GPU_ALLOW_GROWTH"  # several processes share a card: each takes memory as it needs it
_in_use: tuple[Resolved, bool | None] | None = None


@dataclass(frozen=True)
class Gpu:
    """A GPU, as it calls itself; `driver`: None where `nvidia-smi` is missing; `cuda`: that TensorFlow is built for."""

    name: str
    driver: str | None
    cuda: str


def resolve(device: Device) -> Resolved:
    """The device that `auto` stands for here.

    Raises:
        Failed: a GPU is asked for, and there is none.
    """
    if device == "cpu":
        return "cpu"
    if gpu_is_seen():
        return "gpu"
    if device == "auto":
        return "cpu"
    raise Failed(
        "device: gpu, and TensorFlow sees none; nvidia-smi has to list one, and make environment EXTRA=gpu installs "
        "what TensorFlow needs"
    )


@cache
def gpu_is_seen() -> bool:
    """Whether TensorFlow sees a GPU here.

    A process of its own looks, since one that has looked takes a part of the GPU's memory.
    """
    code = "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"TensorFlow cannot be asked for GPUs: {(done.stderr.strip().splitlines() or ['no reason'])[-1]}")
    return int(done.stdout.split()[-1]) > 0


def use(device: Resolved, tf32: bool | None) -> None:
    """Choose this process's device. Call it after `numerics.use`, and before TensorFlow computes anything.

    Args:
        tf32: let a GPU round what it multiplies to ten bits of mantissa, which is faster.

    Raises:
        Failed: the process has used another one; or a GPU is asked for, and there is none.
    """
    global _in_use
    if _in_use == (device, tf32):
        return
    if _in_use is not None:
        used, wanted = (f"{name}, tf32: {rounding}" for name, rounding in (_in_use, (device, tf32)))
        raise Failed(f"this process has computed on device: {used}; {wanted} needs a process of its own")
    import tensorflow as tf

    if device == "cpu" and tf.config.list_physical_devices("GPU"):
        tf.config.set_visible_devices([], "GPU")
    if device == "gpu":
        gpu()  # which fails where there is none
        os.environ[_GROWTH] = "true"
        tf.config.experimental.enable_tensor_float_32_execution(bool(tf32))
    _in_use = device, tf32


def gpu() -> Gpu:
    """The GPU that this process trains on: TensorFlow's first.

    Raises:
        Failed: there is none.
    """
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    if not found:
        raise Failed("TensorFlow sees no GPU in this process")
    name = tf.config.experimental.get_device_details(found[0]).get("device_name", "unknown")
    return Gpu(name, _driver(), tf.sysconfig.get_build_info().get("cuda_version", "unknown"))


@cache
def _driver() -> str | None:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return None
