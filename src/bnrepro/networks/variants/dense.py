"""The dense network as studies vary it, as a Keras model and as a pure function: other normalizations and activations,
batch normalization after the nonlinearity, dropout, noise.

`network` and `build_model` compose the same layers in the same order.
"""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

import bnrepro.estimators  # noqa: F401 (tf.keras is Keras 2)
from bnrepro.networks import parameters
from bnrepro.networks.layers import BatchNorm, Dense, Layer, Pass, Sigmoid
from bnrepro.networks.network import Network, tensors_of
from bnrepro.networks.parameters import Parameters
from bnrepro.networks.statistics import Fixed
from bnrepro.networks.variants import keras_layers, layers
from bnrepro.study.factors import Activation, InitialWeights, Noise

_ACTIVATIONS = {"sigmoid": Sigmoid(), "relu": layers.Relu(), "selu": layers.Selu()}
_GAINS = {"sigmoid": 1.0, "relu": 2.0, "selu": 1.0}  # of weights scaled by their number: LeCun's, and He's for ReLU


@dataclass(frozen=True)
class Architecture(parameters.Architecture):
    """A dense network beyond the lesson's.

    Attributes:
        activation: of the hidden units.
        dropout: share of a hidden layer's outputs that are set to zero in training (to SELU's limit with `self`).
        noise: added to what nonlinearities get in training (`bnrepro.networks.variants.layers`).
    """

    activation: Activation = "sigmoid"
    dropout: float = 0.0
    noise: Noise = "none"

    @property
    def noise_is_relative(self) -> bool:
        """Whether noise has to be scaled by what it is added to, which batch normalization before it does itself."""
        return not (self.batch_norm and self.placement == "before")


class DataDependent(Network):
    """Weight normalization, which starts from the first mini-batch (`bnrepro.networks.variants.layers`)."""

    def initial(self, weights: InitialWeights, seed: int, images: np.ndarray | None = None) -> Parameters:
        start = super().initial(weights, seed)
        if images is None:
            return start
        tensors, x, run = tensors_of(start), tf.constant(images), Pass(Fixed({}))
        for layer in self.layers:
            if isinstance(layer, layers.WeightNormDense):
                tensors |= layer.fitted(tensors, x)
            x = layer(tensors, x, run)
        return {name: value.numpy() for name, value in tensors.items()}


def network(architecture: Architecture) -> Network:
    """The network as a pure function of its parameters."""
    inputs, width, activation = architecture.inputs, architecture.width, architecture.activation
    composed: list[Layer] = []
    for place, name in enumerate(architecture.hidden_layers):
        batch_norm = BatchNorm(name, width, architecture.momentum, architecture.epsilon)
        if architecture.normalization == "weight":
            composed.append(layers.WeightNormDense(name, inputs, width, _GAINS[activation]))
        else:
            composed.append(Dense(name, inputs, width, architecture.hidden_bias, _GAINS[activation]))
        if architecture.batch_norm and architecture.placement == "before":
            composed.append(batch_norm)
        if architecture.normalization == "layer":
            composed.append(layers.LayerNorm(name, width, architecture.epsilon))
        if architecture.noise != "none":
            composed.append(layers.Noise(architecture.noise, place, architecture.noise_is_relative))
        composed.append(_ACTIVATIONS[activation])
        if architecture.batch_norm and architecture.placement == "after":
            composed.append(batch_norm)
        if architecture.dropout:
            dropout = layers.AlphaDropout if architecture.normalization == "self" else layers.Dropout
            composed.append(dropout(architecture.dropout, place))
        inputs = width
    composed.append(Dense("logits", inputs, architecture.classes))
    return DataDependent(composed) if architecture.normalization == "weight" else Network(composed)


def build_model(architecture: Architecture, learning_rate: float) -> tf.keras.Model:
    """A compiled model from images [batch, inputs] to logits [batch, classes]."""

    def batch_norm(layer: str) -> tf.keras.layers.Layer:
        return tf.keras.layers.BatchNormalization(
            momentum=architecture.momentum, epsilon=architecture.epsilon, name=f"{layer}_bn"
        )

    inputs = x = tf.keras.Input((architecture.inputs,))
    for place, layer in enumerate(architecture.hidden_layers):
        if architecture.normalization == "weight":
            x = keras_layers.WeightNormDense(architecture.width, name=layer)(x)
        else:
            x = tf.keras.layers.Dense(architecture.width, use_bias=architecture.hidden_bias, name=layer)(x)
        if architecture.batch_norm and architecture.placement == "before":
            x = batch_norm(layer)(x)
        if architecture.normalization == "layer":
            x = keras_layers.LayerNormalization(architecture.epsilon, name=f"{layer}_ln")(x)
        if architecture.noise != "none":
            relative = architecture.noise_is_relative
            x = keras_layers.Noise(architecture.noise, place, relative, name=f"{layer}_noise")(x)
        x = tf.keras.layers.Activation(architecture.activation)(x)
        if architecture.batch_norm and architecture.placement == "after":
            x = batch_norm(layer)(x)
        if architecture.dropout:
            dropout = keras_layers.AlphaDropout if architecture.normalization == "self" else keras_layers.Dropout
            x = dropout(architecture.dropout, place, name=f"{layer}_dropout")(x)
    model = tf.keras.Model(inputs, tf.keras.layers.Dense(architecture.classes, name="logits")(x))
    model.compile(
        optimizer=tf.keras.optimizers.legacy.SGD(learning_rate),
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def canonical_name(variable: str) -> str | None:
    """A variable's name in canonical form; None for one that is not the network's."""
    return None if variable.endswith("/clock") else variable.replace("_bn/", "/").replace("_ln/", "/")
