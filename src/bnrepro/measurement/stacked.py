"""The evaluator and the probe for many runs of a network at once, on the device that trains them.

What is measured is what `bnrepro.measurement.evaluator` and `bnrepro.measurement.probe` measure of one run:
`tf.vectorized_map` makes their graphs those of all runs. Tensors come back that may still have to be computed.
"""

import math
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

import numpy as np
import tensorflow as tf

from bnrepro.measurement.evaluator import Evaluator
from bnrepro.measurement.images import Images
from bnrepro.measurement.probe import PERCENTILES, Probe
from bnrepro.networks.folding import fold
from bnrepro.networks.layers import Pass, Statistics, Tensors
from bnrepro.networks.network import Network, tensors_of
from bnrepro.networks.statistics import Fixed
from bnrepro.networks.variants import vectorized_random  # noqa: F401 (how random numbers are vectorized)

_FLOAT = 4  # bytes
_IN_EVALUATION, _IN_LOOK = 8, 12  # copies of what nonlinearities get that are there at once: of the largest; of all


def hidden_values(network: Network, pixels: int) -> list[int]:
    """How many values each nonlinearity gets of an image of so many pixels."""
    parameters = tensors_of(network.initial(1.0, seed=0))
    forward = Pass(Fixed(network.moving_averages(parameters)))
    network.rest(parameters, network.first(parameters, tf.zeros([1, pixels])), forward)
    return [math.prod(hidden.inputs.shape[1:]) for hidden in forward.hidden]


