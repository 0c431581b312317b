"""Run specs for tests: the paper's network on digits, 200 steps, batch normalization's settings nobody's defaults."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from bnrepro.data.dataset import Dataset
from bnrepro.networks.parameters import Parameters
from bnrepro.networks.variants import dense
from bnrepro.networks.variants.dense import Architecture
from bnrepro.study.factors import Implementation, RunSpec
from bnrepro.training import run
from bnrepro.training.batches import mini_batches

STEPS = 200
# A parameter of order 1 is rounded to float32 at every step, by about eps; if all roundings pointed the same way, they
# would add up to this. They do not: what is seen against float64 is sqrt(200) eps = 2e-6, and 0 between implementations
# on one processor, but other processors add in another order. An epsilon or a momentum that is off by 1%, a step left
# out or two mini-batches that change places leave differences above it (tests/networks/test_parity.py).
TOLERANCE = STEPS * float(np.finfo(np.float32).eps)  # 2.4e-5
FLOAT32 = 1e-6  # accuracies are sums of zeros and ones, divided in float32
ESTIMATORS = [name for name in get_args(Implementation) if name != "keras"]
# Networks that learn within the 200 steps, to be trained by plain TensorFlow: implementation, normalization, depth.
PLAIN = [
    (implementation, normalization, depth)
    for implementation in get_args(Implementation)
    for normalization, depth in (("none", 1), ("batch", 3))
]


def run_spec(implementation: str, normalization: str = "none", depth: int = 1, **changes: Any) -> RunSpec:
    placement, momentum, epsilon = None, None, None
    if normalization == "batch":
        placement, momentum, epsilon = "before", 0.98, 0.002  # an argument that is not passed on shows
        if implementation == "canned_estimator":  # what its source fixes: tensorflow_estimator, canned/dnn.py
            placement, momentum, epsilon = "after", 0.999, 0.001
    spec = RunSpec(
        dataset="digits",
        implementation=implementation,
        normalization=normalization,
        depth=depth,
        learning_rate=0.5,
        seed=1,  # not what a forgotten argument would be
        steps=STEPS,  # nine epochs and a half
        batch_size=60,
        evaluate_every=100,
        width=100,
        initial_stddev=0.1,
        pixels="grey",
        activation="sigmoid",
        placement=placement,
        momentum=momentum,
        epsilon=epsilon,
        updates="run" if normalization == "batch" and implementation in ("keras_estimator", "core_estimator") else None,
        dropout=0.0,
        noise="none",
        hold_out=False,
        device="cpu",
        tf32=None,
        numerics="portable",
    )
    return replace(spec, **changes)


def architecture(spec: RunSpec, dataset: Dataset) -> Architecture:
    """A spec's network on a dataset, with all that any dense network has."""
    return run.architecture(dense, spec, dataset.shape, dataset.classes)


def initial_parameters(architecture: Architecture, stddev: float | None, seed: int) -> Parameters:
    """Where a run starts that does not start from data."""
    return dense.network(architecture).initial(stddev, seed)


def assert_same(parameters: Parameters, expected: Parameters) -> None:
    assert parameters.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(parameters[name], value, rtol=0, atol=TOLERANCE, err_msg=name)


def training_examples(spec: RunSpec, dataset: Dataset) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Images [batch, pixels] in [0, 1] and labels [batch] of every step, as a user would feed them to any framework."""
    every_row = np.arange(len(dataset.train_labels))
    for rows in mini_batches(spec.seed, every_row, spec.batch_size, spec.steps):
        yield dataset.train_images[rows].astype(np.float32) / dataset.levels, dataset.train_labels[rows]
