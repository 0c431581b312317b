"""The network as an estimator in core TensorFlow: a training flag, and update operations before each step.

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
    training = mode == tf.estimator.ModeKeys.TRAIN

    x = features["pixels"]
    for layer in architecture.hidden_layers:
        x = tf.compat.v1.layers.dense(x, architecture.width, use_bias=not architecture.batch_norm, name=layer)
        if architecture.batch_norm:
            x = tf.compat.v1.layers.batch_normalization(
                x, momentum=architecture.momentum, epsilon=architecture.epsilon, training=training, name=f"{layer}_bn"
            )
        x = tf.nn.sigmoid(x)
    logits = tf.compat.v1.layers.dense(x, architecture.classes, name="logits")

    classes = tf.argmax(logits, axis=1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"logits": logits, "classes": classes})

    loss = tf.compat.v1.losses.sparse_softmax_cross_entropy(labels, logits)
    if mode == tf.estimator.ModeKeys.EVAL:
        accuracy = tf.compat.v1.metrics.accuracy(labels, classes)
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops={"accuracy": accuracy})

    optimizer = tf.compat.v1.train.GradientDescentOptimizer(params["learning_rate"])
    # Operations of their own update the moving averages, and nothing runs them unless training depends on them.
    updates = tf.compat.v1.get_collection(tf.compat.v1.GraphKeys.UPDATE_OPS)
    with tf.control_dependencies(updates if params["run_updates"] else []):
        train_op = optimizer.minimize(loss, tf.compat.v1.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def canonical_name(variable: str) -> str | None:
    """A variable's name in canonical form; None for one that is not the network's."""
    return variable.replace("_bn/", "/") if variable.startswith(("hidden_", "logits/")) else None
