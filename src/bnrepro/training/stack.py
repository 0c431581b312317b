"""A stack: runs that train together and are measured together, on one device from the first step to the last.

What `bnrepro.training.run` does for one run. The host hands the device one program after another, and reads what one
has found while the device is at the next.
"""

import importlib
import time
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from bnrepro import device, numerics
from bnrepro.data.dataset import Dataset
from bnrepro.measurement import stacked
from bnrepro.measurement.images import Images
from bnrepro.measurement.stacked import StackedEvaluator, StackedProbe
from bnrepro.networks.layers import Tensors
from bnrepro.networks.network import Network
from bnrepro.networks.variants.patches import by_patches
from bnrepro.study.factors import Pixels, RunSpec
from bnrepro.study.implementations import measured_as
from bnrepro.training import stacked_loop
from bnrepro.training.batches import mini_batches
from bnrepro.training.memory import budget
from bnrepro.training.recording import Result, training_rows
from bnrepro.training.run import architecture
from bnrepro.training.schedule import evaluation_steps, learning_rates, look_steps
from bnrepro.training.stacked_loop import StackedLoop
from bnrepro.training.start import Start

Begin = Callable[[Start, Network], Start]


def run_stack(specs: Sequence[RunSpec], dataset: Dataset, begin: Sequence[Begin] | None = None) -> list[Result]:
    """Train and measure Keras networks that differ in nothing but what a stack may vary.

    Each result is that of a run by itself, but for rounding. The device computes while the host goes on, so that what
    measuring takes counts as training, but for what is measured once. As many are trained at once as memory is for.

    Args:
        begin: of every run how it starts, given how it would start: from other weights, on other mini-batches.

    Raises:
        Failed: the process has used other numerics, or another device.
        ValueError: they differ in more.
    """
    if len({spec.stack for spec in specs}) > 1:
        raise ValueError("the runs of a stack differ in more than `RunSpec.stack` lets them")
    numerics.use(specs[0].numerics)
    device.use(specs[0].device, specs[0].tf32)
    tools = _tools(specs[0].stack, tuple(sorted({spec.pixels for spec in specs})), dataset)
    runs = list(zip(specs, begin or [_as_it_is] * len(specs), strict=True))
    parts = (runs[first : first + tools.at_once] for first in range(0, len(runs), tools.at_once))
    return [result for part in parts for result in tools.run(*zip(*part, strict=True))]


def _as_it_is(start: Start, network: Network) -> Start:
    return start


class _Tools:
    """What trains and measures the runs of a stack. Building and compiling takes seconds, and serves many stacks.

    Attributes:
        at_once: how many runs train together.
    """

    def __init__(self, shared: RunSpec, pixels: Sequence[Pixels], dataset: Dataset):
        """
        Args:
            shared: by the runs.
            pixels: those that they have.
        """
        module = importlib.import_module(measured_as(shared))
        self._network = module.network(architecture(module, shared, dataset.shape, dataset.classes))
        self._pixels = pixels
        self._images = [dataset.binarized() if one == "binary" else dataset for one in pixels]
        self._rows = training_rows(dataset, shared.hold_out)
        self._evaluated = evaluation_steps(shared.steps, shared.evaluate_every, shared.evaluations)
        self._looked = frozenset(look_steps(self._evaluated))
        xla, memory = numerics.uses_xla(shared.numerics), budget(shared.device)
        trained = by_patches(self._network)
        self._loop = StackedLoop(trained, shared.optimizer, self._images, shared.evaluate_every, shared.batch_size, xla)
        self.at_once = stacked_loop.runs_at_once(
            self._network, dataset.pixels, shared.evaluate_every * shared.batch_size, shared.batch_size, memory
        )
        self._instruments: list[tuple[StackedEvaluator, StackedProbe]] = []
        for images in (Images(kind, self._rows) for kind in self._images):
            how = self._network, images, xla, stacked.runs_at_once(self._network, images, memory)
            self._instruments.append((StackedEvaluator(*how), StackedProbe(trained, *how[1:])))

    def run(self, specs: Sequence[RunSpec], begin: Sequence[Begin]) -> list[Result]:
        """Train and measure runs, no more than `at_once`; arguments as of `run_stack`."""
        began = time.perf_counter()
        kinds = [self._pixels.index(spec.pixels) for spec in specs]
        usual = [self._start(spec, self._images[kind]) for spec, kind in zip(specs, kinds, strict=True)]
        starts = [change(start, self._network) for change, start in zip(begin, usual, strict=True)]
        recordings = [
            _Recording(*instruments, [starts[run] for run in of_kind], of_kind, self._looked)
            for kind, instruments in enumerate(self._instruments)
            if len(of_kind := np.flatnonzero(np.equal(kinds, kind)))
        ]
        momenta = [spec.momentum or 0.0 for spec in specs]
        for step, parameters, diverged in self._loop.blocks(starts, momenta, kinds):
            if step in self._evaluated:
                for recording in recordings:
                    recording.observe(step, parameters, diverged)
        ends = diverged.numpy()
        share = (time.perf_counter() - began) / len(specs)
        results: dict[int, Result] = {}
        for recording in recordings:
            results |= recording.results(ends, share, len(specs))
        return [results[run] for run in range(len(specs))]

    def _start(self, spec: RunSpec, images: Dataset) -> Start:
        first = next(mini_batches(spec.seed, self._rows, spec.batch_size, 1))
        pixels = images.train_images[first] / np.float32(images.levels)
        return Start(
            self._network.initial(spec.initial_weights, spec.seed, pixels),
            mini_batches(spec.seed, self._rows, spec.batch_size, spec.steps),
            learning_rates(spec.learning_rate, spec.decay, spec.steps),
            self._evaluated,
            _not_observed,
            spec.seed,
        )


