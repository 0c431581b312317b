"""What the looks into a run's layers show (`bnrepro.measurement.probe`), as one long table.

A layer has a number, 1 ... depth. Of its units, the median stands for the layer: of their 15th, 50th and 85th
percentiles over the probe's images, and of how far they travel.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bnrepro.analysis.curves import SERIES

MEASURED = [
    *("percentile_15", "percentile_50", "percentile_85", "saturated", "always_saturated"),
    *("gradient", "weights", "gradient_change", "gradient_cosine", "lag"),
]
OF_THE_RUN = ["travelled", "travelled_relative", "jumped"]  # the same at every step


def looks(
    records: Sequence[dict[str, Any]],
    study: str,
    further: Sequence[str],
    read: Callable[[dict[str, Any]], dict[str, np.ndarray]],
) -> pd.DataFrame:
    """The looks of a study's runs.

    Args:
        further: the study's own factors (`curves.further`).
        read: gives the looks of a record.

    Returns:
        A row for every run, layer and step: the series' factors, seed, layer, step, percentiles (the median over
        units), saturated, always_saturated (shares of 1), gradient (the norm of that by the layer's kernel), weights
        (the kernel's norm), gradient_change and gradient_cosine (of the last layer; NaN for others), lag (standard
        deviations), and of the whole run travelled, travelled_relative and jumped.
    """
    factors = [*SERIES, *further]
    frames = []
    for record in records:
        arrays = read(record)
        steps, depth = arrays["step"], record["spec"]["depth"]
        columns = {"layer": np.tile(np.arange(1, depth + 1), len(steps)), "step": np.repeat(steps, depth)}
        columns |= {name: values.reshape(-1) for name, values in _measured(arrays, depth).items()}
        of_the_run = (*travelled(arrays["percentiles"]), jumped(arrays["percentiles"]))
        columns |= {name: np.tile(values, len(steps)) for name, values in zip(OF_THE_RUN, of_the_run, strict=True)}
        own = {"study": study, **{name: record["spec"][name] for name in [*factors[1:], "seed"]}}
        frames.append(pd.DataFrame(columns).assign(**own))
    names = [*factors, "seed", "layer", "step", *MEASURED, *OF_THE_RUN]
    return pd.concat(frames, ignore_index=True)[names] if frames else pd.DataFrame(columns=names)


def _measured(arrays: dict[str, np.ndarray], depth: int) -> dict[str, np.ndarray]:
    """Each [looks, depth]."""
    percentiles = np.median(arrays["percentiles"], axis=-1)  # [looks, depth, 3]
    change = np.full((len(arrays["step"]), depth, 2), np.nan)
    change[:, -1] = arrays["gradient_change"]
    return {
        "percentile_15": percentiles[..., 0],
        "percentile_50": percentiles[..., 1],
        "percentile_85": percentiles[..., 2],
        "saturated": arrays["saturated"],
        "always_saturated": arrays["always_saturated"],
        **{name: arrays[name][:, :depth] for name in ("gradient", "weights")},  # the softmax layer's come last
        "gradient_change": change[..., 0],
        "gradient_cosine": change[..., 1],
        "lag": arrays["lag"],
    }


def travelled(percentiles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far the inputs of a layer's units travel in training, [depth] of percentiles [looks, depth, 3, width].

    A unit travels from the lowest to the highest value of its 50th percentile, from step 0 on; the median over units.

    Returns:
        In the units of a nonlinearity's input; and in those of the unit's own spread in the end, the distance of its
        15th percentile from its 85th.
    """
    moved = np.ptp(percentiles[:, :, 1], axis=0)
    spread = percentiles[-1, :, 2] - percentiles[-1, :, 0]
    relative = np.divide(moved, spread, out=np.full_like(moved, np.inf), where=spread > 0)
    return np.median(moved, axis=-1), np.median(relative, axis=-1)


def jumped(percentiles: np.ndarray) -> np.ndarray:
    """How far the 50th percentile of a unit moves from one look to the next, [depth] of [looks, depth, 3, width].

    The mean over looks, and of that the median over units, in the units of a nonlinearity's input; NaN of one look.
    """
    if len(percentiles) < 2:
        return np.full(percentiles.shape[1], np.nan)
    return np.median(np.abs(np.diff(percentiles[:, :, 1], axis=0)).mean(axis=0), axis=-1)
