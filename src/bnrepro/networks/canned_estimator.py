"""The network as TensorFlow's canned estimator: batch normalization is a flag.

estimator = build_estimator(architecture, learning_rate=0.1)
estimator.train(input_fn)      # input_fn yields ({"pixels": images}, labels)

There is nothing to choose but the flag. The canned network normalizes AFTER the nonlinearity (the paper: before it),
keeps its biases, and fixes the momentum of the moving averages at 0.999 and epsilon at 0.001.
"""

import re

import tensorflow as tf

import bnrepro.estimators  # noqa: F401 (tf.estimator)
from bnrepro.networks.parameters import Architecture


def build_estimator(
    architecture: Architecture,
    learning_rate: float,
    model_dir: str | None = None,
    config: tf.estimator.RunConfig | None = None,
) -> tf.estimator.Estimator:
    """A `DNNClassifier` whose feature `pixels` is an image [batch, inputs]."""
    return tf.estimator.DNNClassifier(
        hidden_units=[architecture.width] * architecture.depth,
        feature_columns=[tf.feature_column.numeric_column("pixels", shape=architecture.inputs)],
        n_classes=architecture.classes,
        activation_fn=tf.nn.sigmoid,
        batch_norm=architecture.batch_norm,
        optimizer=tf.keras.optimizers.legacy.SGD(learning_rate),
        model_dir=model_dir,
        config=config,
    )


def canonical_name(variable: str) -> str | None:
    """A variable's name in canonical form; None for one that is not the network's.

    The canned estimator calls them `hiddenlayer_0/kernel` and `hiddenlayer_0/batchnorm_0/gamma`, counting from 0.
    """
    match = re.fullmatch(r"(?:.*/)?hiddenlayer_(\d+)/(?:batchnorm_\d+/)?(\w+)", variable)
    if match:
        return f"hidden_{int(match[1]) + 1}/{match[2]}"
    match = re.fullmatch(r"(?:.*/)?logits/(kernel|bias)", variable)
    return f"logits/{match[1]}" if match else None
