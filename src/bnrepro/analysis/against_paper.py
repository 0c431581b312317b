"""How far our curves are from the paper's: the calibration's surface, and the comparison with Figure 1(a).

A distance is the root mean square of the difference in test accuracy over the evaluations at steps that the paper's
curve shows, in shares of 1. The paper's curve rises steeply at first, where a difference in time becomes a large one in
accuracy, so the distance from step 10,000 on is given beside it. And the paper's curve is drawn in straight lines of
some 4,000 steps, above which a finer curve of the same network bulges; so distance and steps are also taken `as drawn`:
from every 4,000th step of ours, joined by straight lines.
"""

import numpy as np
import pandas as pd

from bnrepro.analysis import reference, steps_to_target
from bnrepro.analysis.curves import series
from bnrepro.study.factors import OPTIONAL
from bnrepro.study.params import CALIBRATION_STUDY, PAPER_DEPTH

MODES = {mode: steps_to_target.MODES[mode] for mode in ("ema", "population")}  # by which the paper's may have been
LATE = 10_000  # steps
DRAWN_EVERY = 4_000  # steps between the bends of the paper's curves
COLUMNS = ["seeds", "distance", "mean_seed_distance", "distance_late", "distance_as_drawn", "final_accuracy"]
SETTING = ["pixels", "initial_stddev", "learning_rate"]  # what the paper leaves open, and calibration varies
# Factors of which the paper's network has none, whatever they are: it leaves the moving averages' momentum open too.
OTHERS = [name for name in OPTIONAL if name not in (*SETTING, "momentum")]


def distances(curves: pd.DataFrame) -> pd.DataFrame:
    """Distance of every series that may be the paper's network from the paper's curve of its normalization.

    Those are the series of its depth in studies that name none of `OTHERS`.

    Returns:
        A row for every series and mode: the series' factors, mode, seeds, distance (of the mean over seeds),
        mean_seed_distance (the mean of the seeds' own distances, which does not shrink with their number),
        distance_late (of the mean, from step 10,000 on), distance_as_drawn (of the mean) and final_accuracy (the mean
        at the last step). NaN where a run diverged, or the budget ends before the paper's curve begins.
    """
    rows, factors = [], series(curves)
    may_be = (curves["depth"] == PAPER_DEPTH) & curves["normalization"].isin(list(reference.FINAL_ACCURACY))
    may_be &= curves.filter(OTHERS).isna().all(axis=1)
    for key, runs in curves[may_be].groupby(factors, sort=False, dropna=False):
        paper = reference.test_accuracy(runs["normalization"].iloc[0])
        for mode, column in MODES.items():
            by_seed = _by_seed(runs, column)
            mean = by_seed.mean(axis=1, skipna=False)
            values = [_distance(mean, paper), np.mean(_of_seeds(by_seed, paper))]
            values += [_distance(mean[mean.index >= LATE], paper), _distance(_as_drawn(mean), paper), mean.iloc[-1]]
            rows.append((*key, mode, by_seed.shape[1], *values))
    return pd.DataFrame(rows, columns=[*factors, "mode", *COLUMNS])


def seed_distances(curves: pd.DataFrame, mode: str) -> dict[str, np.ndarray]:
    """The distance of every seed's own curve, by normalization: [seeds]. `curves`: of one series in each arm."""
    return {
        str(normalization): _of_seeds(_by_seed(runs, MODES[mode]), reference.test_accuracy(str(normalization)))
        for normalization, runs in curves.groupby("normalization", sort=False)
    }


def calibration(curves: pd.DataFrame) -> pd.DataFrame:
    """The calibration's surface: a row for every setting that can be compared, nearest first.

    Returns:
        pixels, initial_stddev, learning_rate, the columns of `distances`, and `close`: whether a seed is nearer to the
        paper's curve with this setting than with the first. (With few seeds that says more than a standard error.)
    """
    own = curves[curves["study"] == CALIBRATION_STUDY]
    surface = distances(own)
    surface = surface[surface["mode"] == "ema"].reindex(columns=[*SETTING, *COLUMNS])
    surface = surface.dropna(subset="distance").sort_values("distance", ignore_index=True)
    if surface.empty:
        return surface.assign(close=False)
    single = {key: seed_distances(runs, "ema")["none"] for key, runs in own.groupby(SETTING)}
    settings = list(surface[SETTING].itertuples(index=False, name=None))
    surface["close"] = [bool((single[setting] <= single[settings[0]]).any()) for setting in settings]
    return surface


