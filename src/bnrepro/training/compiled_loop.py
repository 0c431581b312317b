"""Training a Keras model: all the steps between two evaluations inside one compiled function.

What `Model.fit` does, without returning to Python after every mini-batch, over images that stay in memory.
"""

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from bnrepro.data.dataset import Dataset
from bnrepro.networks import keras
from bnrepro.networks.parameters import Architecture, Parameters


class CompiledLoop:
    """Trains the Keras models of one architecture on one dataset. Compiling takes a second, so it serves many runs.

    It is compiled at once, for one number of steps between evaluations: after an estimator was built in the same
    process, Keras layers cannot be called any more, and what is compiled can.
    """

    def __init__(self, architecture: Architecture, dataset: Dataset, evaluate_every: int, batch_size: int, xla: bool):
        """`xla`: compile for the processor at hand; the parameters' last bits are then its own."""
        self._evaluate_every = evaluate_every
        self._model = keras.build_model(architecture, learning_rate=0.0)
        inner_loop = tf.function(_inner_loop(self._model, dataset), jit_compile=xla or None)
        self._inner_loop = inner_loop.get_concrete_function(tf.TensorSpec([evaluate_every, batch_size], tf.int32))

    def train(
        self,
        initial: Parameters,
        learning_rate: float,
        batches: Iterator[np.ndarray],
        observe: Callable[[int, Parameters], None],
        seed: int = 0,
    ) -> int | None:
        """Train from `initial` on `batches` of training images, with `observe(step, parameters)` every interval.

        Args:
            batches: int32 [batch_size] each, a multiple of `evaluate_every` of them.
            seed: of the random numbers that layers draw.

        Returns:
            The first step whose loss was not a number, which ends training; None if there was none.
        """
        keras.load_parameters(self._model, initial, seed)
        self._model.optimizer.learning_rate = learning_rate
        step = 0
        while block := list(itertools.islice(batches, self._evaluate_every)):
            losses = self._inner_loop(tf.constant(np.stack(block))).numpy()
            if np.isnan(losses).any():
                return step + int(np.isnan(losses).argmax()) + 1
            step += len(block)
            observe(step, keras.read_parameters(self._model))
        return None


def _inner_loop(model: tf.keras.Model, dataset: Dataset) -> Callable[[tf.Tensor], tf.Tensor]:
    images = tf.constant(dataset.train_images)
    labels = tf.constant(dataset.train_labels)
    variables = model.trainable_variables

    def inner_loop(batches: tf.Tensor) -> tf.Tensor:
        """One optimizer step for every row of `batches` [steps, batch]; the loss [steps] before each."""
        losses = tf.TensorArray(tf.float32, size=batches.shape[0])
        for step in tf.range(batches.shape[0]):
            batch = batches[step]
            x = tf.cast(tf.gather(images, batch), tf.float32) / dataset.levels
            with tf.GradientTape() as tape:
                loss = model.loss(tf.gather(labels, batch), model(x, training=True))
            model.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
            losses = losses.write(step, loss)
        return losses.stack()

    return inner_loop
