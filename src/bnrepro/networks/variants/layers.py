"""Layers beyond the lesson's, as pure functions of a network's parameters and of the random numbers of a step.

Keras draws dropout's masks from a generator of its own, whose state depends on what a process has built before. Here
they follow from the run's seed, the layer's place in the network and the step, by a counter-based generator. A run
repeats to the bit wherever it is trained, and a probe can draw the noise of any step again.
"""

import math
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from bnrepro.networks.layers import Activation, Dense, Layer, Pass, Tensors
from bnrepro.networks.parameters import Parameters
from bnrepro.study.factors import InitialWeights

_STREAMS = ("dropout", "mean", "deviation", "spread")  # of random numbers: one for each of these, place and seed
_MOST_PLACES = 10_000
_PERIOD = 1_000  # steps in which drifting noise goes to and fro
ALPHA = 1.7580993408473766  # of SELU: lambda times alpha (arXiv:1706.02515, section 2)


class Relu(Activation):
    def apply(self, x: tf.Tensor) -> tf.Tensor:
        return tf.nn.relu(x)

    def is_flat(self, x: tf.Tensor, y: tf.Tensor, share: float) -> tf.Tensor:
        return x <= 0


class Selu(Activation):
    def apply(self, x: tf.Tensor) -> tf.Tensor:
        return tf.nn.selu(x)

    def is_flat(self, x: tf.Tensor, y: tf.Tensor, share: float) -> tf.Tensor:
        return x < np.log(share).astype(np.float32)  # the slope falls as e^x from its steepest at 0


@dataclass(frozen=True)
class WeightNormDense(Layer):
    """A dense layer whose units have weights w = g v / ||v|| (Salimans and Kingma 2016, arXiv:1602.07868, equation 2).

    `<name>/kernel` [in, units] holds the directions v, `<name>/scale` [units] their lengths g. At first they make up
    the weights of a dense layer of the same seed.
    """

    name: str
    units_in: int
    units: int
    gain: float = 1.0

    every_pass_alike = True

    @property
    def kernel(self) -> str:  # type: ignore[override]
        return f"{self.name}/kernel"

    def initial(self, rng: np.random.Generator, weights: InitialWeights) -> Parameters:
        parameters = Dense(self.name, self.units_in, self.units, gain=self.gain).initial(rng, weights)
        scale = np.linalg.norm(parameters[self.kernel], axis=0).astype(np.float32)
        return {**parameters, f"{self.name}/scale": scale}

    def __call__(self, parameters: Tensors, x: tf.Tensor, run: Pass) -> tf.Tensor:
        weights = weight_normalized(parameters[self.kernel], parameters[f"{self.name}/scale"])
        return tf.matmul(x, weights) + parameters[f"{self.name}/bias"]

    def fitted(self, parameters: Tensors, x: tf.Tensor) -> Tensors:
        """Lengths and biases with which every unit has mean 0 and variance 1 over a mini-batch `x` [images, in].

        Salimans and Kingma 2016, section 3 (equations 5 and 6). A unit that is the same for all images of the
        mini-batch keeps its length.
        """
        directions = weight_normalized(parameters[self.kernel], tf.ones([self.units]))
        mean, variance = tf.nn.moments(tf.matmul(x, directions), axes=[0])
        scale = parameters[f"{self.name}/scale"]
        lengths = tf.where(variance > 0, tf.math.divide_no_nan(1.0, tf.sqrt(variance)), scale)
        return {f"{self.name}/scale": lengths, f"{self.name}/bias": -mean * lengths}


def weight_normalized(kernel: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    """The weights [in, units] of which `kernel` [in, units] has the directions and `scale` [units] the lengths."""
    # With `/` the graph optimizer would make an approximate instruction of it (`bnrepro.numerics`).
    return kernel * tf.math.divide_no_nan(scale, tf.sqrt(tf.reduce_sum(kernel**2, axis=0)))


@dataclass(frozen=True)
class LayerNorm(Layer):
    """Every example by its mean and variance over the layer's units (Ba et al. 2016, arXiv:1607.06450, equation 3)."""

    name: str
    units: int
    epsilon: float

    def initial(self, rng: np.random.Generator, weights: InitialWeights) -> Parameters:
        start = {"gamma": 1, "beta": 0}
        return {f"{self.name}/{name}": np.full(self.units, value, np.float32) for name, value in start.items()}

    def __call__(self, parameters: Tensors, x: tf.Tensor, run: Pass) -> tf.Tensor:
        return layer_normalized(x, parameters[f"{self.name}/gamma"], parameters[f"{self.name}/beta"], self.epsilon)


def layer_normalized(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: float) -> tf.Tensor:
    """`x` [examples, units] with mean 0 and variance 1 over the units of every example, times gamma, plus beta."""
    mean, variance = tf.nn.moments(x, axes=[1], keepdims=True)
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)


