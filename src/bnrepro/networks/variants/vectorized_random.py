"""Random numbers in `tf.vectorized_map`: those of TensorFlow's kernels, for all runs of a stack in one operation.

There TensorFlow draws them run by run, and XLA by other generators. Importing this module registers how
`tf.random.stateless_uniform` is vectorized: by Philox 4x32-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405) in
integer arithmetic, which has the same bits on every device.
"""

from typing import Any

import tensorflow as tf
from tensorflow.python.ops.parallel_for.pfor import RegisterPFor, wrap

_ROUNDS = 10
_MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
_KEY_STEPS = 0x9E3779B9, 0xBB67AE85
_SCRAMBLING_KEY = 0x3EC8F720, 0x02461E29  # by which TensorFlow makes a key and a counter of a seed
_LOW = 0xFFFFFFFF

Words = list[tf.Tensor]  # uint64, each a number of 32 bits


def philox(counter: Words, key: Words) -> Words:
    """Four random words for every counter of four words and key of two; all are broadcast to one shape."""
    key = list(key)
    for _ in range(_ROUNDS):
        products = [_constant(factor) * word for factor, word in zip(_MULTIPLIERS, counter[::2], strict=True)]
        (low_0, high_0), (low_1, high_1) = map(_halves, products)
        counter = [_xor(high_1, counter[1], key[0]), low_1, _xor(high_0, counter[3], key[1]), low_0]
        key = [(word + _constant(step)) & _constant(_LOW) for word, step in zip(key, _KEY_STEPS, strict=True)]
    return counter


def keys_and_counters(seeds: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """TensorFlow's key and counter for every seed: uint64 [runs, 1] and [runs, 2] of int64 [runs, 2]."""
    words = tf.bitcast(seeds, tf.uint64)
    scrambled = philox([*_halves(words[:, 0]), *_halves(words[:, 1])], [_constant(word) for word in _SCRAMBLING_KEY])
    key, high = (scrambled[i] | tf.bitwise.left_shift(scrambled[i + 1], _constant(32)) for i in (0, 2))
    return key[:, None], tf.stack([tf.zeros_like(high), high], axis=1)


def uniform(shape: tf.Tensor, keys: tf.Tensor, counters: tf.Tensor) -> tf.Tensor:
    """Numbers in [0, 1), float32 [runs, *shape], that TensorFlow's kernel has for every key and counter.

    Args:
        shape: int [rank].
        keys, counters: as of `keys_and_counters`, whose counters begin at 0.
    """
    many = tf.reduce_prod(shape)
    place = tf.cast(tf.range((many + 3) // 4), tf.uint64)[None]  # four numbers for each
    words = tf.stack(philox([place, tf.zeros_like(place), *_halves(counters[:, 1:])], _halves(keys)), axis=-1)
    drawn = tf.reshape(tf.cast(words, tf.uint32), [tf.shape(keys)[0], -1])[:, :many]
    # Of each word 23 bits are the mantissa of a number in [1, 2).
    mantissa = (drawn & tf.constant(0x7FFFFF, tf.uint32)) | tf.constant(0x3F800000, tf.uint32)
    return tf.reshape(tf.bitcast(mantissa, tf.float32) - 1, tf.concat([tf.shape(keys)[:1], shape], 0))


def _constant(value: int) -> tf.Tensor:
    return tf.constant(value, tf.uint64)


def _halves(words: tf.Tensor) -> Words:
    """The lower and the upper 32 bits."""
    return [words & _constant(_LOW), tf.bitwise.right_shift(words, _constant(32))]


def _xor(*words: tf.Tensor) -> tf.Tensor:
    first, second, third = words
    return tf.bitwise.bitwise_xor(tf.bitwise.bitwise_xor(first, second), third)


@RegisterPFor("StatelessRandomGetKeyCounter")
def _convert_seed(pfor_input: Any) -> list[Any]:
    return [wrap(value, True) for value in keys_and_counters(pfor_input.stacked_input(0))]


@RegisterPFor("StatelessRandomUniformV2")
def _convert_uniform(pfor_input: Any) -> Any:
    keys, counters = pfor_input.stacked_input(1), pfor_input.stacked_input(2)
    return wrap(uniform(pfor_input.unstacked_input(0), keys, counters), True)
