"""Layers that Keras does not have, or not with random numbers that follow from a run's seed alone.

Keras draws dropout's masks from a generator of its own, whose state depends on what a process has built before. Here
they follow from the run's seed, the layer's place in the network and the step, by a counter-based generator: so that a
run repeats to the bit wherever it is trained, and a probe can draw the noise of any step again.
"""

import math

import tensorflow as tf

_STREAMS = ("dropout", "mean", "deviation", "spread")  # of random numbers: one for each of these, place and seed
_MOST_PLACES = 10_000
ALPHA = 1.7580993408473766  # of SELU: lambda times alpha (arXiv:1706.02515, section 2)


class WeightNormalizedDense(tf.keras.layers.Layer):
    """w = g v / ||v|| for every unit, y = x w + b (Salimans and Kingma 2016, arXiv:1602.07868, equation 2).

    `kernel` [in, units] holds the directions v, `scale` [units] their lengths g.
    """

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight("kernel", [input_shape[-1], self.units])
        self.scale = self.add_weight("scale", [self.units])
        self.bias = self.add_weight("bias", [self.units])

    def call(self, x):
        return tf.matmul(x, weight_normalized(self.kernel, self.scale)) + self.bias


def weight_normalized(kernel: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    """The weights [in, units] of which `kernel` [in, units] has the directions and `scale` [units] the lengths."""
    # With `/` the graph optimizer would make an approximate instruction of it (`bnrepro.numerics`).
    return kernel * tf.math.divide_no_nan(scale, tf.sqrt(tf.reduce_sum(kernel**2, axis=0)))


class LayerNormalization(tf.keras.layers.Layer):
    """Every example by the mean and variance over the layer's own units (Ba et al. 2016, arXiv:1607.06450, equation 3).

    Keras' own layer runs a fused kernel whose reciprocal square root is each processor's own (`bnrepro.numerics`).
    """

    def __init__(self, epsilon: float, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape):
        self.gamma = self.add_weight("gamma", [input_shape[-1]], initializer="ones")
        self.beta = self.add_weight("beta", [input_shape[-1]], initializer="zeros")

    def call(self, x):
        return layer_normalized(x, self.gamma, self.beta, self.epsilon)


def layer_normalized(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: float) -> tf.Tensor:
    """`x` [examples, units] with mean 0 and variance 1 over the units of every example, times gamma, plus beta."""
    mean, variance = tf.nn.moments(x, axes=[1], keepdims=True)
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)


class _Seeded(tf.keras.layers.Layer):
    """A layer that draws random numbers in training. Its `clock` holds the run's seed and the steps it has seen."""

    def __init__(self, place: int, **kwargs):
        """`place`: the hidden layer's, from 0."""
        super().__init__(**kwargs)
        self.place = place

    def build(self, input_shape):
        self.clock = self.add_weight("clock", [2], tf.int64, initializer="zeros", trainable=False)

    def tick(self) -> tuple[tf.Tensor, tf.Tensor]:
        """The run's seed, and how many steps were made before this one."""
        seed, step = self.clock[0], self.clock[1]
        self.clock.assign_add([0, 1])
        return seed, step


def kept(rate: float, seed: tf.Tensor, step: tf.Tensor, place: int, shape: tf.Tensor) -> tf.Tensor:
    """Which outputs of a layer dropout keeps at a step: bool [examples, units]. Arguments as of `noise`."""
    return _uniform("dropout", seed, step, place, shape) >= rate


def dropped(x: tf.Tensor, kept: tf.Tensor, rate: float) -> tf.Tensor:
    """Outputs [examples, units] with those that are not `kept` set to zero, the others scaled."""
    return tf.where(kept, x / (1 - rate), 0.0)


def alpha_dropped(x: tf.Tensor, kept: tf.Tensor, rate: float) -> tf.Tensor:
    """Dropout to SELU's lower limit, mean and variance kept (Klambauer et al. 2017, arXiv:1706.02515, section 2)."""
    a = ((1 - rate) * (1 + rate * ALPHA**2)) ** -0.5
    return a * tf.where(kept, x, -ALPHA) + a * ALPHA * rate


class Dropout(_Seeded):
    """Sets a share `rate` of a layer's outputs to zero and scales the others, in training."""

    dropped = staticmethod(dropped)

    def __init__(self, rate: float, place: int, **kwargs):
        super().__init__(place, **kwargs)
        self.rate = rate

    def call(self, x, training=None):
        if not training:
            return x
        return self.dropped(x, kept(self.rate, *self.tick(), self.place, tf.shape(x)), self.rate)


class AlphaDropout(Dropout):
    """Dropout for SELU units."""

    dropped = staticmethod(alpha_dropped)


class Noise(_Seeded):
    """Adds `noise` to a layer's normalized inputs, in training (after Santurkar et al. 2018, arXiv:1805.11604)."""

    def __init__(self, kind: str, place: int, **kwargs):
        super().__init__(place, **kwargs)
        self.kind = kind

    def call(self, x, training=None):
        return x + noise(self.kind, *self.tick(), self.place, tf.shape(x)) if training else x


def noise(kind: str, seed: tf.Tensor, step: tf.Tensor, place: int, shape: tf.Tensor) -> tf.Tensor:
    """Noise [examples, units]: a mean in (-1, 1), and around it a standard deviation in (0, 1) that is a unit's own.

    `shifting`: mean and deviation are the unit's own, and drawn anew at every step, so that the distribution of its
    input jumps from step to step. `steady`: the mean is each example's own, the deviation the same at all steps, which
    is as much noise over training, of a distribution that stays.

    Args:
        seed, step: int64 scalars.
        place: the hidden layer's, from 0.
        shape: int32 [2].
    """
    shifting, unit = kind == "shifting", [1, shape[1]]
    mean = 2 * _uniform("mean", seed, step, place, unit if shifting else shape) - 1
    deviation = _uniform("deviation", seed, step if shifting else tf.zeros_like(step), place, unit)
    spread = math.sqrt(3) * (2 * _uniform("spread", seed, step, place, shape) - 1)  # of variance 1
    return mean + deviation * spread


def _uniform(kind: str, seed: tf.Tensor, step: tf.Tensor, place: int, shape) -> tf.Tensor:
    """Random numbers in [0, 1) that follow from what is given."""
    stream = (seed * _MOST_PLACES + place) * len(_STREAMS) + _STREAMS.index(kind)
    return tf.random.stateless_uniform(shape, tf.stack([stream, step]))
