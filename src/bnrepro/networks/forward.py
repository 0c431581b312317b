"""A network's forward pass from its parameters in canonical form, whoever trained it."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from bnrepro.networks.parameters import Architecture, Parameters
from bnrepro.networks.variants.layers import layer_normalized, noise, weight_normalized

Tensors = dict[str, tf.Tensor]
Statistics = dict[str, tuple[tf.Tensor, tf.Tensor]]  # layer: mean, variance
Normalize = Callable[[str, tf.Tensor], tf.Tensor]  # of a layer by name: batch normalization of [images, width]
Disturb = Callable[[int, tf.Tensor], tf.Tensor]  # of a layer by place: noise for [images, width]
Drop = Callable[[int, tf.Tensor], tf.Tensor]  # of a layer by place: [images, width] after dropout

_ACTIVATIONS = {"sigmoid": tf.sigmoid, "relu": tf.nn.relu, "selu": tf.nn.selu}


class Layer(NamedTuple):
    """What a hidden layer's nonlinearity gets, and what it gives: both [images, width]."""

    inputs: tf.Tensor
    outputs: tf.Tensor


class Gradients(NamedTuple):
    """What a step of training starts from.

    Attributes:
        loss: mean cross-entropy (nats), a scalar.
        by: the loss's gradient by every trained parameter.
        layers: the hidden ones.
        seen: the mini-batches' statistics, [mini-batches, width] each.
    """

    loss: tf.Tensor
    by: Tensors
    layers: list[Layer]
    seen: Statistics


class Forward:
    """The forward pass of one architecture. Dropout plays no part unless it is given: it is training's alone."""

    def __init__(self, architecture: Architecture):
        self.architecture = architecture

    def affine(self, parameters: Tensors, layer: str, x: tf.Tensor) -> tf.Tensor:
        """Products [images, width] with a layer's weights, plus its bias where it has one."""
        kernel = parameters[f"{layer}/kernel"]
        if f"{layer}/scale" in parameters:
            kernel = weight_normalized(kernel, parameters[f"{layer}/scale"])
        z = tf.matmul(x, kernel)
        return z + parameters[f"{layer}/bias"] if f"{layer}/bias" in parameters else z

    def logits(
        self, parameters: Tensors, first: tf.Tensor, normalize: Normalize, disturb: Disturb | None = None
    ) -> tf.Tensor:
        """Logits [images, classes] from the first layer's products [images, width]."""
        return self.whole(parameters, first, normalize, disturb)[0]

    def whole(
        self,
        parameters: Tensors,
        first: tf.Tensor,
        normalize: Normalize,
        disturb: Disturb | None = None,
        drop: Drop | None = None,
    ) -> tuple[tf.Tensor, list[Layer]]:
        """Logits [images, classes] and the hidden layers, from the first layer's products [images, width]."""
        network = self.architecture
        layers, x = [], first
        for place, layer in enumerate(network.hidden_layers):
            z = self.affine(parameters, layer, x) if place else first
            if network.batch_norm and network.placement == "before":
                z = normalize(layer, z)
            if network.normalization == "layer":
                z = layer_normalized(z, parameters[f"{layer}/gamma"], parameters[f"{layer}/beta"], network.epsilon)
            if disturb:
                z = z + disturb(place, z)
            x = _ACTIVATIONS[network.activation](z)
            layers.append(Layer(z, x))
            if network.batch_norm and network.placement == "after":
                x = normalize(layer, x)
            if drop:
                x = drop(place, x)
        return self.affine(parameters, "logits", x), layers

    def gradients(
        self,
        parameters: Tensors,
        inputs: tf.Tensor,
        labels: tf.Tensor,
        batch: int,
        disturb: Disturb | None = None,
        drop: Drop | None = None,
    ) -> Gradients:
        """Of the loss on `inputs` [images, pixels], each mini-batch of `batch` images normalized by itself."""
        trained = {name: value for name, value in parameters.items() if "/moving_" not in name}
        seen: Statistics = {}
        with tf.GradientTape() as tape:
            tape.watch(trained)
            watched = parameters | trained
            first = self.affine(watched, "hidden_1", inputs)
            by_batch = self.by_batch(watched, batch, seen)
            logits, layers = self.whole(watched, first, by_batch, disturb, drop)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        return Gradients(loss, tape.gradient(loss, trained), layers, seen)

    def noise(self, seed: tf.Tensor, step: tf.Tensor) -> Disturb | None:
        """The noise of a run's step (int64 scalars); None where the network has none."""
        kind = self.architecture.noise
        return None if kind == "none" else lambda place, z: noise(kind, seed, step, place, tf.shape(z))

    def by(self, parameters: Tensors, statistics: Statistics) -> Normalize:
        """Normalization by fixed statistics."""
        return lambda layer, z: self._normalized(parameters, layer, z, *statistics[layer])

    def by_batch(self, parameters: Tensors, batch: int, seen: Statistics | None = None) -> Normalize:
        """Normalization of each mini-batch of `batch` images by its own statistics.

        Args:
            seen: takes the statistics of every layer: means and variances [mini-batches, width].
        """
        width = self.architecture.width

        def normalize(layer: str, z: tf.Tensor) -> tf.Tensor:
            z = tf.reshape(z, [-1, batch, width])
            mean, variance = tf.nn.moments(z, axes=[1], keepdims=True)
            if seen is not None:
                seen[layer] = (mean[:, 0], variance[:, 0])
            return tf.reshape(self._normalized(parameters, layer, z, mean, variance), [-1, width])

        return normalize

    def moving_averages(self, parameters: Tensors) -> Statistics:
        """The statistics that training leaves; empty without batch normalization."""
        if not self.architecture.batch_norm:
            return {}
        return {
            layer: (parameters[f"{layer}/moving_mean"], parameters[f"{layer}/moving_variance"])
            for layer in self.architecture.hidden_layers
        }

    def data_dependent(self, parameters: Parameters, inputs: tf.Tensor) -> Parameters:
        """Weight normalization's start: lengths and biases that give every unit mean 0, variance 1 over a mini-batch.

        Salimans and Kingma 2016, arXiv:1602.07868, section 3 (equations 5 and 6). A unit that is the same for all
        images of the mini-batch keeps its length.

        Args:
            parameters: in canonical form, of a network with weight normalization.
            inputs: the mini-batch [images, pixels], in [0, 1].
        """
        tensors, x = tensors_of(parameters), inputs
        for layer in self.architecture.hidden_layers:
            directions = weight_normalized(tensors[f"{layer}/kernel"], tf.ones([self.architecture.width]))
            mean, variance = tf.nn.moments(tf.matmul(x, directions), axes=[0])
            lengths = tf.where(variance > 0, tf.math.divide_no_nan(1.0, tf.sqrt(variance)), tensors[f"{layer}/scale"])
            tensors |= {f"{layer}/scale": lengths, f"{layer}/bias": -mean * lengths}
            x = _ACTIVATIONS[self.architecture.activation](self.affine(tensors, layer, x))
        return {name: value.numpy() for name, value in tensors.items()}

    def _normalized(self, parameters: Tensors, layer: str, z: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor):
        """Algorithm 1's last two lines."""
        beta, gamma = parameters[f"{layer}/beta"], parameters[f"{layer}/gamma"]
        return tf.nn.batch_normalization(z, mean, variance, beta, gamma, self.architecture.epsilon)


def tensors_of(parameters: Parameters) -> Tensors:
    return {name: tf.constant(value) for name, value in parameters.items()}
