"""Training many runs of a network at once: seeds and learning rates are a leading axis of every weight.

A 100-wide network leaves a GPU idle. Here the steps of a block, of all runs, are one compiled program over images that
stay on the device. A run's step is written once, with the forward pass that measures it, and `tf.vectorized_map` makes
the step of all runs of it. It is the same mathematics as `bnrepro.training.compiled_loop`, whose order of operations
differs.
"""

import itertools
import time
from collections.abc import Sequence
from functools import partial

import numpy as np
import tensorflow as tf

from bnrepro.data.dataset import Dataset
from bnrepro.networks.layers import Tensors
from bnrepro.networks.network import Network
from bnrepro.study.factors import Optimizer
from bnrepro.training import optimizers
from bnrepro.training.optimizers import State
from bnrepro.training.start import Start


class StackedLoop:
    """Trains a number of runs of one network on one dataset, in one program.

    Attributes:
        seconds: what the program itself has taken, until its losses were back.
    """

    def __init__(
        self,
        network: Network,
        optimizer: Optimizer,
        dataset: Dataset,
        block: int,
        batch_size: int,
        xla: bool,
    ):
        """
        Args:
            block: steps of a block.
            xla: compile for the device at hand.
        """
        self._network, self._optimizer = network, optimizer
        self._block, self._batch_size = block, batch_size
        self._images, self._labels = tf.constant(dataset.train_images), tf.constant(dataset.train_labels)
        self._levels = dataset.levels
        self._inner_loop = tf.function(self._all_steps, jit_compile=xla or None)
        self.seconds = 0.0

    def train(self, starts: Sequence[Start]) -> list[int | None]:
        """Train runs of as many steps, which are measured at the same ones.

        Returns:
            For every run the first step whose loss was not a number, after which it is not observed; None if there was
            none.
        """
        parameters = {
            name: tf.constant(np.stack([start.initial[name] for start in starts])) for name in starts[0].initial
        }
        state = optimizers.initial_state(self._optimizer, self._network.trained(parameters))
        seeds = tf.constant([start.seed for start in starts], tf.int64)
        rates = np.stack([start.rates for start in starts], axis=1)
        diverged: list[int | None] = [None] * len(starts)
        step = 0
        while any(blocks := [list(itertools.islice(start.batches, self._block)) for start in starts]):
            rows = tf.constant(np.stack([np.stack(block) for block in blocks], axis=1))
            began = time.perf_counter()
            parameters, state, losses = self._inner_loop(
                parameters, state, seeds, tf.constant(step, tf.int64), tf.constant(rates[step : step + len(rows)]), rows
            )
            not_numbers = np.isnan(losses.numpy())
            self.seconds += time.perf_counter() - began
            for run in not_numbers.any(axis=0).nonzero()[0]:
                if diverged[run] is None:
                    diverged[run] = step + int(not_numbers[:, run].argmax()) + 1
            step += len(rows)
            if None not in diverged:
                break
            if step in starts[0].evaluated:
                values = {name: value.numpy() for name, value in parameters.items()}
                for run, start in enumerate(starts):
                    if diverged[run] is None:
                        start.observe(step, {name: value[run] for name, value in values.items()})
        return diverged

    def _all_steps(
        self,
        parameters: Tensors,
        state: State,
        seeds: tf.Tensor,
        first: tf.Tensor,
        rates: tf.Tensor,
        batches: tf.Tensor,
    ) -> tuple[Tensors, State, tf.Tensor]:
        """One step of every run for every row of `batches` [steps, runs, batch].

        Args:
            parameters, state: [runs, ...] each.
            seeds: [runs].
            first: steps that were made before.
            rates: [steps, runs].

        Returns:
            Parameters, state, and the losses [steps, runs] before each step.
        """
        losses = tf.TensorArray(tf.float32, size=batches.shape[0])
        for step in tf.range(batches.shape[0]):
            rows = batches[step]
            x = tf.cast(tf.gather(self._images, rows), tf.float32) / self._levels
            parameters, state, loss = tf.vectorized_map(
                partial(self._step, first + tf.cast(step, tf.int64)),
                (parameters, state, seeds, rates[step], x, tf.gather(self._labels, rows)),
                warn=False,  # random numbers have no vectorized form, and are drawn run by run
            )
            losses = losses.write(step, loss)
        return parameters, state, losses.stack()

    def _step(
        self, made: tf.Tensor, run: tuple[Tensors, State, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]
    ) -> tuple[Tensors, State, tf.Tensor]:
        """A run's parameters and its optimizer's state after a step, and the loss before it.

        Args:
            made: steps that were made before.
            run: its parameters, state and seed, and the step's learning rate, images [batch, pixels] and labels.
        """
        parameters, state, seed, rate, x, labels = run
        loss, gradients, _, seen = self._network.gradients(
            parameters, x, labels, self._batch_size, clock=(seed, made), dropout=True
        )
        trained, state = optimizers.step(self._optimizer, parameters, gradients, state, rate, made)
        return parameters | trained | self._network.updated_averages(parameters, seen), state, loss
