"""The network as a Keras model that TensorFlow converts to an estimator: batch normalization's updates come with it.

estimator = build_estimator(architecture, learning_rate=0.1)
estimator.train(input_fn)      # input_fn yields ({"pixels": images}, labels)
"""

import tensorflow as tf

import bnrepro.estimators  # noqa: F401 (tf.estimator)
from bnrepro.networks import keras
from bnrepro.networks.parameters import Architecture


def build_estimator(
    architecture: Architecture,
    learning_rate: float,
    model_dir: str | None = None,
    config: tf.estimator.RunConfig | None = None,
) -> tf.estimator.Estimator:
    """An estimator whose feature `pixels` is an image [batch, inputs]; it trains as `Model.fit` does."""
    return tf.keras.estimator.model_to_estimator(
        keras.build_model(architecture, learning_rate),
        model_dir=model_dir,
        config=config,
        checkpoint_format="saver",  # by the names of variables, as other estimators have them
    )


def canonical_name(variable: str) -> str | None:
    """A variable's name in canonical form; None for one that is not the network's."""
    return variable.replace("_bn/", "/") if variable.startswith(("hidden_", "logits/")) else None
