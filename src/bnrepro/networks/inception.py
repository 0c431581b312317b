"""The Inception network as a Keras model: batch normalization is a layer, and a channel has one mean and one variance.

model = build_model(architecture, learning_rate=0.05)
model.fit(images, labels, batch_size=32)

The layer stands between each convolution and its nonlinearity. It normalizes a channel over all images of a mini-batch
and all places of the feature map, and gives it one gamma and one beta (paper, section 3.2).
"""

from dataclasses import dataclass

import tensorflow as tf

import bnrepro.estimators  # noqa: F401 (tf.keras is Keras 2)
from bnrepro.networks.variants.keras_layers import Dropout
from bnrepro.study.factors import Activation, Normalization


@dataclass(frozen=True)
class Architecture:
    """A stem of one convolution, `depth` Inception modules with pooling before each, a global average, and softmax.

    Attributes:
        shape: height, width and channels of an image, which has as many `inputs`.
        depth: modules.
        width: channels of every convolution; a module gives four times as many.
        normalization: `none` or `batch`, before every nonlinearity.
        momentum, epsilon: of batch normalization (`bnrepro.networks.parameters.Architecture`).
        dropout: share of the averages before the softmax layer that are set to zero in training.
        l2: what the loss adds of every squared weight.
    """

    shape: tuple[int, int, int]
    inputs: int
    depth: int
    width: int
    classes: int
    normalization: Normalization
    activation: Activation
    momentum: float
    epsilon: float
    dropout: float
    l2: float


def build_model(architecture: Architecture, learning_rate: float) -> tf.keras.Model:
    """A compiled model from images [batch, inputs] to logits [batch, classes]."""
    batch_norm = architecture.normalization == "batch"
    regularizer = tf.keras.regularizers.L2(architecture.l2) if architecture.l2 else None

    def convolution(x: tf.Tensor, size: int, name: str) -> tf.Tensor:
        x = tf.keras.layers.Conv2D(
            architecture.width, size, padding="same", use_bias=not batch_norm, kernel_regularizer=regularizer, name=name
        )(x)
        if batch_norm:  # not fused, as in dense networks: the fused kernel's moving variance has the factor m/(m-1)
            x = tf.keras.layers.BatchNormalization(
                momentum=architecture.momentum, epsilon=architecture.epsilon, fused=False, name=f"{name}_bn"
            )(x)
        return tf.keras.layers.Activation(architecture.activation)(x)

    def module(x: tf.Tensor, name: str) -> tf.Tensor:
        pooled = tf.keras.layers.MaxPool2D(3, strides=1, padding="same")(x)
        one = convolution(x, 1, f"{name}_1x1")
        three = convolution(convolution(x, 1, f"{name}_3x3_reduce"), 3, f"{name}_3x3")
        double = convolution(x, 1, f"{name}_double_reduce")
        double = convolution(convolution(double, 3, f"{name}_double_1"), 3, f"{name}_double_2")
        return tf.keras.layers.Concatenate()([one, three, double, convolution(pooled, 1, f"{name}_pool")])

    inputs = tf.keras.Input((architecture.inputs,), name="pixels")
    x = convolution(tf.keras.layers.Reshape(architecture.shape)(inputs), 3, "stem")
    for place in range(1, architecture.depth + 1):
        x = module(tf.keras.layers.MaxPool2D(2, padding="same")(x), f"module_{place}")
    x = tf.keras.layers.GlobalAveragePooling2D()(x)
    if architecture.dropout:
        x = Dropout(architecture.dropout, place=0, name="dropout")(x)
    logits = tf.keras.layers.Dense(architecture.classes, kernel_regularizer=regularizer, name="logits")(x)

    model = tf.keras.Model(inputs, logits)
    model.compile(
        optimizer=tf.keras.optimizers.legacy.SGD(learning_rate, momentum=0.9),
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def canonical_name(variable: str) -> str | None:
    """A variable's name in canonical form; None for one that is not the network's."""
    return None if variable.endswith("/clock") else variable.replace("_bn/", "/")