@dataclass(frozen=True)
class Noise(Layer):
    """Adds `noise` in training, and where a probe looks at a step of training (after arXiv:1805.11604, section 2.1).

    Attributes:
        relative: to what a unit's inputs deviate by (`disturbed`).
    """

    kind: str
    place: int
    relative: bool

    training_only = True

    def __call__(self, parameters: Tensors, x: tf.Tensor, run: Pass) -> tf.Tensor:
        if run.clock is None:
            return x
        return disturbed(x, noise(self.kind, *run.clock, self.place, tf.shape(x)), self.relative)


def disturbed(x: tf.Tensor, noise: tf.Tensor, relative: bool) -> tf.Tensor:
    """`x` [images, units] with noise of its shape added to it.

    Args:
        relative: of every unit, times its standard deviation over the images, which has no gradient. Batch
            normalization begins with deviations of 1; without it noise has to be told what is as much.
    """
    if not relative:
        return x + noise
    _, variance = tf.nn.moments(x, axes=[0])
    return x + tf.stop_gradient(tf.sqrt(variance)) * noise


@dataclass(frozen=True)
class Dropout(Layer):
    """Sets a share `rate` of a layer's outputs to zero and scales the others, in training."""

    rate: float
    place: int

    training_only = True

    def __call__(self, parameters: Tensors, x: tf.Tensor, run: Pass) -> tf.Tensor:
        if not run.dropout or run.clock is None:
            return x
        return self.dropped(x, kept(self.rate, *run.clock, self.place, tf.shape(x)), self.rate)

    @staticmethod
    def dropped(x: tf.Tensor, kept: tf.Tensor, rate: float) -> tf.Tensor:
        """Outputs [examples, units] with those that are not `kept` set to zero, the others scaled."""
        return tf.where(kept, x / (1 - rate), 0.0)


class AlphaDropout(Dropout):
    """Dropout to SELU's lower limit, mean and variance kept (Klambauer et al. 2017, arXiv:1706.02515, section 2)."""

    @staticmethod
    def dropped(x: tf.Tensor, kept: tf.Tensor, rate: float) -> tf.Tensor:
        a = ((1 - rate) * (1 + rate * ALPHA**2)) ** -0.5
        return a * tf.where(kept, x, -ALPHA) + a * ALPHA * rate


def kept(rate: float, seed: tf.Tensor, step: tf.Tensor, place: int, shape: tf.Tensor) -> tf.Tensor:
    """Which outputs of a layer dropout keeps at a step: bool [examples, units]. Arguments as of `noise`."""
    return _uniform("dropout", seed, step, place, shape) >= rate


def noise(kind: str, seed: tf.Tensor, step: tf.Tensor, place: int, shape: tf.Tensor) -> tf.Tensor:
    """Noise [examples, units]: a mean in (-1, 1), and around it a standard deviation in (0, 1) that is a unit's own.

    `shifting`: mean and deviation are the unit's own, and drawn anew at every step, so that the distribution of its
    input jumps from step to step. `drifting`: they are the unit's own, and go evenly to and fro through their ranges,
    there and back in 1,000 steps. `steady`: the mean is each example's own, the deviation the same at all steps. Over
    training all are as much noise.

    Args:
        seed, step: int64 scalars.
        place: the hidden layer's, from 0.
        shape: int32 [2].
    """
    unit, start = [1, shape[1]], tf.zeros_like(step)
    mean = _uniform("mean", seed, start if kind == "drifting" else step, place, shape if kind == "steady" else unit)
    deviation = _uniform("deviation", seed, step if kind == "shifting" else start, place, unit)
    if kind == "drifting":
        mean, deviation = _to_and_fro(mean, step), _to_and_fro(deviation, step)
    mean = 2 * mean - 1
    spread = math.sqrt(3) * (2 * _uniform("spread", seed, step, place, shape) - 1)  # of variance 1
    return mean + deviation * spread


def _to_and_fro(start: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """What goes evenly from 0 to 1 and back in `_PERIOD` steps: uniform in [0, 1] at any step where `start` is."""
    phase = start + tf.cast(step % _PERIOD, tf.float32) * np.float32(1 / _PERIOD)
    return tf.abs(2 * (phase - tf.floor(phase)) - 1)


def _uniform(kind: str, seed: tf.Tensor, step: tf.Tensor, place: int, shape) -> tf.Tensor:
    """Random numbers in [0, 1) that follow from what is given."""
    stream = (seed * _MOST_PLACES + place) * len(_STREAMS) + _STREAMS.index(kind)
    return tf.random.stateless_uniform(shape, tf.stack([stream, step]))
