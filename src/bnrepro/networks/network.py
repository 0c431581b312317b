"""A network as a pure function of its parameters, whoever trained them: what is measured, and what trains in stacks.

The evaluator, the probe and the stacked loop know a network as this class has it. A kind of network is a function that
composes one of layers (`bnrepro.networks.dense`), beside the Keras model that a user would write.
"""

from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from bnrepro.networks.layers import BatchNorm, Hidden, Layer, Pass, Statistics, Tensors
from bnrepro.networks.parameters import Parameters
from bnrepro.networks.statistics import ByBatch, Fixed
from bnrepro.study.factors import InitialWeights

_WEIGHTS = 0  # the stream of random numbers that initial weights take; batches take another


class Gradients(NamedTuple):
    """What a step of training starts from.

    Attributes:
        loss: mean cross-entropy (nats), a scalar.
        by: the loss's gradient by every trained parameter.
        hidden: the nonlinearities' inputs and outputs.
        seen: the mini-batches' statistics, [mini-batches, channels] each.
    """

    loss: tf.Tensor
    by: Tensors
    hidden: list[Hidden]
    seen: Statistics


class Network:
    """Layers, one after another, from images [images, ...] to logits [images, classes].

    Attributes:
        layers: in order.
        normalizations: the batch normalizations among them, at whatever depth, in order.
        kernels: the names of their weights, in order; the last is the softmax layer's.
    """

    def __init__(self, layers: Iterable[Layer]):
        self.layers = tuple(layers)
        self.normalizations = [layer for layer in _walk(self.layers) if isinstance(layer, BatchNorm)]
        self.kernels = [layer.kernel for layer in _walk(self.layers) if layer.kernel]
        self._first = len(list(takewhile(lambda layer: layer.every_pass_alike, self.layers)))

    def initial(self, weights: InitialWeights, seed: int, images: np.ndarray | None = None) -> Parameters:
        """The start of a run: kernels normally distributed around 0; biases 0; gamma 1, beta 0; averages 0 and 1.

        Kernels depend on the seed and the layers' sizes alone, so that runs with and without normalization start from
        the same weights.

        Args:
            weights: the kernels' standard deviation, or the scheme that gives it (`bnrepro.networks.layers.deviation`);
                None: He's for ReLU units, LeCun's for others.
            images: float32 [batch, pixels] in [0, 1], the run's first mini-batch. Some networks start from it.

        Returns:
            The canonical form (`bnrepro.networks.parameters`).
        """
        rng = np.random.default_rng([seed, _WEIGHTS])
        parameters: Parameters = {}
        for layer in self.layers:
            parameters |= layer.initial(rng, weights)
        return parameters

    def first(self, parameters: Tensors, images: tf.Tensor) -> tf.Tensor:
        """What the first layers give [images, ...], those that give the same in every pass over `images`.

        All modes of evaluation share it. In a dense network it is the first layer's products: most of the work.
        """
        run, x = Pass(Fixed({})), images
        for layer in self.layers[: self._first]:
            x = layer(parameters, x, run)
        return x

    def rest(self, parameters: Tensors, first: tf.Tensor, run: Pass) -> tf.Tensor:
        """Logits [images, classes] in a pass, from what `first` gives, or from some of its rows."""
        x = first
        for layer in self.layers[self._first :]:
            x = layer(parameters, x, run)
        return x

    def gradients(
        self,
        parameters: Tensors,
        images: tf.Tensor,
        labels: tf.Tensor,
        batch: int,
        clock: tuple[tf.Tensor, tf.Tensor] | None = None,
        dropout: bool = False,
    ) -> Gradients:
        """Of the loss on images [images, pixels] in [0, 1], each mini-batch of `batch` images normalized by itself.

        Args:
            clock, dropout: as of `Pass`.
        """
        trained = self.trained(parameters)
        normalizer = ByBatch(batch)
        run = Pass(normalizer, clock, dropout)
        with tf.GradientTape() as tape:
            tape.watch(trained)
            watched = parameters | trained
            logits = self.rest(watched, self.first(watched, images), run)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        return Gradients(loss, tape.gradient(loss, trained), run.hidden, normalizer.seen)

    def trained(self, parameters: Tensors) -> Tensors:
        """Those of the parameters that have a gradient: all but the moving averages."""
        averages = {name for layer in self.normalizations for name in layer.averages}
        return {name: value for name, value in parameters.items() if name not in averages}

    def moving_averages(self, parameters: Tensors) -> Statistics:
        """The statistics that training leaves; empty without batch normalization."""
        return {
            layer.name: (parameters[layer.averages[0]], parameters[layer.averages[1]]) for layer in self.normalizations
        }

    def updated_averages(self, parameters: Tensors, seen: Statistics) -> Tensors:
        """The moving averages after a step whose mini-batch had the statistics `seen` [1, channels]."""
        return {
            name: parameters[name] - (parameters[name] - value[0]) * (1 - layer.momentum)
            for layer in self.normalizations
            for name, value in zip(layer.averages, seen[layer.name], strict=True)
        }

    def before(self, kernel: str) -> set[str]:
        """The names of the parameters of the layers before the one that has this kernel."""
        in_order = list(self.initial(1.0, seed=0))
        return set(in_order[: in_order.index(kernel)])


def tensors_of(parameters: Parameters) -> Tensors:
    return {name: tf.constant(value) for name, value in parameters.items()}


def _walk(layers: Iterable[Layer]) -> Iterator[Layer]:
    for layer in layers:
        yield layer
        yield from _walk(layer.layers)
