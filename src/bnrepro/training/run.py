"""One run, from its spec to its record."""

import importlib
import logging
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np

from bnrepro.datasets import CLASSES, Dataset
from bnrepro.networks.parameters import Architecture, Parameters, initial_parameters
from bnrepro.training.batches import mini_batches
from bnrepro.training.spec import RunSpec


@dataclass(frozen=True)
class Result:
    """What a run leaves.

    Attributes:
        curve: a list for `step` and one for each measured quantity; the first entry is step 0.
        final: quantities measured once, at the end; empty for a run that diverged.
        diverged_at: the first step whose loss was not a number, or None.
        parameters: the last ones measured, in canonical form.
        training_seconds, evaluation_seconds: what it took.
    """

    curve: dict[str, list[float]]
    final: dict[str, float]
    diverged_at: int | None
    parameters: Parameters
    training_seconds: float
    evaluation_seconds: float


def architecture(spec: RunSpec, pixels: int) -> Architecture:
    """The network that a spec describes. Settings of a normalization that it does not have take harmless values."""
    return Architecture(
        inputs=pixels,
        depth=spec.depth,
        width=spec.width,
        classes=CLASSES,
        normalization=spec.normalization,
        placement=spec.placement or "before",
        momentum=0.0 if spec.momentum is None else spec.momentum,
        epsilon=0.0 if spec.epsilon is None else spec.epsilon,
    )


def run(spec: RunSpec, dataset: Dataset) -> Result:
    """Train and measure one network. The same spec and data give the same numbers on the same kind of processor."""
    _keep_tensorflow_quiet()
    network = architecture(spec, dataset.pixels)
    initial = initial_parameters(network, spec.initial_stddev, spec.seed)
    evaluator = _evaluator(network, dataset)
    curve: dict[str, list[float]] = {}
    last = initial
    evaluation_seconds = 0.0

    def observe(step: int, parameters: Parameters) -> None:
        nonlocal last, evaluation_seconds
        started = time.perf_counter()
        for name, value in {"step": step, **evaluator.measure(parameters)}.items():
            curve.setdefault(name, []).append(value)
        last = parameters
        evaluation_seconds += time.perf_counter() - started

    observe(0, initial)
    batches = mini_batches(spec.seed, np.arange(len(dataset.train_labels)), spec.batch_size, spec.steps)
    diverged_at, training_seconds = _train(spec, network, initial, dataset, batches, observe)
    started = time.perf_counter()
    final = evaluator.measure_final(last) if diverged_at is None else {}
    evaluation_seconds += time.perf_counter() - started
    return Result(curve, final, diverged_at, last, training_seconds, evaluation_seconds)


def _train(
    spec: RunSpec,
    network: Architecture,
    initial: Parameters,
    dataset: Dataset,
    batches: Any,
    observe: Callable[[int, Parameters], None],
) -> tuple[int | None, float]:
    if spec.implementation == "keras":
        from bnrepro.networks import keras
        from bnrepro.training import compiled_loop

        model = keras.build_model(network, spec.learning_rate)
        keras.load_parameters(model, initial)
        return compiled_loop.train(model, dataset, batches, spec.evaluate_every, observe)

    from bnrepro.training import estimator_loop

    module = importlib.import_module(f"bnrepro.networks.{spec.implementation}")
    build = partial(module.build_estimator, network, spec.learning_rate)
    return estimator_loop.train(build, module.canonical_name, initial, dataset, batches, spec.evaluate_every, observe)


@lru_cache(maxsize=8)
def _evaluator(network: Architecture, dataset: Dataset) -> Any:
    from bnrepro.measurement import Evaluator

    return Evaluator(network, dataset, np.arange(len(dataset.train_labels)))


def _keep_tensorflow_quiet() -> None:
    """Estimators and `tf.compat.v1.layers` are deprecated, and say so on every call; that is known here."""
    warnings.filterwarnings("ignore", message=".*`tf.layers.*", category=UserWarning)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
