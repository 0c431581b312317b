"""How far our curves are from the paper's Figure 1(a), read as the paper's are drawn.

The paper draws straight lines between points some 4,000 steps apart. Above them a finer curve of the same network
bulges, and it crosses an accuracy earlier. So a curve of ours is read from every 4,000th step and the last one, joined
by straight lines; by population statistics, the paper's Algorithm 2. The network without batch normalization has the
same accuracy by any statistics.
"""

import numpy as np
import pandas as pd

from bnrepro.analysis import reference
from bnrepro.study.params import CALIBRATION_STUDY

ACCURACY = "population_accuracy"
POINTS_EVERY = 4_000  # steps
_COMPARED_EVERY = 100  # steps
SETTING = ["pixels", "initial_stddev", "learning_rate"]  # what calibration varies


def drawn(runs: pd.DataFrame) -> pd.DataFrame:
    """The curves of a series (`curves.from_records`) as the paper draws its own.

    Returns:
        Test accuracy (shares of 1), steps down and seeds across; NaN from where a run diverged.
    """
    budget = runs["budget"].iloc[0]
    points = np.union1d(np.arange(POINTS_EVERY, budget, POINTS_EVERY), [budget])
    measured = runs[runs["step"] > 0].pivot(index="step", columns="seed", values=ACCURACY)
    measured = measured.reindex(measured.index.union([budget]))
    by_seed = {seed: np.interp(points, measured.index, accuracy) for seed, accuracy in measured.items()}
    return pd.DataFrame(by_seed, index=pd.Index(points, name="step"))


def distance(ours: pd.DataFrame, normalization: str, until: float = np.inf) -> pd.Series:
    """How far each seed's curve is from the paper's: the root mean square difference in test accuracy (a share of 1).

    Args:
        ours: see `drawn`.
        normalization: of the paper's network.
        until: the last step that is compared, where both curves go farther.

    Returns:
        By seed; NaN where the run diverged before, or the curves share no step.
    """
    paper = reference.test_accuracy(normalization)
    first, last = max(ours.index[0], paper.index[0]), min(ours.index[-1], paper.index[-1], until)
    steps = np.arange(first, last, _COMPARED_EVERY)
    if not len(steps):
        return pd.Series(np.nan, ours.columns)
    papers = reference.at(paper, steps)
    return ours.apply(lambda curve: np.sqrt(np.mean((np.interp(steps, curve.index, curve) - papers) ** 2)))


def calibration(curves: pd.DataFrame) -> pd.DataFrame:
    """How near each setting of the calibration comes to the paper's curve without batch normalization.

    Returns:
        A row for every setting, nearest first: pixels, initial_stddev, learning_rate, seeds, distance (of the mean over
        seeds, whose errors partly cancel) and seed_distance (the mean of the seeds' own). Settings with a run that
        diverged, or that ends before the paper's curve begins, are left out.
    """
    rows = []
    own = curves[curves["study"] == CALIBRATION_STUDY]
    for setting, runs in own.groupby(SETTING) if len(own) else []:
        ours = drawn(runs)
        mean = ours.mean(axis=1, skipna=False).to_frame()
        rows.append((*setting, ours.shape[1], distance(mean, "none")[0], distance(ours, "none").mean(skipna=False)))
    surface = pd.DataFrame(rows, columns=[*SETTING, "seeds", "distance", "seed_distance"])
    return surface.dropna(subset="distance").sort_values("distance", ignore_index=True)
