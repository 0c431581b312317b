"""Training many runs of a network at once: what they differ in is a leading axis of every weight.

A 100-wide network leaves a GPU idle. Here the steps of a block, of all runs, are one compiled program over images and
parameters that stay on the device. A run's step is written once, with the forward pass that measures it, and
`tf.vectorized_map` makes the step of all runs of it. It is the same mathematics as `bnrepro.training.compiled_loop`,
whose order of operations differs.

While the device has one block to train, the next is handed to it, and threads put the mini-batches of the one after
that together. What is to stay on a GPU is no int32: TensorFlow keeps such tensors with the host.
"""

import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from bnrepro.data.dataset import Dataset
from bnrepro.measurement.stacked import hidden_values
from bnrepro.networks.layers import Tensors
from bnrepro.networks.network import Network
from bnrepro.networks.parameters import Parameters
from bnrepro.networks.variants import vectorized_random  # noqa: F401 (how random numbers are vectorized)
from bnrepro.study.factors import Optimizer
from bnrepro.training import optimizers
from bnrepro.training.optimizers import State
from bnrepro.training.start import Start

_AHEAD = 2  # blocks whose mini-batches are ready before the device asks for them


_FLOAT = 4  # bytes
_OF_WEIGHTS, _OF_ACTIVATIONS = 8, 6  # copies that are there at once: before, after, gradients, state; of both passes


def together(parameters: Sequence[Parameters]) -> Tensors:
    """The parameters of a stack, [runs, ...] each."""
    return {name: tf.constant(np.stack([one[name] for one in parameters])) for name in parameters[0]}


