"""When a run is measured, and at which learning rate each of its steps is made."""

from collections.abc import Sequence

import numpy as np

LOOKS = 50  # into a run's layers at most, beside the one at its start


def evaluation_steps(steps: int, evaluate_every: int, evaluations: int | None) -> tuple[int, ...]:
    """The steps after which a run of `steps` is measured, from 0 on.

    Args:
        evaluations: how many there are at most beside that at step 0, spaced geometrically from the first multiple of
            `evaluate_every` to the last: dense at first. Each is rounded to a multiple, and none stands twice. None:
            every multiple.
    """
    last = steps // evaluate_every
    if evaluations is None:
        return tuple(range(0, steps + 1, evaluate_every))
    multiples = {round(last ** (place / (evaluations - 1))) for place in range(evaluations)}
    return (0, *(multiple * evaluate_every for multiple in sorted(multiples)))


def look_steps(evaluated: Sequence[int]) -> tuple[int, ...]:
    """Those of a run's `evaluation_steps` at which its layers are looked into: 0, and back from the last every n-th."""
    apart = -(-(len(evaluated) - 1) // LOOKS)
    return (evaluated[0], *evaluated[:0:-apart][::-1])


def learning_rates(learning_rate: float, decay: float, steps: int) -> np.ndarray:
    """The learning rate of every step: float32 [steps], exponentially from `learning_rate` towards `decay` times it."""
    return np.array([learning_rate * decay ** (step / steps) for step in range(steps)], np.float32)
