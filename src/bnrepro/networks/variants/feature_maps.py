"""Layers of convolutional networks, as pure functions of feature maps [images, height, width, channels]."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from bnrepro.networks.layers import Layer, Pass, Tensors, deviation
from bnrepro.networks.parameters import Parameters
from bnrepro.study.factors import InitialWeights


@dataclass(frozen=True)
class Images(Layer):
    """Images [images, pixels] as feature maps of a `shape`: height, width, channels."""

    shape: tuple[int, int, int]

    every_pass_alike = True

    def __call__(self, parameters: Tensors, x: tf.Tensor, run: Pass) -> tf.Tensor:
        return tf.reshape(x, [-1, *self.shape])


@dataclass(frozen=True)
class Convolution(Layer):
    """Convolution with squares of `size` in steps of 1; the map keeps its height and width.

    Attributes:
        gain: of the initial weights' variance (`bnrepro.networks.layers.Dense`).
    """

    name: str
    size: int
    channels_in: int
    channels: int
    bias: bool = True
    gain: float = 1.0

    every_pass_alike = True

    @property
    def kernel(self) -> str:  # type: ignore[override]
        return f"{self.name}/kernel"

    def initial(self, rng: np.random.Generator, weights: InitialWeights) -> Parameters:
        places = self.size**2
        spread = deviation(weights, places * self.channels_in, places * self.channels, self.gain)
        kernel = spread * rng.standard_normal((self.size, self.size, self.channels_in, self.channels))
        bias = {f"{self.name}/bias": np.zeros(self.channels, np.float32)} if self.bias else {}
        return {self.kernel: kernel.astype(np.float32), **bias}

    def __call__(self, parameters: Tensors, x: tf.Tensor, run: Pass) -> tf.Tensor:
        z = tf.nn.conv2d(x, parameters[self.kernel], 1, "SAME")
        return z + parameters[f"{self.name}/bias"] if self.bias else z


@dataclass(frozen=True)
class MaxPool(Layer):
    """The largest of every square of `size`, in steps of `stride`, channel by channel."""

    size: int
    stride: int

    def __call__(self, parameters: Tensors, x: tf.Tensor, run: Pass) -> tf.Tensor:
        return tf.nn.max_pool2d(x, self.size, self.stride, "SAME")


@dataclass(frozen=True)
class Branches(Layer):
    """Side by side, each some layers one after another; their channels are concatenated."""

    branches: Sequence[Sequence[Layer]]

    @property
    def layers(self) -> Sequence[Layer]:  # type: ignore[override]
        return [layer for branch in self.branches for layer in branch]

    def __call__(self, parameters: Tensors, x: tf.Tensor, run: Pass) -> tf.Tensor:
        outputs = []
        for branch in self.branches:
            y = x
            for layer in branch:
                y = layer(parameters, y, run)
            outputs.append(y)
        return tf.concat(outputs, axis=-1)


class GlobalAverage(Layer):
    """The mean of every channel over all places: [images, channels]."""

    def __call__(self, parameters: Tensors, x: tf.Tensor, run: Pass) -> tf.Tensor:
        return tf.reduce_mean(x, axis=[1, 2])
