"""Which arithmetic a process uses: `portable`, the same bits on every x86-64 processor with AVX2, or `fast`.

TensorFlow picks instructions by the processor it finds, in three places that a run goes through:

- oneDNN's kernels, which do the matrix products. `portable` caps them at AVX2.
- The reciprocal square root in `tf.nn.batch_normalization`, by which every batch normalization divides. Eigen takes it
  from an approximate instruction, whose last bits are each maker's own. `portable` divides by the square root instead:
  IEEE 754 fixes both operations to the last bit.
- XLA, which compiles for the processor at hand. Only `fast` uses it. XLA can be held to AVX2 too, but it rounds
  otherwise than the sessions that estimators train in: Keras and custom estimators would no longer agree to the bit.

What is left is compiled into TensorFlow, and so the same everywhere. The networks know nothing of this.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bnrepro.errors import BadInput, Failed
from bnrepro.processor import this_processor
from bnrepro.study.factors import Numerics

TENSORFLOW = "2.21.0"
# oneDNN reads the first name, and the second, its older one, only where the first is not set.
_CAPS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")
_ONE_THREAD = "--xla_cpu_multi_thread_eigen=false"
_in_use: Numerics | None = None


def resolve(numerics: Numerics) -> Numerics:
    """What `numerics` stands for on this machine: off x86-64 nobody promises bits, and `portable` is `fast`.

    Raises:
        BadInput: `portable` on an x86-64 processor without AVX2.
    """
    processor = this_processor()
    if numerics == "fast" or not processor.is_x86:
        return "fast"
    if not processor.has_avx2:
        raise BadInput(f"numerics: portable needs AVX2 and FMA, which {processor.name} lacks: set numerics: fast")
    return "portable"


def use(numerics: Numerics) -> None:
    """Choose this process's arithmetic, and import TensorFlow. Call it before TensorFlow computes: oneDNN looks once.

    Raises:
        BadInput: as `resolve`; or TensorFlow is not the version that this package is written for.
        Failed: the process has used the other arithmetic.
    """
    global _in_use
    if _in_use == numerics:
        return
    if _in_use is not None:
        raise Failed(f"this process has computed with numerics: {_in_use}; {numerics} needs a process of its own")
    portable = resolve(numerics) == "portable"
    for name in (*_CAPS, "XLA_FLAGS", "TF_XLA_FLAGS"):
        os.environ.pop(name, None)
    if portable:
        os.environ.update(dict.fromkeys(_CAPS, "AVX2"))
    else:
        os.environ["XLA_FLAGS"] = _ONE_THREAD
    _import_tensorflow()
    if portable:
        _divide_by_square_roots()
    _in_use = numerics


def uses_xla(numerics: Numerics) -> bool:
    """Whether graphs are compiled for the processor at hand."""
    return resolve(numerics) == "fast"


def _import_tensorflow() -> None:
    with _quiet():
        import tensorflow as tf
    if tf.__version__ != TENSORFLOW:
        raise BadInput(
            f"TensorFlow {tf.__version__} is installed ({os.path.dirname(tf.__file__)}), {TENSORFLOW} is needed: "
            "run make environment"
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing reaches stderr. TensorFlow tells of oneDNN and of missing GPUs as it loads, whatever log level is set.

    What goes wrong is an exception still.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _divide_by_square_roots() -> None:
    import tensorflow as tf
    from tensorflow.python.ops import math_ops

    # Where `/` divides by a square root, the graph optimizer would bring the reciprocal square root back.
    math_ops.rsqrt = lambda x, name=None: tf.math.divide_no_nan(1.0, tf.sqrt(x), name=name)
