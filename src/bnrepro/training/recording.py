"""What is recorded of a run while it is trained."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from bnrepro import numerics
from bnrepro.data.dataset import Dataset
from bnrepro.networks.parameters import Parameters
from bnrepro.study.factors import RunSpec
from bnrepro.training.schedule import look_steps

if TYPE_CHECKING:  # it imports TensorFlow
    from bnrepro.networks.network import Network


@dataclass(frozen=True)
class Result:
    """What a run leaves.

    Attributes:
        curve: a list for `step` and one for each measured quantity; the first entry is step 0.
        final: quantities measured once, at the end; empty for a run that diverged.
        diverged_at: the first step whose loss was not a number, or None.
        layers: looks into the layers at `step` [looks]: the others [looks, ...] are in `bnrepro.measurement.probe`.
        parameters: the last ones measured, in canonical form.
        training_seconds, evaluation_seconds: what it took; building and compiling count as training.
        together: how many runs were trained in one program, in whose training seconds each has the same share.
    """

    curve: dict[str, list[float]]
    final: dict[str, float]
    diverged_at: int | None
    layers: dict[str, np.ndarray]
    parameters: Parameters
    training_seconds: float
    evaluation_seconds: float
    together: int = 1


class Recording:
    """Measures a network during its training, and keeps what was measured.

    Attributes:
        seconds: what measuring has taken.
    """

    def __init__(
        self, spec: RunSpec, network: "Network", dataset: Dataset, rates: np.ndarray, evaluated: Sequence[int]
    ):
        """
        Args:
            rates: the learning rate of every step.
            evaluated: the steps after which the network is measured.
        """
        self._seed, self._rates = spec.seed, rates
        self._evaluator, self._probe = _instruments(network, dataset, spec.hold_out, numerics.uses_xla(spec.numerics))
        self._look_steps = frozenset(look_steps(evaluated))
        self._curve: dict[str, list[float]] = {}
        self._looks: dict[str, list[np.ndarray]] = {}
        self._last: Parameters = {}
        self.seconds = 0.0

    def observe(self, step: int, parameters: Parameters) -> None:
        """Measure the network as it is after `step` steps."""
        started = time.perf_counter()
        for name, value in {"step": step, **self._evaluator.measure(parameters)}.items():
            self._curve.setdefault(name, []).append(value)
        if step in self._look_steps:
            rate = self._rates[min(step, len(self._rates) - 1)]  # of the next step; after the last one its own
            look = self._probe.look(parameters, self._seed, step, rate)
            for name, values in {"step": np.array(step), **look}.items():
                self._looks.setdefault(name, []).append(values)
        self._last = parameters
        self.seconds += time.perf_counter() - started

    def result(self, diverged_at: int | None, training_seconds: float, together: int = 1) -> Result:
        """The run's result, after what is measured once."""
        final, started = {}, time.perf_counter()
        if diverged_at is None:
            final = {**self._evaluator.measure_final(self._last), **self._probe.zscores(self._last)}
        self.seconds += time.perf_counter() - started
        layers = {name: np.stack(values) for name, values in self._looks.items()}
        return Result(
            self._curve, final, diverged_at, layers, self._last, training_seconds, self.seconds, together=together
        )


def training_rows(dataset: Dataset, hold_out: bool) -> np.ndarray:
    """The training images that a run is trained on: int [n]."""
    return np.flatnonzero(~dataset.held_out) if hold_out else np.arange(len(dataset.train_labels))


# What takes a second to build serves run after run. Few are kept, so that memory stays what it was.
@lru_cache(maxsize=16)
def _instruments(network: "Network", dataset: Dataset, hold_out: bool, xla: bool) -> tuple[Any, Any]:
    from bnrepro.measurement.evaluator import Evaluator
    from bnrepro.measurement.probe import Probe

    images = _images(dataset, hold_out)
    return Evaluator(network, images, xla), Probe(network, images, xla)


@lru_cache(maxsize=4)
def _images(dataset: Dataset, hold_out: bool) -> Any:
    from bnrepro.measurement.images import Images

    return Images(dataset, training_rows(dataset, hold_out))
