"""After the table beside the paper's Figure 3: steps to the baseline's best accuracy, and the best of every series."""

import numpy as np
import pandas as pd

from bnrepro.analysis import steps_to_target
from bnrepro.analysis.curves import first_values, series
from bnrepro.analysis.steps_to_target import MODES
from bnrepro.study.factors import OF_A_NORMALIZATION

STUDY = "learning_rate"


def table(curves: pd.DataFrame, usual: float) -> pd.DataFrame:
    """Every series of study `learning_rate` against the one without normalization at the dataset's own rate.

    Descriptive: means over seeds, without intervals.

    The paper counts the steps to 72.2%, its Inception's highest accuracy; here it is the highest test accuracy of the
    baseline's runs, the mean over seeds.

    Args:
        curves: of all studies (`curves.from_records`).
        usual: the dataset's learning rate.

    Returns:
        Of the study's first implementation, depth and whatever else both arms share, a row for every series and mode:
        the series' factors, mode, runs, diverged, baseline_best, reached (runs that arrive at it),
        mean_restricted_steps to it, best_accuracy (the mean over seeds of each run's highest). Empty without such a
        baseline.
    """
    own = curves[(curves["study"] == STUDY) & (curves["step"] > 0)]
    own = own.dropna(axis=1, how="all") if len(own) else own  # factors of other studies
    own = first_values(own, "normalization", "learning_rate", *OF_A_NORMALIZATION)
    baseline = own[(own["normalization"] == "none") & np.isclose(own["learning_rate"].astype(float), usual)]
    factors = series(own)
    columns = [*factors, "mode", "runs", "diverged", "baseline_best", "reached", "mean_restricted_steps"]
    if baseline.empty:
        return pd.DataFrame(columns=[*columns, "best_accuracy"])
    best = round(float(baseline.groupby("seed")["accuracy"].max().mean()), 9)  # or a mean of equals may exceed them
    first = steps_to_target.summary(steps_to_target.first_steps(own, [best]))
    highest = [
        own.groupby([*factors, "seed"], sort=False, dropna=False)[column].max().rename("best_accuracy").reset_index()
        for column in MODES.values()
    ]
    by_series = pd.concat([runs.assign(mode=mode) for mode, runs in zip(MODES, highest, strict=True)])
    means = by_series.groupby([*factors, "mode"], sort=False, dropna=False)["best_accuracy"].mean().reset_index()
    return first.assign(baseline_best=best)[columns].merge(means, on=[*factors, "mode"], how="left")
