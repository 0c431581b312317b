"""The network as a Keras model: batch normalization is a layer, and Keras does the rest.

model = build_model(architecture, learning_rate=0.1)
model.fit(images, labels, batch_size=60)
"""

import tensorflow as tf

import bnrepro.estimators  # noqa: F401 (tf.keras is Keras 2)
from bnrepro.networks.parameters import Architecture


def build_model(architecture: Architecture, learning_rate: float) -> tf.keras.Model:
    """A compiled model from images [batch, inputs] to logits [batch, classes]."""
    inputs = x = tf.keras.Input((architecture.inputs,), name="pixels")
    for layer in architecture.hidden_layers:
        x = tf.keras.layers.Dense(architecture.width, use_bias=not architecture.batch_norm, name=layer)(x)
        if architecture.batch_norm:
            x = tf.keras.layers.BatchNormalization(
                momentum=architecture.momentum, epsilon=architecture.epsilon, name=f"{layer}_bn"
            )(x)
        x = tf.keras.layers.Activation("sigmoid")(x)
    logits = tf.keras.layers.Dense(architecture.classes, name="logits")(x)

    model = tf.keras.Model(inputs, logits)
    # `Model.fit` calls the network with training=True and updates the moving averages; all else calls it without.
    model.compile(
        optimizer=tf.keras.optimizers.legacy.SGD(learning_rate),
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def canonical_name(variable: str) -> str | None:
    """A variable's name in canonical form; None for one that is not the network's."""
    return variable.replace("_bn/", "/")
