"""Which arithmetic a process uses: `portable`, the same bits on every x86-64 processor with AVX2, or `fast`.

TensorFlow picks instructions by the processor it finds, in three places that a run goes through:

- oneDNN's kernels, which do the matrix products. `portable` caps them at AVX2.
- The reciprocal square root in `tf.nn.batch_normalization`, by which every batch normalization divides. Eigen takes it
  from an approximate instruction, whose last bits are each maker's own. `portable` divides by the square root instead:
  IEEE 754 fixes both operations to the last bit.
- XLA, which compiles for the processor at hand and cannot be told otherwise in this version. Only `fast` uses it.

What is left is compiled into TensorFlow, and so the same everywhere. The four networks know nothing of this.
"""

import os

from bnrepro.errors import Failed
from bnrepro.params import Numerics

_CAP = "DNNL_MAX_CPU_ISA"
_in_use: Numerics | None = None


def use(numerics: Numerics) -> None:
    """Choose this process's arithmetic. Call it before TensorFlow computes anything: oneDNN looks once.

    Raises:
        Failed: the process has used the other one.
    """
    global _in_use
    if _in_use == numerics:
        return
    if _in_use is not None:
        raise Failed(f"this process has computed with numerics: {_in_use}; {numerics} needs a process of its own")
    _in_use = numerics
    if numerics == "portable":
        os.environ[_CAP] = "AVX2"
        _divide_by_square_roots()
    else:
        os.environ.pop(_CAP, None)


def _divide_by_square_roots() -> None:
    import tensorflow as tf
    from tensorflow.python.ops import math_ops

    # Where `/` divides by a square root, the graph optimizer would bring the reciprocal square root back.
    math_ops.rsqrt = lambda x, name=None: tf.math.divide_no_nan(1.0, tf.sqrt(x), name=name)