def comparison(curves: pd.DataFrame, first: pd.DataFrame, speedup: pd.DataFrame) -> pd.DataFrame:
    """What study `paper` measured beside what the paper's curves show.

    Args:
        curves, first, speedup: of that study (`bnrepro.analysis.curves`, `steps_to_target`).

    Returns:
        A row for every quantity, normalization, mode and target: ours (a mean over seeds; of steps the restricted
        mean; of ratios that of the means), low and high (a 95% bootstrap interval, or the range under six seeds),
        lowest and highest (of the single seeds or pairs), censored (of ours: `none`, `lower`, `upper`, `both`), paper
        and paper_censored. Accuracies and distances are shares of 1. Quantities: `final_accuracy` and `distance`,
        without a target; `steps` and `speedup`, by two evaluations in a row; `steps_as_drawn` and `speedup_as_drawn`,
        by the first crossing of our curve as the paper draws its own.
    """
    first, speedup = (table[table["mode"].isin(MODES)] for table in (first, speedup))
    drawn = _steps_as_drawn(curves, sorted(first["target"].unique()))
    rows = [*_accuracies(curves), *_steps("steps", first), *_steps("steps_as_drawn", drawn)]
    rows += [*_speedups("speedup", first, speedup)]
    rows += [*_speedups("speedup_as_drawn", drawn, steps_to_target.speedup(drawn))]
    columns = ["quantity", "normalization", "mode", "target", "ours", "low", "high", "lowest", "highest", "censored"]
    return pd.DataFrame(rows, columns=[*columns, "paper", "paper_censored"])


def _accuracies(curves: pd.DataFrame) -> list[tuple]:
    rows = []
    for normalization, runs in curves.groupby("normalization", sort=False):
        for mode, column in MODES.items():
            finals = _by_seed(runs, column).iloc[-1].to_numpy()
            single = seed_distances(runs, mode)[normalization]
            papers = reference.FINAL_ACCURACY[normalization]
            rows.append(("final_accuracy", normalization, mode, np.nan, *_over_seeds(finals), "none", papers, "none"))
            rows.append(("distance", normalization, mode, np.nan, *_over_seeds(single), "none", 0.0, "none"))
    return rows


def _steps(quantity: str, first: pd.DataFrame) -> list[tuple]:
    rows = []
    for (normalization, mode, target), group in first.groupby(["normalization", "mode", "target"], sort=False):
        censored = steps_to_target.bound(lower=group["steps"].isna().any(), upper=group["at_first"].any())
        papers, at_first = reference.steps_to(normalization, target)
        ours = _over_seeds(steps_to_target.restricted(group))
        rows.append((quantity, normalization, mode, target, *ours, censored, papers, "upper" if at_first else "none"))
    return rows


def _speedups(quantity: str, first: pd.DataFrame, speedup: pd.DataFrame) -> list[tuple]:
    rows = []
    for row in speedup.itertuples():
        own = first[(first["mode"] == row.mode) & (first["target"] == row.target)]
        steps = own.assign(steps=steps_to_target.restricted(own)).pivot(
            index="seed", columns="normalization", values="steps"
        )
        single = (steps["none"] / steps[row.normalization]).dropna()
        ours = (row.ratio, row.low, row.high, single.min(), single.max(), row.censored)
        rows.append((quantity, row.normalization, row.mode, row.target, *ours, *reference.speedup(row.target)))
    return rows


def _steps_as_drawn(curves: pd.DataFrame, targets: list[float]) -> pd.DataFrame:
    """Like `steps_to_target.first_steps`: where our curve, as the paper draws its own, first crosses a target."""
    rows, factors = [], [*series(curves), "seed", "budget", "diverged"]
    for key, run in curves[curves["step"] > 0].groupby(factors, sort=False, dropna=False):
        for mode, column in MODES.items():
            drawn = _as_drawn(run.set_index("step")[column].sort_index())
            rows += [(*key, mode, target, *reference.crossing(drawn, target)) for target in targets]
    return pd.DataFrame(rows, columns=[*factors, "mode", "target", "steps", "at_first"])


def _by_seed(runs: pd.DataFrame, column: str) -> pd.DataFrame:
    """A series' curves, steps down to the budget and seeds across; all NaN for a run that diverged."""
    table = runs.pivot(index="step", columns="seed", values=column)
    table = table.reindex(table.index.union([runs["budget"].iloc[0]]))
    arrived = table.columns[table.iloc[-1].notna()]
    return table.loc[table.index > 0, arrived].reindex(columns=table.columns)


def _as_drawn(accuracy: pd.Series) -> pd.Series:
    """A curve (accuracy by step) as the paper draws its own: straight lines between every 4,000th step."""
    points = accuracy[accuracy.index % DRAWN_EVERY == 0]
    if len(points) < 2:
        return accuracy.iloc[:0]
    between = accuracy.index[(accuracy.index >= points.index[0]) & (accuracy.index <= points.index[-1])]
    return pd.Series(np.interp(between, points.index, points), index=between)


def _of_seeds(by_seed: pd.DataFrame, paper: pd.Series) -> np.ndarray:
    return np.array([_distance(by_seed[seed], paper) for seed in by_seed])


def _distance(accuracy: pd.Series, paper: pd.Series) -> float:
    """Of a curve (accuracy by step) from the paper's; NaN where it breaks off, or the paper shows none of its steps."""
    papers = reference.at(paper, accuracy.index.to_numpy(float))
    shown = ~np.isnan(papers)
    if not shown.any():
        return np.nan
    return float(np.sqrt(np.mean((accuracy.to_numpy(float)[shown] - papers[shown]) ** 2)))


def _over_seeds(values: np.ndarray) -> tuple[float, float, float, float, float]:
    """The mean over seeds, its interval, and the least and the largest of them."""
    low, high, _ = steps_to_target.interval(steps_to_target.mean, values[:, np.newaxis])
    return float(values.mean()), low, high, float(values.min()), float(values.max())
