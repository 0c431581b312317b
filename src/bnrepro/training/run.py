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

from bnrepro import numerics
from bnrepro.datasets import CLASSES, Dataset
from bnrepro.networks.parameters import Architecture, Parameters, initial_parameters
from bnrepro.params import Pixels
from bnrepro.training.batches import mini_batches
from bnrepro.training.spec import RunSpec


@dataclass(frozen=True)
class Result:
    """What a run leaves.

    Attributes:
        curve: a list for `step` and one for each measured quantity; the first entry is step 0.
        final: quantities measured once, at the end; empty for a run that diverged.
        diverged_at: the first step whose loss was not a number, or None.
        sigmoid_inputs: percentiles of what the last hidden layer's sigmoids get, at every evaluation; float32
            [evaluations, 3, width] (`bnrepro.measurement.Evaluator.probe`).
        parameters: the last ones measured, in canonical form.
        training_seconds, evaluation_seconds: what it took; building and compiling count as training.
    """

    curve: dict[str, list[float]]
    final: dict[str, float]
    diverged_at: int | None
    sigmoid_inputs: np.ndarray
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
    """Train and measure one network. The same spec and data give the same numbers, as far as `numerics` promises it.

    Raises:
        Failed: the process has used other numerics.
    """
    numerics.use(spec.numerics)
    _keep_tensorflow_quiet()
    dataset = _with_pixels(dataset, spec.pixels)
    network = architecture(spec, dataset.pixels)
    initial = initial_parameters(network, spec.initial_stddev, spec.seed)
    evaluator = _evaluator(network, dataset, spec.numerics == "fast")
    curve: dict[str, list[float]] = {}
    sigmoid_inputs: list[np.ndarray] = []
    last = initial
    evaluation_seconds = 0.0

    def observe(step: int, parameters: Parameters) -> None:
        nonlocal last, evaluation_seconds
        started = time.perf_counter()
        for name, value in {"step": step, **evaluator.measure(parameters)}.items():
            curve.setdefault(name, []).append(value)
        sigmoid_inputs.append(evaluator.probe(parameters))
        last = parameters
        evaluation_seconds += time.perf_counter() - started

    observe(0, initial)
    batches = mini_batches(spec.seed, np.arange(len(dataset.train_labels)), spec.batch_size, spec.steps)
    began, measured_before = time.perf_counter(), evaluation_seconds
    diverged_at = _train(spec, network, initial, dataset, batches, observe)
    training_seconds = time.perf_counter() - began - (evaluation_seconds - measured_before)
    started = time.perf_counter()
    final = evaluator.measure_final(last) if diverged_at is None else {}
    evaluation_seconds += time.perf_counter() - started
    return Result(curve, final, diverged_at, np.stack(sigmoid_inputs), last, training_seconds, evaluation_seconds)


def _train(
    spec: RunSpec,
    network: Architecture,
    initial: Parameters,
    dataset: Dataset,
    batches: Any,
    observe: Callable[[int, Parameters], None],
) -> int | None:
    """Train by the implementation's own loop, which returns the first step whose loss was not a number."""
    if spec.implementation == "keras":
        loop = _compiled_loop(network, dataset, spec.evaluate_every, spec.batch_size, spec.numerics == "fast")
        return loop.train(initial, spec.learning_rate, batches, observe)

    from bnrepro.training import estimator_loop

    module = importlib.import_module(f"bnrepro.networks.{spec.implementation}")
    build = partial(module.build_estimator, network, spec.learning_rate)
    return estimator_loop.train(build, module.canonical_name, initial, dataset, batches, spec.evaluate_every, observe)


# What takes a second to build serves run after run. Few are kept, so that memory stays what it was.
@lru_cache(maxsize=4)
def _compiled_loop(network: Architecture, dataset: Dataset, evaluate_every: int, batch_size: int, xla: bool) -> Any:
    from bnrepro.training.compiled_loop import CompiledLoop

    return CompiledLoop(network, dataset, evaluate_every, batch_size, xla)


@lru_cache(maxsize=16)
def _evaluator(network: Architecture, dataset: Dataset, xla: bool) -> Any:
    from bnrepro.measurement import Evaluator

    return Evaluator(network, _images(dataset), xla)


@lru_cache(maxsize=2)
def _with_pixels(dataset: Dataset, pixels: Pixels) -> Dataset:
    return dataset.with_pixels(pixels)


@lru_cache(maxsize=2)
def _images(dataset: Dataset) -> Any:
    from bnrepro.measurement import Images

    return Images(dataset, np.arange(len(dataset.train_labels)))


def _keep_tensorflow_quiet() -> None:
    """Estimators and `tf.compat.v1.layers` are deprecated, and say so on every call; that is known here."""
    warnings.filterwarnings("ignore", message=".*`tf.layers.*", category=UserWarning)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
