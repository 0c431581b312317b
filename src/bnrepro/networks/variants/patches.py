"""Convolutions as products of matrices, for runs that train together.

With kernels that are each run's own there is no convolution that takes all runs at once but a grouped one. A product of
matrices has a batched form: each place of a feature map with its neighbors is a row, a kernel is a matrix. Rows take
`size` squared times the memory of the map.
"""

import copy
from dataclasses import dataclass, replace

import tensorflow as tf

from bnrepro.networks.layers import Layer, Pass, Tensors
from bnrepro.networks.network import Network
from bnrepro.networks.variants.feature_maps import Branches, Convolution


@dataclass(frozen=True)
class PatchConvolution(Convolution):
    """The same, of the same parameters, but for the order of its sums."""

    def __call__(self, parameters: Tensors, x: tf.Tensor, run: Pass) -> tf.Tensor:
        images, height, width, _ = tf.unstack(tf.shape(x))
        rows = tf.reshape(_neighbors(x, self.size), [-1, self.size**2 * self.channels_in])
        z = tf.matmul(rows, tf.reshape(parameters[self.kernel], [-1, self.channels]))
        z = tf.reshape(z, [images, height, width, self.channels])
        return z + parameters[f"{self.name}/bias"] if self.bias else z


def by_patches(network: Network) -> Network:
    """The same network, whose convolutions are products; itself, where it has none."""
    layers = tuple(map(_by_patches, network.layers))
    if layers == network.layers:
        return network
    same = copy.copy(network)
    same.layers = layers
    return same


def _by_patches(layer: Layer) -> Layer:
    if isinstance(layer, Branches):
        return replace(layer, branches=[[_by_patches(inner) for inner in branch] for branch in layer.branches])
    if isinstance(layer, Convolution):
        return PatchConvolution(**vars(layer))
    return layer


def _neighbors(x: tf.Tensor, size: int) -> tf.Tensor:
    """Every place with those around it, zeros beyond the edge: [images, height, width, size * size * channels]."""
    if size == 1:
        return x
    before = (size - 1) // 2
    height, width = x.shape[1:3]
    padded = tf.pad(x, [[0, 0], [before, size - 1 - before], [before, size - 1 - before], [0, 0]])
    shifts = [padded[:, i : i + height, j : j + width] for i in range(size) for j in range(size)]
    return tf.concat(shifts, axis=-1)
