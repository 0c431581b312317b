"""Training steps to a target accuracy, with runs that never arrive counted as what they are: censored.

A run's steps to target are those of the first evaluation at or above the target that the next one confirms; a single
crossing of a noisy curve would be optimistic. A run that does not arrive within its budget of K steps is censored at K.
All runs of a series share one budget, so the restricted mean is mean(min(T, K)), and the Kaplan-Meier estimate is the
plain empirical distribution: the median exists if more than half of the runs arrived. A run that is there at its first
evaluation may have arrived long before: its steps are an upper bound, and a ratio that rests on them is a bound too.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from bnrepro.analysis.curves import series
from bnrepro.study.factors import OF_A_NORMALIZATION

MODES = {  # mode of evaluation: its column
    "ema": "accuracy",
    "population": "population_accuracy",
    "test_batch": "test_batch_accuracy",
}
INTERVAL_FROM = 6  # pairs or runs: below, a bootstrap says little, and the range is given instead
RESAMPLES = 10_000
FINE_TARGETS = [round(0.8 + 0.005 * i, 3) for i in range(40)]  # for the ratio as a function of the target


def first_steps(curves: pd.DataFrame, targets: Sequence[float]) -> pd.DataFrame:
    """Steps to target of every run.

    Returns:
        A row for every run, mode and target: the series' factors, seed, budget, diverged, mode, target, `steps` (NaN
        where the run is censored), and `at_first`: whether it was there at its first evaluation.
    """
    rows, factors = [], [*series(curves), "seed"]
    for key, whole in curves.groupby(factors, sort=False, dropna=False):
        budget, diverged = whole["budget"].iloc[0], whole["diverged"].iloc[0]
        run = whole[whole["step"] > 0].sort_values("step")  # none, for a run that diverged before its first evaluation
        steps = run["step"].to_numpy()
        for mode, column in MODES.items():
            for target in targets:
                arrived = crossing(steps, run[column].to_numpy(), target)
                rows.append((*key, budget, diverged, mode, target, arrived, len(steps) > 0 and arrived == steps[0]))
    return pd.DataFrame(rows, columns=[*factors, "budget", "diverged", "mode", "target", "steps", "at_first"])


def crossing(steps: np.ndarray, accuracy: np.ndarray, target: float) -> float:
    """The step of the first evaluation at or above a target that the next one confirms; NaN where there is none."""
    above = accuracy >= target
    confirmed = above[:-1] & above[1:]
    return float(steps[confirmed.argmax()]) if confirmed.any() else np.nan


def summary(first: pd.DataFrame) -> pd.DataFrame:
    """Steps to target by series.

    Returns:
        A row for every series, mode and target: runs, reached (how many arrived), at_first (how many of them were there
        at their first evaluation), diverged (how many), median_steps (NaN unless more than half arrived),
        mean_restricted_steps, low and high (a 95% bootstrap interval of the restricted mean, or the range over seeds
        under six runs) and interval (which of the two: `bootstrap`, `range`).
    """
    rows, factors = [], [*series(first), "mode", "target"]
    for key, group in first.groupby(factors, sort=False, dropna=False):
        steps, within = group["steps"], restricted(group)
        reached = int(steps.notna().sum())
        median = float(np.median(steps.fillna(np.inf))) if 2 * reached > len(group) else np.nan
        low, high, kind = interval(mean, within[:, np.newaxis])
        counts = (len(group), reached, int(group["at_first"].sum()), int(group["diverged"].sum()))
        rows.append((*key, *counts, median, within.mean(), low, high, kind))
    columns = ["runs", "reached", "at_first", "diverged", "median_steps", "mean_restricted_steps"]
    return pd.DataFrame(rows, columns=[*factors, *columns, "low", "high", "interval"])


def speedup(first: pd.DataFrame) -> pd.DataFrame:
    """How many times fewer steps a normalization takes than none with the same learning rate, paired by seed.

    Returns:
        A row for every treated series, mode and target: the series' factors, baseline_normalization,
        baseline_learning_rate, mode, target, pairs, ratio (the baseline's restricted mean over the treatment's; NaN
        where no run of either arm arrived), low and high (95% interval by resampling pairs, or the range of the pairs'
        ratios under six pairs), interval (`bootstrap` or `range`), and censored: what kind of bound the ratio is.
        `lower`: runs of the baseline did not arrive, or runs of the treatment were there at their first evaluation;
        `upper`: the reverse; `both`: so much that it bounds nothing; `none`: it is the ratio, to the evaluation grid.
    """
    own = ["normalization", *OF_A_NORMALIZATION]  # what a treatment does not share with the baseline
    match = [*(name for name in series(first) if name not in own), "mode", "target", "seed"]
    treated = first[first["normalization"] != "none"]
    untreated = first[first["normalization"] == "none"].drop(columns=own[1:], errors="ignore")
    pairs = treated.merge(untreated, on=match, suffixes=("", "_baseline"))
    rows, names = [], [*series(first), "mode", "target"]
    for key, group in pairs.groupby(names, sort=False, dropna=False):
        factors = dict(zip(names, key, strict=True))
        both = np.column_stack([restricted(group, "_baseline"), restricted(group)])
        treatment_late, baseline_late = group["steps"].isna(), group["steps_baseline"].isna()
        lower = baseline_late.any() or group["at_first"].any()
        upper = treatment_late.any() or group["at_first_baseline"].any()
        ratio, low, high, kind = np.nan, np.nan, np.nan, ""
        if not (treatment_late.all() and baseline_late.all()):
            ratio = float(_ratio(both))
            low, high, kind = interval(_ratio, both)
        at = {"baseline_normalization": "none", "baseline_learning_rate": factors["learning_rate"]}
        found = {"pairs": len(group), "ratio": ratio, "low": low, "high": high, "interval": kind}
        rows.append({**factors, **at, **found, "censored": bound(lower, upper)})
    columns = ["study", "implementation", "depth", "normalization", *series(first)[4:]]
    columns += ["baseline_normalization", "baseline_learning_rate", "mode", "target"]
    columns += ["pairs", "ratio", "low", "high", "interval", "censored"]
    return pd.DataFrame(rows, columns=columns)


def bound(lower: bool, upper: bool) -> str:
    """What kind of bound a number is, which may be too low, too high, or both."""
    return "both" if lower and upper else "lower" if lower else "upper" if upper else "none"


def restricted(group: pd.DataFrame, suffix: str = "") -> np.ndarray:
    """min(T, K) of every run."""
    return group["steps" + suffix].fillna(group["budget" + suffix]).to_numpy(float)


def mean(sample: np.ndarray) -> np.ndarray:
    """Mean [...] of samples [..., runs, 1]."""
    return sample.mean(axis=(-2, -1))


def _ratio(sample: np.ndarray) -> np.ndarray:
    """Mean of the first column over that of the second, [...] of samples [..., pairs, 2]."""
    means = sample.mean(axis=-2)
    return means[..., 0] / means[..., 1]


def interval(statistic: Callable[[np.ndarray], np.ndarray], sample: np.ndarray) -> tuple[float, float, str]:
    """A 95% percentile bootstrap interval over the rows of a sample, or where they are few, their own range."""
    if len(sample) < INTERVAL_FROM:
        alone = statistic(sample[:, np.newaxis])
        return float(alone.min()), float(alone.max()), "range"
    rows = np.random.default_rng(0).integers(len(sample), size=(RESAMPLES, len(sample)))
    low, high = np.quantile(statistic(sample[rows]), [0.025, 0.975])
    return float(low), float(high), "bootstrap"
