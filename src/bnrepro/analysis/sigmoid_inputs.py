"""What the sigmoids of the last hidden layer get through training: the paper's Figure 1(b, c), for every unit.

A unit's `movement` is how far its 50th percentile travels: the highest less the lowest value over all looks, from step
0 on. Its `spread` is the distance between its 15th and 85th percentiles at the end. Both are in the units of a
sigmoid's input, which is steep between about -2 and 2.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bnrepro.analysis import reference

COLUMNS = [f"percentile_{percentile}" for percentile in reference.PERCENTILES]  # as the probe takes them
LATE = 4_000  # steps
_QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95]  # over units


class Inputs(NamedTuple):
    """What the units of one layer get in all runs of an arm.

    Attributes:
        seeds: of the runs.
        steps: of the looks.
        percentiles: float32 [seeds, looks, 3, width].
    """

    seeds: list[int]
    steps: list[int]
    percentiles: np.ndarray


def last_layer(
    found: Sequence[dict[str, Any]], read: Callable[[dict[str, Any]], dict[str, np.ndarray]]
) -> dict[str, Inputs]:
    """By normalization, the inputs of the last hidden layer's sigmoids.

    Args:
        found: the study's records, none of which diverged.
        read: gives the looks of a record.
    """
    arms: dict[str, dict[int, dict[str, np.ndarray]]] = {}
    for record in found:
        arms.setdefault(record["spec"]["normalization"], {})[record["spec"]["seed"]] = read(record)
    return {
        normalization: Inputs(
            list(runs),
            next(iter(runs.values()))["step"].tolist(),
            np.stack([looks["percentiles"][:, -1] for looks in runs.values()]),
        )
        for normalization, runs in sorted(arms.items(), reverse=True)  # without it first, as in the paper
    }


def movement(values: np.ndarray) -> np.ndarray:
    """How far the 50th percentile of every unit travels: [seeds, width] of [seeds, looks, 3, width]."""
    return np.ptp(values[:, :, 1], axis=1)


def spread(values: np.ndarray) -> np.ndarray:
    """The distance between the 15th and the 85th percentile at the end: [seeds, width]."""
    return values[:, -1, 2] - values[:, -1, 0]


def typical(arms: dict[str, Inputs]) -> pd.DataFrame:
    """The unit that the figure shows in each arm: the one of all units of all seeds whose movement is their median.

    Of an even number of units, the lower of the two in the middle.

    Returns:
        normalization, seed, unit, step, percentile_15, percentile_50, percentile_85.
    """
    tables = []
    for normalization, (seeds, steps, values) in arms.items():
        moved = movement(values)
        order = np.argsort(moved, axis=None, kind="stable")
        seed, unit = np.unravel_index(order[(moved.size - 1) // 2], moved.shape)
        place = {"normalization": normalization, "seed": seeds[seed], "unit": int(unit), "step": steps}
        percentiles = dict(zip(COLUMNS, values[seed, :, :, unit].T, strict=True))
        tables.append(pd.DataFrame(place | percentiles))
    return pd.concat(tables, ignore_index=True)


def over_units(arms: dict[str, Inputs]) -> pd.DataFrame:
    """Movement and final spread over all units of all seeds, beside the paper's one unit.

    The paper's panels begin after a hundredth of training, when the initial weights are no longer where they were, so
    the movement is also given from where its curves of accuracy begin, for ours and for its own.

    Returns:
        A row for each normalization and quantity (`movement`, `late_movement`, `spread`): seeds, units (a seed), the
        quantiles 5, 25, 50, 75 and 95% over all of them, and the paper's.
    """
    rows = []
    for normalization, (_, steps, values) in arms.items():
        late = np.asarray(steps) >= LATE
        papers = reference.sigmoid_inputs(normalization)
        papers_late = papers[papers.index * max(steps) >= LATE]
        quantities = {"movement": (movement(values), np.ptp(papers[50]))}
        if late.any():
            quantities["late_movement"] = (movement(values[:, late]), np.ptp(papers_late[50]))
        quantities["spread"] = (spread(values), papers[85].iloc[-1] - papers[15].iloc[-1])
        for name, (ours, of_paper) in quantities.items():
            rows.append((normalization, name, *ours.shape, *np.quantile(ours, _QUANTILES), of_paper))
    columns = [f"quantile_{100 * quantile:.0f}" for quantile in _QUANTILES]
    return pd.DataFrame(rows, columns=["normalization", "quantity", "seeds", "units", *columns, "paper"])
