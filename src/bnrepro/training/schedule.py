"""When a run is measured."""

import numpy as np


def evaluation_steps(steps: int, evaluate_every: int, evaluations: int | None) -> list[int]:
    """The steps after which a run is measured, in order: 0, the last step, and what lies between.

    Args:
        steps: of the run, a multiple of `evaluate_every`.
        evaluations: at most how many, step 0 apart: the first after `evaluate_every` steps, then thinning out
            geometrically, each rounded to a multiple of `evaluate_every`. None: after every multiple.
    """
    last = steps // evaluate_every
    if evaluations is None:
        multiples = np.arange(1, last + 1)
    else:
        multiples = np.unique(np.rint(np.geomspace(1, last, evaluations)).astype(int))
    return [0, *(int(multiple) * evaluate_every for multiple in multiples)]
