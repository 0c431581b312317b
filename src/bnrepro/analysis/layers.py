"""What the looks into a run's layers show (`bnrepro.measurement.probe`), as one long table.

A layer has a number, from 1 on, in the order in which images pass through. Of its units, the median stands for the
layer: of their 15th, 50th and 85th percentiles over the probe's images, and of how far they travel. What a layer gets
are the outputs of the layer before; the first gets images, which cannot shift.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from bnrepro.analysis.curves import SERIES

MEASURED = [
    *("percentile_15", "percentile_50", "percentile_85", "saturated", "always_saturated"),
    *("gradient", "weights", "weight_size", "gradient_change", "gradient_cosine", "lag", "shift"),
]
OF_THE_RUN = ["travelled", "jumped"]  # the same at every step


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
        (the kernel's norm), weight_size (the root mean square of its weights), gradient_change and gradient_cosine (of
        the last layer; NaN for others), lag (standard deviations), shift (see `shifts`), and of the whole run travelled
        and jumped. weight_size and shift are NaN for the first layer, which has the images' pixels before it, and
        weight_size for convolutions.
    """
    factors = [*SERIES, *further]
    frames = []
    for record in records:
        arrays = read(record)
        steps, depth = arrays["step"], arrays["saturated"].shape[1]
        columns = {"layer": np.tile(np.arange(1, depth + 1), len(steps)), "step": np.repeat(steps, depth)}
        columns |= {name: values.reshape(-1) for name, values in _measured(arrays, record["spec"]).items()}
        of_the_run = (travelled(arrays["percentiles"]), jumped(arrays["percentiles"]))
        columns |= {name: np.tile(values, len(steps)) for name, values in zip(OF_THE_RUN, of_the_run, strict=True)}
        own = {"study": study, **{name: record["spec"][name] for name in [*factors[1:], "seed"]}}
        frames.append(pd.DataFrame(columns).assign(**own))
    names = [*factors, "seed", "layer", "step", *MEASURED, *OF_THE_RUN]
    return pd.concat(frames, ignore_index=True)[names] if frames else pd.DataFrame(columns=names)


def _measured(arrays: dict[str, np.ndarray], spec: dict[str, Any]) -> dict[str, np.ndarray]:
    """Each [looks, depth]."""
    depth = arrays["saturated"].shape[1]
    percentiles = np.median(arrays["percentiles"], axis=-1)  # [looks, depth, 3]
    change = np.full((len(arrays["step"]), depth, 2), np.nan)
    change[:, -1] = arrays["gradient_change"]
    weights = arrays["weights"][:, :depth]  # the softmax layer's come last, here and below
    size = np.full(weights.shape, np.nan)
    if spec.get("kind", "dense") == "dense":  # a record may be older than the factor
        size[:, 1:] = weights[:, 1:] / spec["width"]  # as many units before a layer as in it
    return {
        "percentile_15": percentiles[..., 0],
        "percentile_50": percentiles[..., 1],
        "percentile_85": percentiles[..., 2],
        "saturated": arrays["saturated"],
        "always_saturated": arrays["always_saturated"],
        "gradient": arrays["gradient"][:, :depth],
        "weights": weights,
        "weight_size": size,
        "gradient_change": change[..., 0],
        "gradient_cosine": change[..., 1],
        "lag": arrays["lag"],
        "shift": shifts(arrays["percentiles"]),
    }


def shifts(percentiles: np.ndarray) -> np.ndarray:
    """How far what a layer gets has shifted by a look, [looks, depth] of percentiles [looks, depth, 3, width].

    An output of the layer before shifts from the lowest to the highest value of its median since step 0, in units of
    its own spread at the look, the distance of its 15th percentile from its 85th; the median over outputs. A sigmoid is
    monotone, so the percentiles of its outputs are the sigmoids of those of its inputs. Meant for sigmoids with nothing
    between them and the next layer.

    Returns:
        NaN for the first layer.
    """
    outputs = expit(percentiles[:, :-1].astype(float))
    medians, spreads = outputs[:, :, 1], outputs[:, :, 2] - outputs[:, :, 0]
    moved = np.maximum.accumulate(medians) - np.minimum.accumulate(medians)
    shifted = np.full(percentiles.shape[:2], np.nan)
    shifted[:, 1:] = np.median(np.divide(moved, spreads, out=np.full_like(moved, np.inf), where=spreads > 0), axis=-1)
    return shifted


def travelled(percentiles: np.ndarray) -> np.ndarray:
    """How far the inputs of a layer's units travel in training, [depth] of percentiles [looks, depth, 3, width].

    A unit travels from the lowest to the highest value of its 50th percentile, from step 0 on; the median over units.
    In the units of a nonlinearity's input.
    """
    return np.median(np.ptp(percentiles[:, :, 1], axis=0), axis=-1)


def jumped(percentiles: np.ndarray) -> np.ndarray:
    """How far the 50th percentile of a unit moves from one look to the next, [depth] of [looks, depth, 3, width].

    The mean over looks, and of that the median over units, in the units of a nonlinearity's input; NaN of one look.
    """
    if len(percentiles) < 2:
        return np.full(percentiles.shape[1], np.nan)
    return np.median(np.abs(np.diff(percentiles[:, :, 1], axis=0)).mean(axis=0), axis=-1)
