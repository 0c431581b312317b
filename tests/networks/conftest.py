"""Runs that several tests look at are trained once; and what plain TensorFlow needs to make the same steps."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bnrepro.data.dataset import Dataset
from bnrepro.study.factors import RunSpec
from bnrepro.training.recording import Result
from bnrepro.training.run import run
from tests.networks import plain
from tests.networks.specs import architecture, initial_parameters, training_examples


@pytest.fixture(scope="session")
def trained(digits: Dataset) -> Callable[[RunSpec], Result]:
    return cache(lambda spec: run(spec, digits))


@pytest.fixture(scope="session")
def plain_task(digits: Dataset) -> Callable[[RunSpec, Path], plain.Task]:
    """Makes of a run what a user of TensorFlow would set up: the same start, the same mini-batches."""

    def make(spec: RunSpec, folder: Path) -> plain.Task:
        network = architecture(spec, digits)
        images, labels = (np.concatenate(part) for part in zip(*training_examples(spec, digits), strict=True))
        return plain.Task(
            folder=folder,
            implementation=spec.implementation,
            architecture=network,
            learning_rate=spec.learning_rate,
            initial=initial_parameters(network, spec.initial_stddev, spec.seed),
            images=images,
            labels=labels,
            test_images=digits.test_images.astype(np.float32) / digits.levels,
            test_labels=digits.test_labels,
        )

    return make
