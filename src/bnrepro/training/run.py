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

LOOKS = 50  # into a run's layers, at most, beside the one at its start

_Observe = Callable[[int, Parameters], None]


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
    """

    curve: dict[str, list[float]]
    final: dict[str, float]
    diverged_at: int | None
    layers: dict[str, np.ndarray]
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
        activation=spec.activation,
        dropout=spec.dropout,
        noise=spec.noise,
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
    rows = _training_rows(dataset, spec.hold_out)
    evaluator, probe = _instruments(network, dataset, spec.hold_out, spec.numerics == "fast")
    initial = initial_parameters(network, spec.initial_stddev, spec.seed)
    if network.normalization == "weight":
        first = next(mini_batches(spec.seed, rows, spec.batch_size, 1))
        initial = _data_dependent(network, initial, dataset.train_images[first] / np.float32(dataset.levels))
    look_every = spec.evaluate_every * max(1, spec.steps // spec.evaluate_every // LOOKS)
    curve: dict[str, list[float]] = {}
    looks: dict[str, list[np.ndarray]] = {}
    last = initial
    evaluation_seconds = 0.0

    def observe(step: int, parameters: Parameters) -> None:
        nonlocal last, evaluation_seconds
        started = time.perf_counter()
        for name, value in {"step": step, **evaluator.measure(parameters)}.items():
            curve.setdefault(name, []).append(value)
        if step % look_every == 0:
            look = probe.look(parameters, spec.seed, step, spec.learning_rate)
            for name, values in {"step": np.array(step), **look}.items():
                looks.setdefault(name, []).append(values)
        last = parameters
        evaluation_seconds += time.perf_counter() - started

    observe(0, initial)
    batches = mini_batches(spec.seed, rows, spec.batch_size, spec.steps)
    began, measured_before = time.perf_counter(), evaluation_seconds
    diverged_at = _train(spec, network, initial, dataset, batches, observe)
    training_seconds = time.perf_counter() - began - (evaluation_seconds - measured_before)
    started = time.perf_counter()
    final = {} if diverged_at is not None else {**evaluator.measure_final(last), **probe.zscores(last)}
    evaluation_seconds += time.perf_counter() - started
    layers = {name: np.stack(values) for name, values in looks.items()}
    return Result(curve, final, diverged_at, layers, last, training_seconds, evaluation_seconds)


def _train(
    spec: RunSpec,
    network: Architecture,
    initial: Parameters,
    dataset: Dataset,
    batches: Any,
    observe: _Observe,
) -> int | None:
    """Train by the implementation's own loop, which returns the first step whose loss was not a number."""
    if spec.implementation == "keras":
        loop = _compiled_loop(network, dataset, spec.evaluate_every, spec.batch_size, spec.numerics == "fast")
        return loop.train(initial, spec.learning_rate, batches, observe, spec.seed)

    from bnrepro.training import estimator_loop

    module = importlib.import_module(f"bnrepro.networks.{spec.implementation}")
    build = partial(module.build_estimator, network, spec.learning_rate)
    if spec.updates is not None:
        build = partial(build, run_updates=spec.updates == "run")
    return estimator_loop.train(build, module.canonical_name, initial, dataset, batches, spec.evaluate_every, observe)


# What takes a second to build serves run after run. Few are kept, so that memory stays what it was.
@lru_cache(maxsize=4)
def _compiled_loop(network: Architecture, dataset: Dataset, evaluate_every: int, batch_size: int, xla: bool) -> Any:
    from bnrepro.training.compiled_loop import CompiledLoop

    return CompiledLoop(network, dataset, evaluate_every, batch_size, xla)


@lru_cache(maxsize=16)
def _instruments(network: Architecture, dataset: Dataset, hold_out: bool, xla: bool) -> tuple[Any, Any]:
    from bnrepro.measurement.evaluator import Evaluator
    from bnrepro.measurement.probe import Probe

    images = _images(dataset, hold_out)
    return Evaluator(network, images, xla), Probe(network, images, xla)


@lru_cache(maxsize=2)
def _with_pixels(dataset: Dataset, pixels: Pixels) -> Dataset:
    return dataset.with_pixels(pixels)


@lru_cache(maxsize=4)
def _images(dataset: Dataset, hold_out: bool) -> Any:
    from bnrepro.measurement.images import Images

    return Images(dataset, _training_rows(dataset, hold_out))


def _training_rows(dataset: Dataset, hold_out: bool) -> np.ndarray:
    return np.flatnonzero(~dataset.held_out) if hold_out else np.arange(len(dataset.train_labels))


def _data_dependent(network: Architecture, initial: Parameters, inputs: np.ndarray) -> Parameters:
    import tensorflow as tf

    from bnrepro.measurement.forward import Forward

    return Forward(network).data_dependent(initial, tf.constant(inputs))


def _keep_tensorflow_quiet() -> None:
    """Estimators and `tf.compat.v1.layers` are deprecated, and say so on every call; that is known here."""
    warnings.filterwarnings("ignore", message=".*`tf.layers.*", category=UserWarning)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