def runs_at_once(network: Network, pixels: int, rows: int, batch_size: int, memory: int) -> int:
    """How many runs can be trained in one program: an estimate made before it is built.

    Args:
        pixels: values of an image.
        rows: of images, that a block trains on.
        memory: bytes that it may take.
    """
    weights = sum(values.size for values in network.initial(1.0, seed=0).values())
    activations = batch_size * (pixels + sum(hidden_values(network, pixels)))
    a_run = weights * _OF_WEIGHTS + activations * _OF_ACTIVATIONS + rows * (_AHEAD + 1)
    return max(1, memory // (a_run * _FLOAT))


class Progress(NamedTuple):
    """Where a stack is. The tensors may still have to be computed: who reads them waits.

    Attributes:
        step: steps that were made.
        parameters: [runs, ...] each.
        diverged: int64 [runs], the first step whose loss was not a number; 0 where there was none.
    """

    step: int
    parameters: Tensors
    diverged: tf.Tensor


class StackedLoop:
    """Trains a number of runs of one network, in one program."""

    def __init__(
        self,
        network: Network,
        optimizer: Optimizer,
        images: Dataset | Sequence[Dataset],
        block: int,
        batch_size: int,
        xla: bool,
    ):
        """
        Args:
            images: to train on; several, of the same labels, where runs differ in their pixels.
            block: steps of a block.
            xla: compile for the device at hand.
        """
        self._network, self._optimizer = network, optimizer
        self._block, self._batch_size = block, batch_size
        kinds = [images] if isinstance(images, Dataset) else images
        self._images = tf.constant(np.concatenate([kind.train_images for kind in kinds]))
        self._labels = tf.constant(np.tile(kinds[0].train_labels, len(kinds)), tf.uint16)
        self._levels = np.array([kind.levels for kind in kinds], np.float32)
        self._examples = len(kinds[0].train_labels)
        self._all_steps = tf.function(self._make_all_steps, jit_compile=xla or None)

    def train(self, starts: Sequence[Start]) -> list[int | None]:
        """Train runs of as many steps, which are measured at the same ones, each by itself.

        Returns:
            For every run the first step whose loss was not a number, after which it is not observed; None if there was
            none.
        """
        diverged = np.zeros(len(starts), np.int64)
        for progress in self.blocks(starts):
            diverged = progress.diverged.numpy()
            if progress.step in starts[0].evaluated:
                values = {name: value.numpy() for name, value in progress.parameters.items()}
                for run in np.flatnonzero(diverged == 0).tolist():
                    starts[run].observe(progress.step, {name: value[run] for name, value in values.items()})
        return [int(step) or None for step in diverged]

    def blocks(
        self, starts: Sequence[Start], momenta: Sequence[float] | None = None, kinds: Sequence[int] | None = None
    ) -> Iterator[Progress]:
        """Train runs of as many steps, block by block; all stop once all have diverged.

        Args:
            momenta: of each run's moving averages; None: the network's own.
            kinds: the images that each is trained on; None: the first.
        """
        runs = len(starts)
        kind = np.zeros(runs, np.int32) if kinds is None else np.asarray(kinds, np.int32)
        if momenta is None:
            momenta = [layer.momentum for layer in self._network.normalizations[:1]] * runs or [0.0] * runs
        constants = {
            "seed": tf.constant([start.seed for start in starts], tf.int64),
            "forgotten": tf.constant([1 - momentum for momentum in momenta], tf.float32),
            "levels": tf.constant(self._levels[kind]),
        }
        parameters = together([start.initial for start in starts])
        state = optimizers.initial_state(self._optimizer, self._network.trained(parameters))
        diverged = tf.zeros(runs, tf.int64)
        rates = np.stack([start.rates for start in starts], axis=1)
        step = 0
        for rows in self._rows([start.batches for start in starts], kind * self._examples):
            before = diverged
            parameters, state, diverged = self._all_steps(
                parameters,
                state,
                diverged,
                constants,
                tf.constant(step, tf.int64),
                tf.constant(rates[step : step + len(rows)]),
                rows,
            )
            step += len(rows)
            yield Progress(step, parameters, diverged)
            if before.numpy().all():  # waits for the last block but one, while the device is at the last
                break

    def _rows(self, batches: Sequence[Iterator[np.ndarray]], offsets: np.ndarray) -> Iterator[tf.Tensor]:
        """Rows of the images for the steps of every block, uint32 [steps, runs, batch], on the device.

        Args:
            batches: of every run.
            offsets: int32 [runs], added to its rows.
        """

        def of_run(run: int) -> np.ndarray:
            block = list(itertools.islice(batches[run], self._block))
            return np.concatenate(block) + offsets[run] if block else np.empty(0, np.int32)

        def of_all() -> tf.Tensor | None:
            made = np.stack(list(threads.map(of_run, range(len(batches)))))
            by_step = made.reshape(len(made), -1, self._batch_size).swapaxes(0, 1)
            return tf.constant(by_step, tf.uint32) if made.size else None

        with ThreadPoolExecutor() as threads, ThreadPoolExecutor(max_workers=1) as in_order:
            ahead: deque[Future[tf.Tensor | None]] = deque(in_order.submit(of_all) for _ in range(_AHEAD))
            while (rows := ahead.popleft().result()) is not None:
                ahead.append(in_order.submit(of_all))
                yield rows

    def _make_all_steps(
        self,
        parameters: Tensors,
        state: State,
        diverged: tf.Tensor,
        constants: Tensors,
        first: tf.Tensor,
        rates: tf.Tensor,
        batches: tf.Tensor,
    ) -> tuple[Tensors, State, tf.Tensor]:
        """One step of every run for every row of `batches` [steps, runs, batch].

        Args:
            parameters, state, constants: [runs, ...] each.
            diverged: as of `Progress`.
            first: steps that were made before.
            rates: [steps, runs].

        Returns:
            Parameters, state and `diverged` after the steps.
        """

        def one_step(step: tf.Tensor, parameters: Tensors, state: State, diverged: tf.Tensor) -> tuple[Any, ...]:
            rows, made = tf.cast(batches[step], tf.int32), first + tf.cast(step, tf.int64)
            x = tf.cast(tf.gather(self._images, rows), tf.float32)
            labels = tf.cast(tf.gather(self._labels, rows), tf.int32)
            parameters, state, loss = tf.vectorized_map(
                partial(self._step, made), (parameters, state, constants, rates[step], x, labels)
            )
            now = (diverged == 0) & tf.math.is_nan(loss)
            return step + 1, parameters, state, tf.where(now, made + 1, diverged)

        # Written out: XLA sees how many steps there are, and a GPU need not ask the host after each.
        start = tf.constant(0), parameters, state, diverged
        return tf.while_loop(lambda step, *_: step < batches.shape[0], one_step, start)[1:]

    def _step(
        self, made: tf.Tensor, run: tuple[Tensors, State, Tensors, tf.Tensor, tf.Tensor, tf.Tensor]
    ) -> tuple[Tensors, State, tf.Tensor]:
        """A run's parameters and its optimizer's state after a step, and the loss before it.

        Args:
            made: steps that were made before.
            run: its parameters, state and constants, and the step's learning rate, images [batch, pixels] and labels.
        """
        parameters, state, constants, rate, x, labels = run
        loss, gradients, _, seen = self._network.gradients(
            parameters, x / constants["levels"], labels, self._batch_size, (constants["seed"], made), dropout=True
        )
        trained, state = optimizers.step(self._optimizer, parameters, gradients, state, rate, made)
        averages = {  # as `Network.updated_averages`, by a momentum that is each run's own
            name: parameters[name] - (parameters[name] - value[0]) * constants["forgotten"]
            for layer in self._network.normalizations
            for name, value in zip(layer.averages, seen[layer.name], strict=True)
        }
        return parameters | trained | averages, state, loss
