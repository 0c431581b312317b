"""Training the Keras models of many runs at once: seeds and learning rates are a leading axis of every weight.

A 100-wide network leaves a GPU idle. Here all the steps between two evaluations, of all runs, are one compiled program
over images that stay on the device. A run's step is written once, with the forward pass that measures it, and
`tf.vectorized_map` makes the step of all runs of it; it is the same mathematics as `bnrepro.training.compiled_loop`,
whose order of operations differs.
"""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import tensorflow as tf

from bnrepro.data.dataset import Dataset
from bnrepro.networks.forward import Drop, Forward, Statistics, Tensors
from bnrepro.networks.parameters import Architecture, Parameters
from bnrepro.networks.variants import layers


class StackedLoop:
    """Trains a number of runs of one architecture on one dataset, in one program.

    Attributes:
        seconds: what the program itself has taken, until its losses were back.
    """

    def __init__(
        self, architecture: Architecture, dataset: Dataset, evaluate_every: int, batch_size: int, xla: bool, runs: int
    ):
        """`xla`: compile for the device at hand. `runs`: how many are trained together."""
        self._network = architecture
        self._forward = Forward(architecture)
        self._evaluate_every, self._batch_size = evaluate_every, batch_size
        self._images, self._labels = tf.constant(dataset.train_images), tf.constant(dataset.train_labels)
        self._levels = dataset.levels
        self._inner_loop = tf.function(self._all_steps, jit_compile=xla or None)
        self._runs = runs
        self.seconds = 0.0

    def train(
        self,
        initial: Sequence[Parameters],
        learning_rates: Sequence[float],
        batches: Sequence[Iterator[np.ndarray]],
        observe: Callable[[int, int, Parameters], None],
        seeds: Sequence[int],
    ) -> list[int | None]:
        """Train every run from its `initial` on its `batches`, with `observe(run, step, parameters)` every interval.

        Args:
            initial, learning_rates, batches, seeds: one for each run, as of `CompiledLoop.train`.

        Returns:
            For every run the first step whose loss was not a number, after which it is not observed; None if there was
            none.
        """
        parameters = {name: tf.constant(np.stack([one[name] for one in initial])) for name in initial[0]}
        rates, seed = tf.constant(learning_rates, tf.float32), tf.constant(seeds, tf.int64)
        diverged: list[int | None] = [None] * self._runs
        step = 0
        while any(blocks := [list(itertools.islice(rows, self._evaluate_every)) for rows in batches]):
            rows = tf.constant(np.stack([np.stack(block) for block in blocks], axis=1))
            began = time.perf_counter()
            parameters, losses = self._inner_loop(parameters, rates, seed, tf.constant(step, tf.int64), rows)
            not_numbers = np.isnan(losses.numpy())
            self.seconds += time.perf_counter() - began
            for run in not_numbers.any(axis=0).nonzero()[0]:
                if diverged[run] is None:
                    diverged[run] = step + int(not_numbers[:, run].argmax()) + 1
            step += len(rows)
            if None not in diverged:
                break
            values = {name: value.numpy() for name, value in parameters.items()}
            for run in range(self._runs):
                if diverged[run] is None:
                    observe(run, step, {name: value[run] for name, value in values.items()})
        return diverged

    def _all_steps(
        self, parameters: Tensors, rates: tf.Tensor, seeds: tf.Tensor, first: tf.Tensor, batches: tf.Tensor
    ) -> tuple[Tensors, tf.Tensor]:
        """One step of every run for every row of `batches` [steps, runs, batch]: parameters, and losses [steps, runs].

        Args:
            parameters: [runs, ...] each.
            rates, seeds: [runs].
            first: steps that were made before.
        """
        losses = tf.TensorArray(tf.float32, size=batches.shape[0])
        for step in tf.range(batches.shape[0]):
            rows = batches[step]
            x = tf.cast(tf.gather(self._images, rows), tf.float32) / self._levels
            made = first + tf.cast(step, tf.int64)
            parameters, loss = tf.vectorized_map(
                partial(self._step, made),
                (parameters, rates, seeds, x, tf.gather(self._labels, rows)),
                warn=False,  # random numbers have no vectorized form, and are drawn run by run
            )
            losses = losses.write(step, loss)
        return parameters, losses.stack()

    def _step(
        self, made: tf.Tensor, run: tuple[Tensors, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]
    ) -> tuple[Tensors, tf.Tensor]:
        """A run's parameters after a step, and the loss before it.

        Args:
            made: steps that were made before.
            run: its parameters, learning rate and seed, and the step's images [batch, pixels] and labels.
        """
        parameters, rate, seed, x, labels = run
        noise, drop = self._forward.noise(seed, made), self._drop(seed, made)
        loss, gradients, _, seen = self._forward.gradients(parameters, x, labels, self._batch_size, noise, drop)
        descended = {name: parameters[name] - rate * gradient for name, gradient in gradients.items()}
        return parameters | descended | self._averaged(parameters, seen), loss

    def _averaged(self, parameters: Tensors, seen: Statistics) -> Tensors:
        """The moving averages after a step whose mini-batch had the statistics `seen`."""
        averages = {}
        for layer, statistics in seen.items():
            for name, values in zip(("moving_mean", "moving_variance"), statistics, strict=True):
                old = parameters[f"{layer}/{name}"]
                averages[f"{layer}/{name}"] = old - (old - values[0]) * (1 - self._network.momentum)
        return averages

    def _drop(self, seed: tf.Tensor, made: tf.Tensor) -> Drop | None:
        rate = self._network.dropout
        dropped = layers.alpha_dropped if self._network.normalization == "self" else layers.dropped
        return (lambda place, x: dropped(x, layers.kept(rate, seed, made, place, tf.shape(x)), rate)) if rate else None
