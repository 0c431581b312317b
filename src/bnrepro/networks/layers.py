"""The layers of a network as pure functions of its parameters: those that the networks of the lesson are made of.

A layer that holds others, such as one with a skip connection, lists them in `layers`, in the order of their use.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from bnrepro.networks.parameters import Parameters
from bnrepro.study.factors import InitialWeights

Tensors = dict[str, tf.Tensor]  # parameters by name
Statistics = dict[str, tuple[tf.Tensor, tf.Tensor]]  # mean and variance [channels], by layer


class Normalizer(Protocol):
    """Where batch normalization has its statistics from: `bnrepro.networks.statistics`."""

    def normalize(self, layer: str, x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: float) -> tf.Tensor: ...


class Hidden(NamedTuple):
    """What a nonlinearity gets and what it gives, both [images, ..., channels]."""

    inputs: tf.Tensor
    outputs: tf.Tensor
    activation: "Activation"


@dataclass
class Pass:
    """One forward pass.

    Attributes:
        normalizer: the statistics of batch normalization.
        clock: the seed of a run and a step of its training (int64 scalars), which decide its random numbers. None
            outside training: nothing is drawn.
        dropout: whether dropout is on, which needs a clock.
        hidden: the nonlinearities that the pass went through, in order.
    """

    normalizer: Normalizer
    clock: tuple[tf.Tensor, tf.Tensor] | None = None
    dropout: bool = False
    hidden: list[Hidden] = field(default_factory=list)


class Layer:
    """A part of a network.

    Attributes:
        kernel: its weights' full name, None if it has none. Output channels are the weights' last axis.
        every_pass_alike: its outputs follow from inputs and parameters alone, and the pass keeps no record of them.
        training_only: outside training it gives its inputs.
        layers: those that it holds.
    """

    kernel: str | None = None
    every_pass_alike = False
    training_only = False
    layers: Sequence["Layer"] = ()

    def initial(self, rng: np.random.Generator, weights: InitialWeights) -> Parameters:
        """Its parameters at the start of a run: see `bnrepro.networks.network.Network.initial`."""
        parameters: Parameters = {}
        for layer in self.layers:
            parameters |= layer.initial(rng, weights)
        return parameters

    def __call__(self, parameters: Tensors, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """Its outputs [images, ...] in a pass `run`, from its inputs `x` [images, ...]."""
        raise NotImplementedError


def deviation(weights: InitialWeights, fan_in: int, fan_out: int, gain: float) -> float:
    """The standard deviation of a kernel's initial weights.

    Args:
        weights: it; or a scheme: `lecun` (LeCun et al. 1998), `glorot` (Glorot and Bengio 2010), `glorot_x4`, which the
            same authors' tutorials give sigmoids, `he` (He et al. 2015, arXiv:1502.01852); None: that of `gain`.
        fan_in, fan_out: weights that an output sums over, and outputs that an input goes to.
        gain: of the variance, by what the nonlinearity takes away: 1 as LeCun, 2 as He.
    """
    if weights is None:
        return np.sqrt(gain / fan_in)
    if not isinstance(weights, str):
        return weights
    variance = {
        "lecun": 1 / fan_in,
        "glorot": 2 / (fan_in + fan_out),
        "glorot_x4": 16 * 2 / (fan_in + fan_out),
        "he": 2 / fan_in,
    }
    return np.sqrt(variance[weights])


@dataclass(frozen=True)
class Dense(Layer):
    """Products with a matrix of weights, plus a bias.

    Attributes:
        units_in, units: inputs and outputs.
        gain: of the initial weights' variance, where their number decides it.
    """

    name: str
    units_in: int
    units: int
    bias: bool = True
    gain: float = 1.0

    every_pass_alike = True

    @property
    def kernel(self) -> str:  # type: ignore[override]
        return f"{self.name}/kernel"

    def initial(self, rng: np.random.Generator, weights: InitialWeights) -> Parameters:
        kernel = deviation(weights, self.units_in, self.units, self.gain) * rng.standard_normal(
            (self.units_in, self.units)
        )
        bias = {f"{self.name}/bias": np.zeros(self.units, np.float32)} if self.bias else {}
        return {self.kernel: kernel.astype(np.float32), **bias}

    def __call__(self, parameters: Tensors, x: tf.Tensor, run: Pass) -> tf.Tensor:
        z = tf.matmul(x, parameters[self.kernel])
        return z + parameters[f"{self.name}/bias"] if self.bias else z


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Batch normalization (paper, Algorithm 1) of every channel, the last axis, over all the others.

    Attributes:
        momentum: share of the old value that the moving averages keep at each step.
        epsilon: added to the variance.
    """

    name: str
    channels: int
    momentum: float
    epsilon: float

    @property
    def averages(self) -> tuple[str, str]:
        """The names of the moving averages: mean and variance."""
        return f"{self.name}/moving_mean", f"{self.name}/moving_variance"

    def initial(self, rng: np.random.Generator, weights: InitialWeights) -> Parameters:
        start = {"gamma": 1, "beta": 0, "moving_mean": 0, "moving_variance": 1}
        return {f"{self.name}/{name}": np.full(self.channels, value, np.float32) for name, value in start.items()}

    def __call__(self, parameters: Tensors, x: tf.Tensor, run: Pass) -> tf.Tensor:
        gamma, beta = parameters[f"{self.name}/gamma"], parameters[f"{self.name}/beta"]
        return run.normalizer.normalize(self.name, x, gamma, beta, self.epsilon)


class Activation(Layer):
    """A nonlinearity."""

    def __call__(self, parameters: Tensors, x: tf.Tensor, run: Pass) -> tf.Tensor:
        y = self.apply(x)
        run.hidden.append(Hidden(x, y, self))
        return y

    def apply(self, x: tf.Tensor) -> tf.Tensor:
        raise NotImplementedError

    def is_flat(self, x: tf.Tensor, y: tf.Tensor, share: float) -> tf.Tensor:
        """Where its slope is below a share of its steepest, given its inputs and outputs: bool, of their shape."""
        raise NotImplementedError


class Sigmoid(Activation):
    def apply(self, x: tf.Tensor) -> tf.Tensor:
        return tf.sigmoid(x)

    def is_flat(self, x: tf.Tensor, y: tf.Tensor, share: float) -> tf.Tensor:
        return y * (1 - y) < share / 4
