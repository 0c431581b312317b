"""One run, from its spec to its result; or several that train in one program."""

import importlib
import logging
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

from bnrepro import device, numerics
from bnrepro.data.dataset import Dataset
from bnrepro.networks.parameters import Architecture, Parameters, initial_parameters
from bnrepro.study.choices import Pixels
from bnrepro.study.spec import RunSpec
from bnrepro.training.batches import mini_batches
from bnrepro.training.implementations import loop_of, network_of
from bnrepro.training.recording import Recording, Result, training_rows


def architecture(spec: RunSpec, pixels: int, classes: int) -> Architecture:
    """The network that a spec describes. Settings of a normalization that it does not have take harmless values."""
    return Architecture(
        inputs=pixels,
        depth=spec.depth,
        width=spec.width,
        classes=classes,
        normalization=spec.normalization,
        placement=spec.placement or "before",
        momentum=0.0 if spec.momentum is None else spec.momentum,
        epsilon=0.0 if spec.epsilon is None else spec.epsilon,
        activation=spec.activation,
        dropout=spec.dropout,
        noise=spec.noise,
    )


@dataclass(frozen=True)
class _Start:
    """A run before its first step, measured once."""

    spec: RunSpec
    network: Architecture
    dataset: Dataset
    initial: Parameters
    recording: Recording

    @property
    def batches(self) -> Iterator[np.ndarray]:
        rows = training_rows(self.dataset, self.spec.hold_out)
        return mini_batches(self.spec.seed, rows, self.spec.batch_size, self.spec.steps)


def run(spec: RunSpec, dataset: Dataset) -> Result:
    """Train and measure one network. The same spec and data give the same numbers, as far as `numerics` promises it.

    Raises:
        Failed: the process has used other numerics, or another device.
    """
    start = _start(spec, dataset)
    began, measured_before = time.perf_counter(), start.recording.seconds
    diverged_at = _train(start)
    measuring = start.recording.seconds - measured_before
    return start.recording.result(diverged_at, time.perf_counter() - began - measuring)


def run_together(specs: Sequence[RunSpec], dataset: Dataset) -> list[Result]:
    """Train Keras networks that differ in nothing but seed, learning rate and initial weights in one program.

    Each result is that of `run`, but for rounding.

    Raises:
        Failed: as `run`.
        ValueError: they differ in more.
    """
    if len({spec.program for spec in specs}) > 1:
        raise ValueError("the runs of a stack differ in more than seed, learning rate and initial weights")
    starts = [_start(spec, dataset) for spec in specs]
    recordings = [start.recording for start in starts]
    began, measured_before = time.perf_counter(), sum(recording.seconds for recording in recordings)
    one = starts[0]
    loop = _stacked_loop(
        one.network,
        one.dataset,
        one.spec.evaluate_every,
        one.spec.batch_size,
        numerics.uses_xla(one.spec.numerics),
        len(specs),
    )
    diverged = loop.train(
        [start.initial for start in starts],
        [spec.learning_rate for spec in specs],
        [start.batches for start in starts],
        lambda run, step, parameters: recordings[run].observe(step, parameters),
        [spec.seed for spec in specs],
    )
    measuring = sum(recording.seconds for recording in recordings) - measured_before
    share = (time.perf_counter() - began - measuring) / len(specs)
    return [
        recording.result(diverged_at, share, together=len(specs))
        for recording, diverged_at in zip(recordings, diverged, strict=True)
    ]


def _start(spec: RunSpec, dataset: Dataset) -> _Start:
    numerics.use(spec.numerics)
    device.use(spec.device, spec.tf32)
    _keep_tensorflow_quiet()
    dataset = _with_pixels(dataset, spec.pixels)
    network = architecture(spec, dataset.pixels, dataset.classes)
    recording = Recording(spec, network, dataset)
    initial = initial_parameters(network, spec.initial_stddev, spec.seed)
    start = _Start(spec, network, dataset, initial, recording)
    if network.normalization == "weight":
        images = dataset.train_images[next(start.batches)] / np.float32(dataset.levels)
        start = replace(start, initial=_data_dependent(network, initial, images))
    recording.observe(0, start.initial)
    return start


def _train(start: _Start) -> int | None:
    """Train by the implementation's own loop, which returns the first step whose loss was not a number."""
    spec, network, dataset, observe = start.spec, start.network, start.dataset, start.recording.observe
    if spec.implementation == "keras":
        loop = _compiled_loop(network, dataset, spec.evaluate_every, spec.batch_size, numerics.uses_xla(spec.numerics))
        return loop.train(start.initial, spec.learning_rate, start.batches, observe, spec.seed)

    module = importlib.import_module(network_of(spec.implementation))
    build = partial(module.build_estimator, network, spec.learning_rate)
    if spec.updates is not None:
        build = partial(build, run_updates=spec.updates == "run")
    named, every = module.canonical_name, spec.evaluate_every
    loop = importlib.import_module(loop_of(spec.implementation, spec.device))
    return loop.train(build, named, start.initial, dataset, start.batches, every, observe)


# What takes a second to build serves run after run. Few are kept, so that memory stays what it was.
@lru_cache(maxsize=4)
def _compiled_loop(network: Architecture, dataset: Dataset, evaluate_every: int, batch_size: int, xla: bool) -> Any:
    return importlib.import_module(loop_of("keras", "cpu")).CompiledLoop(
        network, dataset, evaluate_every, batch_size, xla
    )


@lru_cache(maxsize=4)
def _stacked_loop(
    network: Architecture, dataset: Dataset, evaluate_every: int, batch_size: int, xla: bool, runs: int
) -> Any:
    return importlib.import_module(loop_of("keras", "gpu")).StackedLoop(
        network, dataset, evaluate_every, batch_size, xla, runs
    )


@lru_cache(maxsize=2)
def _with_pixels(dataset: Dataset, pixels: Pixels) -> Dataset:
    return dataset.binarized() if pixels == "binary" else dataset


def _data_dependent(network: Architecture, initial: Parameters, inputs: np.ndarray) -> Parameters:
    import tensorflow as tf

    from bnrepro.networks.forward import Forward

    return Forward(network).data_dependent(initial, tf.constant(inputs))


def _keep_tensorflow_quiet() -> None:
    """Estimators and `tf.compat.v1.layers` are deprecated, and say so on every call; that is known here."""
    warnings.filterwarnings("ignore", message=".*`tf.layers.*", category=UserWarning)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