def runs_at_once(network: Network, images: Images, memory: int) -> int:
    """How many runs can be measured in one program: an estimate made before it is built.

    Args:
        memory: bytes that it may take.
    """
    values, probed = hidden_values(network, images.inputs.shape[1]), images.probe.stop - images.probe.start
    a_run = max(len(images.inputs) * max(values) * _IN_EVALUATION, probed * sum(values) * _IN_LOOK) * _FLOAT
    return max(1, memory // a_run)


class StackedEvaluator(Evaluator):
    """Measures many runs of one network. Parameters are [runs, ...] each."""

    def __init__(self, network: Network, images: Images, xla: bool, at_once: int):
        """`at_once`: how many runs are measured in one program."""
        super().__init__(network, images, xla)
        self._measured_together = _Together(self._measure, xla, at_once)
        # These are called once a run, and compiling takes longer.
        self._sums_together = _Together(self._sum_statistics, False, at_once)
        self._answers_together = _Together(self._right_answers, False, at_once)
        self._final_together = _Together(lambda run: self._test_logits(network, *run), False, at_once)
        self._folded_together = _Together(lambda run: self._test_logits(self._plain or network, *run), False, at_once)

    def measure_all(self, parameters: Tensors) -> Any:
        """What `measured` makes numbers of."""
        return self._measured_together(parameters)

    def measured(self, found: Any) -> list[dict[str, float]]:
        """Of every run what `Evaluator.measure` gives, from what `measure_all` has given as arrays."""
        (counts, population, batches, losses), images = found, self._images
        in_batches = images.test_batches.stop - images.test_batches.start
        shares = {name: right / images.count(name) for name, right in counts.items()}
        columns = {
            "accuracy": shares["test"],
            "population_accuracy": population / images.count("test"),
            "test_batch_accuracy": batches / in_batches if self._network.normalizations else shares["test"],
            "loss": losses,
            "training_accuracy": shares["training"],
        }
        if "validation" in shares:
            columns["validation_accuracy"] = shares["validation"]
        return _by_run(columns)

    def measure_all_final(self, parameters: Tensors) -> list[dict[str, float]]:
        """Of every run what `Evaluator.measure_final` gives."""
        test = self._images.rows["test"]
        labels, many = self._images.labels[test].numpy(), self._images.count("test")
        normalized = bool(self._network.normalizations)
        statistics = self._all_population_statistics(parameters, self._images.training_chunks()) if normalized else {}
        classes = self._final_together((parameters, statistics)).numpy().argmax(axis=2)
        columns = {"population_accuracy": (classes == labels).sum(axis=1) / many}
        if normalized:
            by_averages, by_batch = (answers.numpy() for answers in self._answers_together(parameters))
            columns["test_batch_gained"] = (by_batch > by_averages).sum(axis=1)
            columns["test_batch_lost"] = (by_batch < by_averages).sum(axis=1)
            columns |= self._all_folding(parameters)
        return _by_run(columns)

    def _all_population_statistics(self, parameters: Tensors, chunks: Iterable[tf.Tensor]) -> Statistics:
        """As `population_statistics`: [runs, channels] each."""
        sums, batches = [], 0
        for inputs in chunks:
            sums.append(self._sums_together(parameters, inputs))
            batches += len(inputs) // self._images.batch
        return {
            layer: (
                tf.add_n([chunk[layer][0] for chunk in sums]) / batches,
                unbiased[:, None] * tf.add_n([chunk[layer][1] for chunk in sums]) / batches,
            )
            for layer, (_, _, unbiased) in sums[0].items()
        }

    def _all_folding(self, parameters: Tensors) -> dict[str, np.ndarray]:
        if self._plain is None:
            return {}
        arrays = {name: values.numpy() for name, values in parameters.items()}
        runs = range(len(next(iter(arrays.values()))))
        folded = [fold(self._network, {name: values[run] for name, values in arrays.items()}) for run in runs]
        plain = {name: tf.constant(np.stack([one[name] for one in folded])) for name in folded[0]}
        ours = self._final_together((parameters, self._network.moving_averages(parameters))).numpy()
        theirs = self._folded_together((plain, {})).numpy()
        return {
            "folded_difference": np.abs(theirs - ours).max(axis=(1, 2)) / np.abs(ours).max(axis=(1, 2)),
            "folded_disagreements": (theirs.argmax(axis=2) != ours.argmax(axis=2)).sum(axis=1),
        }


class StackedProbe(Probe):
    """Looks into many runs of one network. Parameters are [runs, ...] each."""

    def __init__(self, network: Network, images: Images, xla: bool, at_once: int):
        """`at_once`: how many runs are looked into in one program."""
        super().__init__(network, images, xla)
        self._looked_together = _Together(self._look_at, xla, at_once, afterwards=_with_percentiles)
        self._normalized_together = _Together(self._zscores, False, at_once)

    def look_at_all(self, parameters: Tensors, seeds: tf.Tensor, step: int, rates: tf.Tensor) -> Tensors:
        """As `Probe.look`: [runs, ...] each.

        Args:
            seeds: int64 [runs].
            rates: float32 [runs], the learning rates of the step that `gradient_change` takes.
        """
        return self._looked_together((parameters, seeds, rates), tf.constant(step, tf.int64))

    def all_zscores(self, parameters: Tensors) -> list[dict[str, float]]:
        """Of every run what `Probe.zscores` gives."""
        runs = len(next(iter(parameters.values())))
        if not self._network.normalizations:
            return [{} for _ in range(runs)]
        mean, variance, expected = (values.numpy() for values in self._normalized_together(parameters))
        return _by_run(
            {
                "zscore_mean": np.abs(mean).max(axis=1),
                "zscore_variance_median": np.median(variance, axis=1),
                "zscore_variance_least": variance.min(axis=1),
                "zscore_variance_error": np.abs(variance - expected).max(axis=1),
            }
        )

    def _look_at(self, run: tuple[Tensors, tf.Tensor, tf.Tensor], step: tf.Tensor) -> tuple[list[tf.Tensor], Tensors]:
        parameters, seed, rate = run
        return self._look(parameters, seed, step, rate)


class _Together:
    """A graph of one run as one of many, in one program for at most so many at once.

    It is called with what each run has for itself, [runs, ...], and what all share; and gives [runs, ...].
    """

    def __init__(
        self, of_one: Callable[..., Any], xla: bool, at_once: int, afterwards: Callable[[Any], Any] = lambda made: made
    ):
        """`afterwards`: what becomes, in the same program, of the results of all."""

        def of_many(runs: Any, *shared: Any) -> Any:
            return afterwards(tf.vectorized_map(lambda run: of_one(run, *shared), runs, warn=False))

        self._program = tf.function(of_many, jit_compile=xla or None)
        self._at_once = at_once

    def __call__(self, runs: Any, *shared: Any) -> Any:
        many = len(tf.nest.flatten(runs)[0])
        if many <= self._at_once:
            return self._program(runs, *shared)
        starts = range(0, many, self._at_once)
        # The last group begins with runs that others have had: of another size it would be another program.
        parts = [slice(start, start + self._at_once) for start in (*starts[:-1], many - self._at_once)]
        groups = [self._program(tf.nest.map_structure(itemgetter(part), runs), *shared) for part in parts]
        groups[-1] = tf.nest.map_structure(itemgetter(slice(starts[-1] - many, None)), groups[-1])
        return tf.nest.map_structure(lambda *values: tf.concat(values, axis=0), *groups)


def _with_percentiles(looked: tuple[list[tf.Tensor], Tensors]) -> Tensors:
    """A look into all runs, of whose nonlinearities' inputs [runs, images, ..., units] only percentiles are kept."""
    inputs, others = looked
    units = max(values.shape[-1] for values in inputs)
    return {"percentiles": tf.stack([_padded(percentiles(values), units) for values in inputs], axis=1), **others}


def _padded(values: tf.Tensor, units: int) -> tf.Tensor:
    """As many units (the last axis) as asked for, NaN for those that are not."""
    return tf.pad(values, [[0, 0], [0, 0], [0, units - values.shape[-1]]], constant_values=np.nan)


def percentiles(values: tf.Tensor) -> tf.Tensor:
    """The percentiles of a look, of every unit of every run: [runs, 3, units] of values [runs, images, ..., units].

    The values nearest in rank, found bit by bit from the highest on, by counting how many are smaller. A sort of all
    images would do more work than a device has for it.
    """
    values = tf.reshape(values, [tf.shape(values)[0], -1, values.shape[-1]])
    many = tf.shape(values)[1]
    ranks = tf.stack([(percentile * many + 99) // 100 - 1 for percentile in PERCENTILES])[:, None]
    keys = _ordered(tf.bitcast(values, tf.int32))
    found = tf.fill([tf.shape(keys)[0], len(PERCENTILES), values.shape[-1]], tf.int32.min)
    for bit in tf.range(31, -1, -1):
        trial = tf.bitwise.bitwise_xor(found, tf.bitwise.left_shift(1, bit))
        smaller = tf.reduce_sum(tf.cast(keys[:, None] < trial[:, :, None], tf.int32), axis=2)
        found = tf.where(smaller <= ranks, trial, found)
    return tf.bitcast(_ordered(found), tf.float32)


def _ordered(bits: tf.Tensor) -> tf.Tensor:
    """Integers in the order of the floating-point numbers that have these bits; and back."""
    return tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, 31) & 0x7FFFFFFF)


def _by_run(columns: dict[str, np.ndarray]) -> list[dict[str, float]]:
    """A dictionary for every run, of plain numbers."""
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]
