"""Training steps to a target accuracy, with runs that never arrive counted as what they are: censored.

A run's steps to target are those of the first evaluation at or above the target that the next one confirms; a single
crossing of a noisy curve would be optimistic. A run that does not arrive within its budget of K steps is censored at K.
All runs of a series share one budget, so the restricted mean is mean(min(T, K)), and the Kaplan-Meier estimate is the
plain empirical distribution: the median exists if more than half of the runs arrived. A run that is there at its first
evaluation may have arrived long before: its steps are an upper bound, and a ratio that rests on them is a bound too.

All of this describes runs. Nothing is inferred: the range of the seeds stands beside a number. The intervals that
verdicts rest on are those of `bnrepro.claims.statistics`.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from bnrepro.analysis.curves import series
from bnrepro.study.factors import OF_A_NORMALIZATION

MODES = {  # mode of evaluation: its column
    "ema": "accuracy",
    "population": "population_accuracy",
    "test_batch": "test_batch_accuracy",
}
HELD_OUT = {"validation": "validation_accuracy"}  # where images are held out; a learning rate is chosen by them
FINE_TARGETS = [round(0.8 + 0.005 * i, 3) for i in range(40)]  # for the ratio as a function of the target


def first_steps(curves: pd.DataFrame, targets: Sequence[float], modes: Mapping[str, str] = MODES) -> pd.DataFrame:
    """Steps to target of every run.

    Args:
        modes: of evaluation, each with its column.

    Returns:
        A row for every run, mode and target: the series' factors, seed, budget, diverged, mode, target, `steps` (NaN
        where the run is censored), and `at_first`: whether it was there at its first evaluation.
    """
    rows, factors = [], [*series(curves), "seed"]
    for key, whole in curves.groupby(factors, sort=False, dropna=False):
        budget, diverged = whole["budget"].iloc[0], whole["diverged"].iloc[0]
        run = whole[whole["step"] > 0].sort_values("step")  # none, for a run that diverged before its first evaluation
        steps = run["step"].to_numpy()
        for mode, column in modes.items():
            for target in targets:
                arrived = crossing(steps, run[column].to_numpy(), target)
                at_first = len(steps) > 0 and arrived == steps[0]
                rows.append((*key, budget, diverged, mode, target, arrived, at_first))
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
        mean_restricted_steps, low and high (the range of the seeds).
    """
    rows, factors = [], [*series(first), "mode", "target"]
    for key, group in first.groupby(factors, sort=False, dropna=False):
        steps, within = group["steps"], restricted(group)
        reached = int(steps.notna().sum())
        median = float(np.median(steps.fillna(np.inf))) if 2 * reached > len(group) else np.nan
        counts = (len(group), reached, int(group["at_first"].sum()), int(group["diverged"].sum()))
        rows.append((*key, *counts, median, within.mean(), within.min(), within.max()))
    columns = ["runs", "reached", "at_first", "diverged", "median_steps", "mean_restricted_steps"]
    return pd.DataFrame(rows, columns=[*factors, *columns, "low", "high"])


def speedup(first: pd.DataFrame) -> pd.DataFrame:
    """How many times fewer steps a normalization takes than none with the same learning rate, paired by seed.

    Returns:
        A row for every treated series, mode and target: the series' factors, baseline_normalization,
        baseline_learning_rate, mode, target, pairs, ratio (the geometric mean of the pairs' ratios of min(T, K); NaN
        where no run of either arm arrived), low and high (their range), and censored: what kind of bound the ratio is.
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
        treatment_late, baseline_late = group["steps"].isna(), group["steps_baseline"].isna()
        lower = baseline_late.any() or group["at_first"].any()
        upper = treatment_late.any() or group["at_first_baseline"].any()
        ratio, low, high = np.nan, np.nan, np.nan
        if not (treatment_late.all() and baseline_late.all()):
            ratios = restricted(group, "_baseline") / restricted(group)
            ratio, low, high = float(np.exp(np.log(ratios).mean())), float(ratios.min()), float(ratios.max())
        at = {"baseline_normalization": "none", "baseline_learning_rate": factors["learning_rate"]}
        found = {"pairs": len(group), "ratio": ratio, "low": low, "high": high}
        rows.append({**factors, **at, **found, "censored": bound(lower, upper)})
    columns = ["study", "implementation", "depth", "normalization", *series(first)[4:]]
    columns += ["baseline_normalization", "baseline_learning_rate", "mode", "target"]
    columns += ["pairs", "ratio", "low", "high", "censored"]
    return pd.DataFrame(rows, columns=columns)


def bound(lower: bool, upper: bool) -> str:
    """What kind of bound a number is, which may be too low, too high, or both."""
    return "both" if lower and upper else "lower" if lower else "upper" if upper else "none"


def restricted(group: pd.DataFrame, suffix: str = "") -> np.ndarray:
    """min(T, K) of every run."""
    return group["steps" + suffix].fillna(group["budget" + suffix]).to_numpy(float)
