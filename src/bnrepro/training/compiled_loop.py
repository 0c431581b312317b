"""Training a Keras model: all the steps between two evaluations inside one compiled function.

What `Model.fit` does, without returning to Python after every mini-batch, over images that stay in memory.
"""

import itertools
import time
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from bnrepro.datasets import Dataset
from bnrepro.networks import keras
from bnrepro.networks.parameters import Parameters


def train(
    model: tf.keras.Model,
    dataset: Dataset,
    batches: Iterator[np.ndarray],
    evaluate_every: int,
    observe: Callable[[int, Parameters], None],
) -> tuple[int | None, float]:
    """Train a compiled model on mini-batches of `dataset`, calling `observe(step, parameters)` after every interval.

    Returns:
        The first step whose loss was not a number (None if there was none; training ends there), and the seconds spent
        in training alone.
    """
    inner_loop = _inner_loop(model, dataset)
    step, seconds = 0, 0.0
    while block := list(itertools.islice(batches, evaluate_every)):
        started = time.perf_counter()
        losses = inner_loop(tf.constant(np.stack(block))).numpy()
        seconds += time.perf_counter() - started
        if np.isnan(losses).any():
            return step + int(np.isnan(losses).argmax()) + 1, seconds
        step += len(block)
        observe(step, keras.read_parameters(model))
    return None, seconds


def _inner_loop(model: tf.keras.Model, dataset: Dataset) -> Callable[[tf.Tensor], tf.Tensor]:
    images = tf.constant(dataset.train_images)
    labels = tf.constant(dataset.train_labels)
    variables = model.trainable_variables

    @tf.function
    def inner_loop(batches: tf.Tensor) -> tf.Tensor:
        """One optimizer step for every row of `batches` [steps, batch]; the loss [steps] before each."""
        losses = tf.TensorArray(tf.float32, size=tf.shape(batches)[0])
        for step in tf.range(tf.shape(batches)[0]):
            batch = batches[step]
            x = tf.cast(tf.gather(images, batch), tf.float32) / dataset.levels
            with tf.GradientTape() as tape:
                loss = model.loss(tf.gather(labels, batch), model(x, training=True))
            model.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
            losses = losses.write(step, loss)
        return losses.stack()

    return inner_loop
