"""The network as a Keras model: batch normalization is a layer before each nonlinearity.

model = build_model(architecture, learning_rate=0.1)
model.fit(images, labels, batch_size=60)
"""

import tensorflow as tf

import bnrepro.estimators  # noqa: F401 (tf.keras is Keras 2)
from bnrepro.networks.parameters import Architecture, Parameters
from bnrepro.networks.variants import layers


def build_model(architecture: Architecture, learning_rate: float) -> tf.keras.Model:
    """A compiled model from images [batch, inputs] to logits [batch, classes]."""

    def batch_norm(layer: str) -> tf.keras.layers.Layer:
        return tf.keras.layers.BatchNormalization(
            momentum=architecture.momentum, epsilon=architecture.epsilon, name=f"{layer}_bn"
        )

    def dense(layer: str) -> tf.keras.layers.Layer:
        if architecture.normalization == "weight":
            return layers.WeightNormalizedDense(architecture.width, name=layer)
        return tf.keras.layers.Dense(architecture.width, use_bias=architecture.hidden_bias, name=layer)

    dropout = layers.AlphaDropout if architecture.normalization == "self" else layers.Dropout

    inputs = x = tf.keras.Input((architecture.inputs,))
    for place, layer in enumerate(architecture.hidden_layers):
        x = dense(layer)(x)
        if architecture.batch_norm and architecture.placement == "before":
            x = batch_norm(layer)(x)
        if architecture.normalization == "layer":
            x = layers.LayerNormalization(architecture.epsilon, name=f"{layer}_ln")(x)
        if architecture.noise != "none":
            x = layers.Noise(architecture.noise, place, name=f"{layer}_noise")(x)
        x = tf.keras.layers.Activation(architecture.activation)(x)
        if architecture.batch_norm and architecture.placement == "after":  # as the canned estimator has it
            x = batch_norm(layer)(x)
        if architecture.dropout:
            x = dropout(architecture.dropout, place, name=f"{layer}_dropout")(x)
    logits = tf.keras.layers.Dense(architecture.classes, name="logits")(x)
    model = tf.keras.Model(inputs, logits)
    model.compile(
        optimizer=tf.keras.optimizers.legacy.SGD(learning_rate),
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def load_parameters(model: tf.keras.Model, parameters: Parameters, seed: int = 0) -> None:
    """Give a model the parameters of a run (canonical form), and to layers that draw random numbers its seed."""
    variables = _variables(model)
    if variables.keys() != parameters.keys():
        raise ValueError(f"parameters do not fit the model: {sorted(variables.keys() ^ parameters.keys())}")
    for name, variable in variables.items():
        variable.assign(parameters[name])
    for clock in _clocks(model):
        clock.assign([seed, 0])


def read_parameters(model: tf.keras.Model) -> Parameters:
    """A model's parameters in canonical form."""
    return {name: variable.numpy() for name, variable in _variables(model).items()}


def _variables(model: tf.keras.Model) -> dict[str, tf.Variable]:
    """Variables by canonical name: Keras calls them `hidden_1/kernel:0` and `hidden_1_bn/gamma:0`."""
    clocks = {id(clock) for clock in _clocks(model)}
    named = {v.name.removesuffix(":0").replace("_bn/", "/").replace("_ln/", "/"): v for v in model.variables}
    return {name: variable for name, variable in named.items() if id(variable) not in clocks}


def _clocks(model: tf.keras.Model) -> list[tf.Variable]:
    return [layer.clock for layer in model.layers if hasattr(layer, "clock")]
