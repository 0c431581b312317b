"""Training a Keras model: a block of steps inside one compiled function.

What `Model.fit` does, without returning to Python after every mini-batch, over images that stay in memory.
"""

import itertools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from bnrepro.data.dataset import Dataset
from bnrepro.networks.parameters import CanonicalName, load_parameters, read_parameters
from bnrepro.study.factors import Optimizer
from bnrepro.training.optimizers import keras_optimizer
from bnrepro.training.start import Start


class CompiledLoop:
    """Trains one Keras model on one dataset. Compiling takes a second, so it serves many runs.

    It is compiled at once, for one number of steps in a block: after an estimator was built in the same process, Keras
    layers cannot be called any more, and what is compiled can.
    """

    def __init__(
        self,
        model: tf.keras.Model,
        canonical_name: CanonicalName,
        optimizer: Optimizer,
        dataset: Dataset,
        block: int,
        batch_size: int,
        xla: bool,
    ):
        """
        Args:
            model: compiled with a loss; `optimizer` takes the place of its optimizer.
            canonical_name: of its variables.
            block: steps of a block.
            xla: compile for the processor at hand; the parameters' last bits are then its own.
        """
        self._model, self._canonical_name = model, canonical_name
        self._optimizer = keras_optimizer(optimizer)
        self._block = block
        inner_loop = tf.function(_inner_loop(model, self._optimizer, dataset), jit_compile=xla or None)
        shapes = tf.TensorSpec([block, batch_size], tf.int32), tf.TensorSpec([block], tf.float32)
        self._inner_loop = inner_loop.get_concrete_function(*shapes)

    def train(self, start: Start) -> int | None:
        """Train a run whose number of steps is a multiple of a block's.

        Returns:
            The first step whose loss was not a number, which ends training; None if there was none.
        """
        load_parameters(self._model, self._canonical_name, start.initial, start.seed)
        for variable in self._optimizer.variables():  # what the run before has left: steps made, moments
            variable.assign(tf.zeros_like(variable))
        step = 0
        while block := list(itertools.islice(start.batches, self._block)):
            rates = tf.constant(start.rates[step : step + self._block])
            losses = self._inner_loop(tf.constant(np.stack(block)), rates).numpy()
            if np.isnan(losses).any():
                return step + int(np.isnan(losses).argmax()) + 1
            step += len(block)
            if step in start.evaluated:
                start.observe(step, read_parameters(self._model, self._canonical_name))
        return None


def _inner_loop(
    model: tf.keras.Model, optimizer: tf.keras.optimizers.legacy.Optimizer, dataset: Dataset
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    images = tf.constant(dataset.train_images)
    labels = tf.constant(dataset.train_labels)
    variables, learning_rate = model.trainable_variables, optimizer.learning_rate

    def inner_loop(batches: tf.Tensor, rates: tf.Tensor) -> tf.Tensor:
        """One optimizer step for every row of `batches` [steps, batch], by `rates` [steps]; the loss before each."""
        losses = tf.TensorArray(tf.float32, size=batches.shape[0])
        for step in tf.range(batches.shape[0]):
            batch = batches[step]
            x = tf.cast(tf.gather(images, batch), tf.float32) / dataset.levels
            with tf.GradientTape() as tape:
                loss = model.loss(tf.gather(labels, batch), model(x, training=True))
                loss = sum(model.losses, loss)  # what regularizers add
            learning_rate.assign(rates[step])
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
            losses = losses.write(step, loss)
        return losses.stack()

    return inner_loop
