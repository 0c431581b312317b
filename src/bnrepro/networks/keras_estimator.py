"""The network as an estimator built of Keras layers: the layer is there, but somebody has to run its updates.

estimator = build_estimator(architecture, learning_rate=0.1)
estimator.train(input_fn)      # input_fn yields ({"pixels": images}, labels)
"""

import tensorflow as tf

import bnrepro.estimators  # noqa: F401 (tf.estimator)
from bnrepro.networks.parameters import Architecture


def build_estimator(
    architecture: Architecture,
    learning_rate: float,
    model_dir: str | None = None,
    config: tf.estimator.RunConfig | None = None,
    run_updates: bool = True,
) -> tf.estimator.Estimator:
    """An estimator whose feature `pixels` is an image [batch, inputs].

    `run_updates=False` makes the mistake that this file warns of, to show what comes of it.
    """
    params = {"architecture": architecture, "learning_rate": learning_rate, "run_updates": run_updates}
    return tf.estimator.Estimator(model_fn, model_dir=model_dir, config=config, params=params)


def model_fn(features, labels, mode, params) -> tf.estimator.EstimatorSpec:
    """The model function, with the `params` of `build_estimator`."""
    architecture: Architecture = params["architecture"]

    inputs = x = tf.keras.Input((architecture.inputs,))
    for layer in architecture.hidden_layers:
        x = tf.keras.layers.Dense(architecture.width, use_bias=not architecture.batch_norm, name=layer)(x)
        if architecture.batch_norm:
            x = tf.keras.layers.BatchNormalization(
                momentum=architecture.momentum, epsilon=architecture.epsilon, name=f"{layer}_bn"
            )(x)
        x = tf.keras.layers.Activation("sigmoid")(x)
    logits = tf.keras.layers.Dense(architecture.classes, name="logits")(x)

    model = tf.keras.Model(inputs, logits)
    logits = model(features["pixels"], training=mode == tf.estimator.ModeKeys.TRAIN)
    classes = tf.argmax(logits, axis=1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"logits": logits, "classes": classes})

    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)
    if mode == tf.estimator.ModeKeys.EVAL:
        accuracy = tf.keras.metrics.Accuracy()
        accuracy.update_state(labels, classes)
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops={"accuracy": accuracy})

    optimizer = tf.keras.optimizers.legacy.SGD(params["learning_rate"])
    optimizer.iterations = tf.compat.v1.train.get_or_create_global_step()
    minimize = optimizer.get_updates(loss, model.trainable_variables)
    # In a model function nothing runs the layers' updates: without these the moving averages would stay 0 and 1.
    updates = model.get_updates_for(None) + model.get_updates_for(features["pixels"])
    train_op = tf.group(minimize, updates if params["run_updates"] else [])
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def canonical_name(variable: str) -> str | None:
    """A variable's name in canonical form; None for one that is not the network's."""
    return variable.replace("_bn/", "/") if variable.startswith(("hidden_", "logits/")) else None