class _Recording:
    """What is recorded of those runs of a stack that have the same pixels, as `bnrepro.training.recording` does of one.

    All runs are measured to the end. What was found of one after it had diverged is left out.
    """

    def __init__(
        self,
        evaluator: StackedEvaluator,
        probe: StackedProbe,
        starts: Sequence[Start],
        runs: np.ndarray,
        looked: Collection[int],
    ):
        """
        Args:
            starts: of these runs.
            runs: int [these runs], their places in the stack.
            looked: steps at which their layers are looked into.
        """
        self._evaluator, self._probe, self._looked = evaluator, probe, looked
        self._runs = tf.constant(runs, tf.int64)
        self._seeds = tf.constant([start.seed for start in starts], tf.int64)
        self._rates = np.stack([start.rates for start in starts])
        self._curves: list[tuple[int, list[dict[str, float]]]] = []
        self._looks: list[tuple[int, dict[str, np.ndarray]]] = []
        self._last = stacked_loop.together([start.initial for start in starts])
        self._waiting = self._measure(0, self._last)

    def observe(self, step: int, parameters: Tensors, diverged: tf.Tensor) -> None:
        """Measure the stack as it is after `step` steps; arguments as of `stacked_loop.Progress`."""
        parameters = {name: tf.gather(values, self._runs) for name, values in parameters.items()}
        ended = tf.gather(diverged, self._runs) > 0
        self._last = {
            name: tf.where(tf.reshape(ended, [-1] + [1] * (len(values.shape) - 1)), self._last[name], values)
            for name, values in parameters.items()
        }
        found = self._measure(step, parameters)
        self._keep()
        self._waiting = found

    def results(self, diverged: np.ndarray, training_seconds: float, together: int) -> dict[int, Result]:
        """The runs' results by their places in the stack, after what is measured once.

        Args:
            diverged: as of `stacked_loop.Progress`, of the whole stack at its end.
            training_seconds: of each run.
            together: how many runs the stack has.
        """
        began = time.perf_counter()
        self._keep()
        finals = self._evaluator.measure_all_final(self._last)
        zscores = self._probe.all_zscores(self._last)
        parameters = {name: values.numpy() for name, values in self._last.items()}
        seconds = (time.perf_counter() - began) / len(finals)
        results = {}
        for place, run in enumerate(self._runs.numpy().tolist()):
            diverged_at = int(diverged[run]) or None
            last = np.inf if diverged_at is None else diverged_at - 1
            curve = [{"step": step, **found[place]} for step, found in self._curves if step <= last]
            looks = [{"step": np.array(step)} | _of(found, place) for step, found in self._looks if step <= last]
            results[run] = Result(
                {name: [point[name] for point in curve] for name in curve[0]},
                {**finals[place], **zscores[place]} if diverged_at is None else {},
                diverged_at,
                {name: np.stack([look[name] for look in looks]) for name in looks[0]},
                _of(parameters, place),
                training_seconds,
                seconds,
                together,
            )
        return results

    def _measure(self, step: int, parameters: Tensors) -> tuple[int, Any, Tensors | None]:
        look = None
        if step in self._looked:  # by the rate of the next step; after the last one by its own
            rates = tf.constant(self._rates[:, min(step, self._rates.shape[1] - 1)])
            look = self._probe.look_at_all(parameters, self._seeds, step, rates)
        return step, self._evaluator.measure_all(parameters), look

    def _keep(self) -> None:
        """Read what was found the last time."""
        step, found, look = self._waiting
        self._curves.append(
            (step, self._evaluator.measured(tf.nest.map_structure(lambda values: values.numpy(), found)))
        )
        if look is not None:
            self._looks.append((step, {name: values.numpy() for name, values in look.items()}))


def _of(values: dict[str, np.ndarray], place: int) -> dict[str, np.ndarray]:
    return {name: value[place] for name, value in values.items()}


def _not_observed(step: int, parameters: Any) -> None:
    """A stack observes all its runs at once."""


# Few are kept, so that memory stays what it was.
@lru_cache(maxsize=2)
def _tools(shared: RunSpec, pixels: tuple[Pixels, ...], dataset: Dataset) -> _Tools:
    return _Tools(shared, pixels, dataset)
