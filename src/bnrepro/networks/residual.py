"""The network with skip connections as a Keras model: batch normalization is a layer in each branch.

model = build_model(architecture, learning_rate=0.1)
model.fit(images, labels, batch_size=60)

Every hidden layer but the first is a branch, whose outputs are added to its inputs. Batch normalization stands before
the branch's nonlinearity. Nothing normalizes the sum, so that gradients pass it as they are.
"""

from dataclasses import dataclass

import tensorflow as tf

import bnrepro.estimators  # noqa: F401 (tf.keras is Keras 2)
from bnrepro.networks import parameters
from bnrepro.study.factors import Activation, Skip


@dataclass(frozen=True)
class Architecture(parameters.Architecture):
    """A dense network with a skip connection past every hidden layer but the first, whose inputs are images.

    Attributes:
        activation: of the hidden units.
        skip: `identity` adds what a layer gives to what it gets (He et al. 2016, arXiv:1512.03385, equation 1);
            `scaled` adds it divided by the square root of the depth.
    """

    activation: Activation
    skip: Skip

    @property
    def branch_scale(self) -> float:
        """What a layer's outputs are multiplied by where they are added."""
        return self.depth**-0.5 if self.skip == "scaled" else 1.0


def build_model(architecture: Architecture, learning_rate: float) -> tf.keras.Model:
    """A compiled model from images [batch, inputs] to logits [batch, classes]."""

    def hidden(x: tf.Tensor, layer: str) -> tf.Tensor:
        x = tf.keras.layers.Dense(architecture.width, use_bias=not architecture.batch_norm, name=layer)(x)
        if architecture.batch_norm:
            x = tf.keras.layers.BatchNormalization(
                momentum=architecture.momentum, epsilon=architecture.epsilon, name=f"{layer}_bn"
            )(x)
        return tf.keras.layers.Activation(architecture.activation)(x)

    inputs = tf.keras.Input((architecture.inputs,), name="pixels")
    first, *others = architecture.hidden_layers
    x = hidden(inputs, first)
    for layer in others:
        x = x + architecture.branch_scale * hidden(x, layer)
    logits = tf.keras.layers.Dense(architecture.classes, name="logits")(x)

    model = tf.keras.Model(inputs, logits)
    model.compile(
        optimizer=tf.keras.optimizers.legacy.SGD(learning_rate),
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def canonical_name(variable: str) -> str | None:
    """A variable's name in canonical form; None for one that is not the network's."""
    return variable.replace("_bn/", "/")
