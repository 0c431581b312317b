"""One run, from its spec to its result; or several that train in one program."""

import importlib
import logging
import math
import time
import warnings
from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache, partial
from types import ModuleType
from typing import Any

import numpy as np

from bnrepro import device, numerics
from bnrepro.data.dataset import Dataset
from bnrepro.study.factors import Optimizer, Pixels, RunSpec
from bnrepro.study.implementations import (
    STACKED_LOOP,
    loop_of,
    measured_as,
    network_of,
    trains_in_stacks,
)
from bnrepro.training.batches import mini_batches
from bnrepro.training.recording import Recording, Result, training_rows
from bnrepro.training.schedule import evaluation_steps, learning_rates
from bnrepro.training.start import Start


def architecture(module: ModuleType, spec: RunSpec, shape: tuple[int, int, int], classes: int) -> Any:
    """The network that a spec describes, as the `Architecture` of the module that builds it.

    That is given, by name, what it has fields for: the spec's settings, `classes`, and of the images `shape` and
    `inputs`, the number of their values. A setting that the run does not have takes a harmless value.
    """
    known = {"placement": "before", "momentum": 0.0, "epsilon": 0.0}
    known |= {name: value for name, value in vars(spec).items() if value is not None}
    known |= {"shape": shape, "inputs": math.prod(shape), "classes": classes}
    return module.Architecture(**{field.name: known[field.name] for field in fields(module.Architecture)})


def run(spec: RunSpec, dataset: Dataset) -> Result:
    """Train and measure one network. The same spec and data give the same numbers, as far as `numerics` promises it.

    Raises:
        Failed: the process has used other numerics, or another device.
    """
    if trains_in_stacks(spec):
        return run_together([spec], dataset)[0]
    dataset, start, recording = _start(spec, dataset)
    began, measured_before = time.perf_counter(), recording.seconds
    diverged_at = _train(spec, dataset, start)
    measuring = recording.seconds - measured_before
    return recording.result(diverged_at, time.perf_counter() - began - measuring)


def run_together(specs: Sequence[RunSpec], dataset: Dataset) -> list[Result]:
    """Train Keras networks that share all but seed, learning rate, its decay and initial weights in one program.

    Each result is that of a run by itself, but for rounding.

    Raises:
        Failed: as `run`.
        ValueError: they differ in more.
    """
    if len({spec.program for spec in specs}) > 1:
        raise ValueError("the runs of a stack differ in more than seed, learning rate, its decay and initial weights")
    datasets, starts, recordings = zip(*[_start(spec, dataset) for spec in specs], strict=True)
    began, measured_before = time.perf_counter(), sum(recording.seconds for recording in recordings)
    diverged = _stacked_loop(specs[0].program, datasets[0]).train(starts)
    measuring = sum(recording.seconds for recording in recordings) - measured_before
    share = (time.perf_counter() - began - measuring) / len(specs)
    return [
        recording.result(diverged_at, share, together=len(specs))
        for recording, diverged_at in zip(recordings, diverged, strict=True)
    ]


def _start(spec: RunSpec, dataset: Dataset) -> tuple[Dataset, Start, Recording]:
    """The images that a run is trained on, the run before its first step, and its recording, which has measured it."""
    numerics.use(spec.numerics)
    device.use(spec.device, spec.tf32)
    _keep_tensorflow_quiet()
    dataset = _with_pixels(dataset, spec.pixels)
    rows = training_rows(dataset, spec.hold_out)
    first = next(mini_batches(spec.seed, rows, spec.batch_size, 1))
    network = _measured(spec, dataset)
    images = dataset.train_images[first] / np.float32(dataset.levels)
    initial = network.initial(spec.initial_weights, spec.seed, images)
    rates = learning_rates(spec.learning_rate, spec.decay, spec.steps)
    evaluated = evaluation_steps(spec.steps, spec.evaluate_every, spec.evaluations)
    recording = Recording(spec, network, dataset, rates, evaluated)
    recording.observe(0, initial)
    batches = mini_batches(spec.seed, rows, spec.batch_size, spec.steps)
    return dataset, Start(initial, batches, rates, frozenset(evaluated), recording.observe, spec.seed), recording


def _train(spec: RunSpec, dataset: Dataset, start: Start) -> int | None:
    """Train by the loop of the run's implementation, which returns the first step whose loss was not a number."""
    if spec.implementation == "keras":
        return _compiled_loop(spec.program, dataset).train(start)
    module = importlib.import_module(network_of(spec))
    network = architecture(module, spec, dataset.shape, dataset.classes)
    build = partial(module.build_estimator, network, spec.learning_rate)
    if spec.updates == "omitted":
        build = partial(build, run_updates=False)
    return importlib.import_module(loop_of(spec)).train(build, module.canonical_name, dataset, start)


# What takes a second to build serves run after run. Few are kept, so that memory stays what it was.
@lru_cache(maxsize=4)
def _compiled_loop(program: RunSpec, dataset: Dataset) -> Any:
    module = importlib.import_module(network_of(program))
    network = architecture(module, program, dataset.shape, dataset.classes)
    return importlib.import_module(loop_of(program)).CompiledLoop(
        module.build_model(network, program.learning_rate), module.canonical_name, *_common(program, dataset)
    )


@lru_cache(maxsize=4)
def _stacked_loop(program: RunSpec, dataset: Dataset) -> Any:
    network = _measured(program, dataset)
    return importlib.import_module(STACKED_LOOP).StackedLoop(network, *_common(program, dataset))


def _common(program: RunSpec, dataset: Dataset) -> tuple[Optimizer, Dataset, int, int, bool]:
    xla = numerics.uses_xla(program.numerics)
    return program.optimizer, dataset, program.evaluate_every, program.batch_size, xla


def _measured(spec: RunSpec, dataset: Dataset) -> Any:
    """A run's network as a pure function. Equal ones are one object, for which measuring is built once."""
    module = measured_as(spec)
    return _network(module, architecture(importlib.import_module(module), spec, dataset.shape, dataset.classes))


@lru_cache(maxsize=16)
def _network(module: str, architecture: Any) -> Any:
    return importlib.import_module(module).network(architecture)


@lru_cache(maxsize=2)
def _with_pixels(dataset: Dataset, pixels: Pixels) -> Dataset:
    return dataset.binarized() if pixels == "binary" else dataset


def _keep_tensorflow_quiet() -> None:
    """Estimators and what they are built by are deprecated, and say so on every call; that is known here."""
    for name in ("tf.layers", "tf.keras.backend.set_learning_phase"):
        warnings.filterwarnings("ignore", message=f".*`{name}", category=UserWarning)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
