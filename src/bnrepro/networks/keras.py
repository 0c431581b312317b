"""The network as a Keras model: batch normalization is a layer before each nonlinearity.

model = build_model(architecture, learning_rate=0.1)
model.fit(images, labels, batch_size=60)
"""

import tensorflow as tf

from bnrepro.networks.parameters import Architecture, Parameters


def build_model(architecture: Architecture, learning_rate: float) -> tf.keras.Model:
    """A compiled model from images [batch, inputs] to logits [batch, classes]."""

    def batch_norm(layer: str) -> tf.keras.layers.Layer:
        return tf.keras.layers.BatchNormalization(
            momentum=architecture.momentum, epsilon=architecture.epsilon, name=f"{layer}_bn"
        )

    inputs = x = tf.keras.Input((architecture.inputs,))
    for layer in architecture.hidden_layers:
        x = tf.keras.layers.Dense(architecture.width, use_bias=architecture.hidden_bias, name=layer)(x)
        if architecture.batch_norm and architecture.placement == "before":
            x = batch_norm(layer)(x)
        x = tf.keras.layers.Activation("sigmoid")(x)
        if architecture.batch_norm and architecture.placement == "after":  # as the canned estimator has it
            x = batch_norm(layer)(x)
    logits = tf.keras.layers.Dense(architecture.classes, name="logits")(x)
    model = tf.keras.Model(inputs, logits)
    model.compile(
        optimizer=tf.keras.optimizers.legacy.SGD(learning_rate),
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def load_parameters(model: tf.keras.Model, parameters: Parameters) -> None:
    """Give a model the parameters of a run (canonical form)."""
    variables = _variables(model)
    if variables.keys() != parameters.keys():
        raise ValueError(f"parameters do not fit the model: {sorted(variables.keys() ^ parameters.keys())}")
    for name, variable in variables.items():
        variable.assign(parameters[name])


def read_parameters(model: tf.keras.Model) -> Parameters:
    """A model's parameters in canonical form."""
    return {name: variable.numpy() for name, variable in _variables(model).items()}


def _variables(model: tf.keras.Model) -> dict[str, tf.Variable]:
    """Variables by canonical name: Keras calls them `hidden_1/kernel:0` and `hidden_1_bn/gamma:0`."""
    return {v.name.removesuffix(":0").replace("_bn/", "/"): v for v in model.variables}
