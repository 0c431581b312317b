"""Runs that several tests look at are trained once."""

from collections.abc import Callable
from functools import cache

import pytest

from bnrepro.dataset import Dataset
from bnrepro.training.recording import Result
from bnrepro.training.run import run
from bnrepro.training.spec import RunSpec


@pytest.fixture(scope="session")
def trained(digits: Dataset) -> Callable[[RunSpec], Result]:
    return cache(lambda spec: run(spec, digits))
