"""How far our curves are from the paper's: the calibration's surface, and the comparison with Figure 1(a).

A distance is the root mean square of the difference in test accuracy over the evaluations at steps that the paper's
curve shows, in shares of 1. The paper's curve rises steeply at first, where a difference in time becomes a large one in
accuracy; the distance from step 10,000 on is given beside.
"""

import numpy as np
import pandas as pd

from bnrepro.analysis import reference, steps_to_target
from bnrepro.analysis.curves import series
from bnrepro.analysis.steps_to_target import MODES

CALIBRATION, COMPARED = "calibration", "paper"  # studies: what chooses the setting, and what is laid over Figure 1
LATE = 10_000  # steps
COLUMNS = ["seeds", "distance", "nearest_seed", "farthest_seed", "distance_late", "final_accuracy"]
SETTING = ["pixels", "initial_stddev", "learning_rate"]  # what the paper does not state, and calibration varies


def distances(curves: pd.DataFrame) -> pd.DataFrame:
    """Distance of every series of the paper's depth from the paper's curve of its normalization.

    Returns:
        A row for every series and mode: the series' factors, mode, seeds, distance (of the mean over seeds),
        nearest_seed and farthest_seed (the least and the largest distance of a single seed), distance_late (from step
        10,000 on) and final_accuracy (the mean at the last step). NaN where a run diverged.
    """
    own = curves[(curves["depth"] == reference.DEPTH) & (curves["step"] > 0)]
    rows, factors = [], series(curves)
    for key, group in own.groupby(factors, sort=False, dropna=False):
        normalization = group["normalization"].iloc[0]
        for mode, column in MODES.items():
            by_seed = group.pivot_table(index="step", columns="seed", values=column)
            single = [_distance(by_seed[seed], normalization) for seed in by_seed]
            mean = by_seed.mean(axis=1, skipna=False)
            values = [_distance(mean, normalization), min(single), max(single)]
            values += [_distance(mean[mean.index >= LATE], normalization), mean.iloc[-1]]
            rows.append((*key, mode, len(single), *values))
    return pd.DataFrame(rows, columns=[*factors, "mode", *COLUMNS])


def seed_distances(curves: pd.DataFrame, mode: str) -> dict[str, np.ndarray]:
    """The distance of every seed's own curve, by normalization: [seeds]. `curves`: of one series in each arm."""
    found = {}
    for normalization, group in curves[curves["step"] > 0].groupby("normalization", sort=False):
        by_seed = group.pivot_table(index="step", columns="seed", values=MODES[mode])
        found[str(normalization)] = np.array([_distance(by_seed[seed], str(normalization)) for seed in by_seed])
    return found


def _distance(accuracy: pd.Series, normalization: str) -> float:
    """Of a curve (accuracy by step); NaN where it breaks off, or the paper shows none of its steps."""
    papers = reference.accuracy_at(normalization, accuracy.index.to_numpy(float))
    shown = ~np.isnan(papers)
    if not shown.any():
        return np.nan
    return float(np.sqrt(np.mean((accuracy.to_numpy(float)[shown] - papers[shown]) ** 2)))


def calibration(distances: pd.DataFrame) -> pd.DataFrame:
    """The calibration's surface: a row for every setting that came to steps that the paper shows, nearest first.

    Returns:
        pixels, initial_stddev, learning_rate, the columns of `distances`, and `close`: whether chance in the seeds may
        have put the setting behind the best one. It may where the difference is within two standard errors, by the
        scatter of single seeds' distances in settings at most twice as far as the best.
    """
    surface = distances[(distances["study"] == CALIBRATION) & (distances["mode"] == "ema")]
    surface = surface[[*SETTING, *COLUMNS]].dropna(subset="distance").sort_values("distance", ignore_index=True)
    near = surface[surface["distance"] <= 2 * surface["distance"].min()]
    # The range of n seeds, as an estimate of their standard deviation: exact for two, close enough for a few more.
    scatter = ((near["farthest_seed"] - near["nearest_seed"]) / np.sqrt(2)).mean()
    error = scatter * np.sqrt(2 / near["seeds"].mean())
    surface["close"] = surface["distance"] <= surface["distance"].min() + 2 * error
    return surface


def comparison(curves: pd.DataFrame, first: pd.DataFrame, speedup: pd.DataFrame) -> pd.DataFrame:
    """What study `paper` measured beside what the paper's curves show.

    Args:
        curves, first, speedup: of that study (`bnrepro.analysis.curves`, `steps_to_target`).

    Returns:
        A row for every quantity (`final_accuracy`, `distance`, `steps`, `speedup`), normalization, mode and target
        (the last two quantities only): ours (a mean over seeds; of steps the restricted mean), low and high (a 95%
        bootstrap interval, or the range under six seeds), censored (of ours: `none`, `lower`, `upper`, `both`), paper
        and paper_censored. Accuracies and distances are shares of 1.
    """
    rows = [*_accuracies(curves), *_steps(first), *_speedups(speedup)]
    columns = ["quantity", "normalization", "mode", "target", "ours", "low", "high", "censored"]
    return pd.DataFrame(rows, columns=[*columns, "paper", "paper_censored"])


def _accuracies(curves: pd.DataFrame) -> list[tuple]:
    rows = []
    for normalization, group in curves[curves["step"] > 0].groupby("normalization", sort=False):
        for mode, column in MODES.items():
            finals = group.pivot_table(index="step", columns="seed", values=column).iloc[-1].to_numpy()
            single = seed_distances(group, mode)[normalization]
            papers = reference.FINAL_ACCURACY[normalization]
            rows.append(("final_accuracy", normalization, mode, np.nan, *_mean(finals), "none", papers, "none"))
            rows.append(("distance", normalization, mode, np.nan, *_mean(single), "none", 0.0, "none"))
    return rows


def _steps(first: pd.DataFrame) -> list[tuple]:
    rows = []
    for (normalization, mode, target), group in first.groupby(["normalization", "mode", "target"], sort=False):
        late, early = group["steps"].isna().any(), group["at_first"].any()
        censored = "both" if late and early else "lower" if late else "upper" if early else "none"
        papers, at_first = reference.steps_to(normalization, target)
        ours = _mean(steps_to_target.restricted(group))
        rows.append(("steps", normalization, mode, target, *ours, censored, papers, "upper" if at_first else "none"))
    return rows


def _speedups(speedup: pd.DataFrame) -> list[tuple]:
    ours = speedup[["normalization", "mode", "target", "ratio", "low", "high", "censored"]]
    return [("speedup", *row, *reference.speedup(row.target)) for row in ours.itertuples(index=False)]


def _mean(values: np.ndarray) -> tuple[float, float, float]:
    """The mean over seeds, and its interval."""
    low, high, _ = steps_to_target.interval(steps_to_target.mean, values[:, np.newaxis])
    return float(values.mean()), low, high
