"""Layers that Keras does not have, or not with random numbers that follow from a run's seed alone.

What they compute is in `bnrepro.networks.variants.layers`.
"""

import tensorflow as tf

from bnrepro.networks.variants import layers


class WeightNormDense(tf.keras.layers.Layer):
    """A dense layer with weight normalization: `kernel` [in, units] has directions, `scale` [units] lengths."""

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight("kernel", [input_shape[-1], self.units])
        self.scale = self.add_weight("scale", [self.units])
        self.bias = self.add_weight("bias", [self.units])

    def call(self, x):
        return tf.matmul(x, layers.weight_normalized(self.kernel, self.scale)) + self.bias


class LayerNormalization(tf.keras.layers.Layer):
    """Every example by the mean and variance over the layer's own units.

    Keras' own layer runs a fused kernel whose reciprocal square root is each processor's own (`bnrepro.numerics`).
    """

    def __init__(self, epsilon: float, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape):
        self.gamma = self.add_weight("gamma", [input_shape[-1]], initializer="ones")
        self.beta = self.add_weight("beta", [input_shape[-1]], initializer="zeros")

    def call(self, x):
        return layers.layer_normalized(x, self.gamma, self.beta, self.epsilon)


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


class Dropout(_Seeded):
    """Sets a share `rate` of a layer's outputs to zero and scales the others, in training."""

    kind = layers.Dropout

    def __init__(self, rate: float, place: int, **kwargs):
        super().__init__(place, **kwargs)
        self.rate = rate

    def call(self, x, training=None):
        if not training:
            return x
        return self.kind.dropped(x, layers.kept(self.rate, *self.tick(), self.place, tf.shape(x)), self.rate)


class AlphaDropout(Dropout):
    """Dropout for SELU units."""

    kind = layers.AlphaDropout


class Noise(_Seeded):
    """Adds noise to what a layer's nonlinearity gets, in training."""

    def __init__(self, kind: str, place: int, relative: bool, **kwargs):
        super().__init__(place, **kwargs)
        self.kind = kind
        self.relative = relative

    def call(self, x, training=None):
        if not training:
            return x
        return layers.disturbed(x, layers.noise(self.kind, *self.tick(), self.place, tf.shape(x)), self.relative)
