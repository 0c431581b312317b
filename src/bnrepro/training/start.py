"""A run before its first step: all that a loop needs to train it."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np

from bnrepro.networks.parameters import Parameters


@dataclass(frozen=True)
class Start:
    """A run before its first step.

    Attributes:
        initial: its parameters, in canonical form.
        batches: rows of the training images, int32 [batch], for every step.
        rates: the learning rate of every step, float32 [steps].
        evaluated: the steps after which `observe(step, parameters)` is called; multiples of the steps of a block.
        observe: measures the network.
        seed: of the random numbers that layers draw.
    """

    initial: Parameters
    batches: Iterator[np.ndarray]
    rates: np.ndarray
    evaluated: Collection[int]
    observe: Callable[[int, Parameters], None]
    seed: int = 0
