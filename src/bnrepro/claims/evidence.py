"""What the rules about the lesson compare: the runs of every study, asked for by their factors, and paired by seed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bnrepro.analysis import curves, steps_to_target
from bnrepro.claims.engine import NotTested
from bnrepro.claims.statistics import STANDARD_ERRORS, less, no_less

CHANCE = 0.3  # test accuracy: three times that of guessing among ten classes
# Both arms of most comparisons: Keras models without and with batch normalization.
PLAIN: dict[str, Any] = {"implementation": "keras", "normalization": "none"}
NORMALIZED: dict[str, Any] = {"implementation": "keras", "normalization": "batch"}


@dataclass(frozen=True)
class Evidence:
    """The runs of a dataset.

    Attributes:
        curves: see `curves.from_records`, all studies.
        finals: see `curves.finals`.
        layers: see `layers.looks`.
        target: the headline's test accuracy.
        test_images: on which test accuracies are measured.
        training_images: on which training accuracies are.
    """

    curves: pd.DataFrame
    finals: pd.DataFrame
    layers: pd.DataFrame
    target: float
    test_images: int
    training_images: int

    def select(self, reads: Mapping[str, Sequence[str]], first_seed: int = 0) -> "Evidence":
        """What a rule sees: see `bnrepro.claims.engine.Rule`."""
        tables = {name: getattr(self, name) for name in ("curves", "finals", "layers")}
        return replace(self, **{name: select_rows(table, reads, first_seed) for name, table in tables.items()})

    def steps(self, study: str, column: str = "accuracy", **factors: Any) -> pd.Series:
        """Steps to the target of the runs with these factors, by seed; the budget where they do not arrive."""
        runs = _chosen(self.curves, study, factors)
        found = {}
        for seed, run in runs[runs["step"] > 0].groupby("seed"):
            curve = run.sort_values("step")
            crossing = steps_to_target.crossing(curve["step"].to_numpy(), curve[column].to_numpy(), self.target)
            found[seed] = curve["budget"].iloc[0] if np.isnan(crossing) else crossing
        budget = runs.groupby("seed")["budget"].first()  # of a run that diverged before its first evaluation
        return pd.Series(found, dtype=float).reindex(budget.index).fillna(budget)

    def budget(self, study: str) -> float:
        """The steps of a study's runs."""
        return float(self.curves.loc[self.curves["study"] == study, "budget"].max())

    def arrive(self, study: str, **factors: Any) -> bool:
        """Whether all runs with these factors reach the target within the budget."""
        return bool((self.steps(study, **factors) < self.budget(study)).all())

    def both_arrive(self) -> list[int]:
        """The depths of study `depth` at which all Keras models reach the target, without and with normalization."""
        depths = self.values("depth", "depth", **PLAIN)
        return [d for d in depths if all(self.arrive("depth", depth=d, **arm) for arm in (PLAIN, NORMALIZED))]

    def best(self, study: str, column: str = "accuracy", **factors: Any) -> pd.Series:
        """The highest test accuracy of each run, by seed."""
        return _chosen(self.curves, study, factors).groupby("seed")[column].max()

    def final(self, study: str, column: str, **factors: Any) -> pd.Series:
        """What the runs with these factors end with, by seed; NaN where one diverged."""
        return _chosen(self.finals, study, factors).set_index("seed")[column].sort_index()

    def looks(self, study: str, **factors: Any) -> pd.DataFrame:
        """The looks into the layers of the runs with these factors."""
        return _chosen(self.layers, study, factors)

    def over_layers(self, study: str, column: str, **factors: Any) -> pd.DataFrame:
        """A number that a whole run has for each layer (`layers.OF_THE_RUN`): rows are seeds, columns layers."""
        return self.looks(study, **factors).groupby(["seed", "layer"])[column].first().unstack()

    def lag(self, study: str, look: int, **factors: Any) -> pd.Series:
        """The lag of the moving means, by seed: mean over layers.

        Args:
            look: 0: the first after the start, -1: the last.
        """
        looks = self.looks(study, **factors)
        steps = sorted(looks["step"].unique())[1:]
        if not steps:
            raise NotTested(f"study {study}: all runs of an arm diverged before the first look")
        return looks[looks["step"] == steps[look]].groupby("seed")["lag"].mean()

    def leave_chance(self, study: str, **factors: Any) -> bool:
        """Whether all runs with these factors do."""
        return bool((self.best(study, **factors) >= CHANCE).all())

    def values(self, study: str, factor: str, **factors: Any) -> list[Any]:
        """The values of a factor that a study has runs of, in order."""
        return sorted(_chosen(self.curves, study, factors)[factor].dropna().unique())

    def usual_rate(self) -> float:
        """The dataset's learning rate: the one of study `depth`."""
        return float(self.values("depth", "learning_rate")[0])

    def rate_near(self, rate: float) -> float:
        """The rate of study `learning_rate` that is meant by one within a hundredth of it."""
        rates = self.values("learning_rate", "learning_rate")
        close = [one for one in rates if abs(one / rate - 1) < 0.01]
        if not close:
            raise NotTested(f"study learning_rate has no runs at a rate of {rate:g}")
        return float(close[0])

    # --- comparing ----------------------------------------------------------------------------------------------------

    def fewer_steps(self, study: str, first: pd.Series, second: pd.Series) -> bool | None:
        """Whether steps to target, of runs of a study, are fewer in the first; less than evaluations resolve is none.

        False where no run of the first arrives.
        """
        if (first >= self.budget(study)).all():
            return False
        return less(first, second, resolution=self._resolution(study, first, second))

    def no_fewer_steps(self, study: str, first: pd.Series, second: pd.Series) -> bool | None:
        """Whether steps to target are as many in the first, as far as evaluations resolve, or more."""
        resolution = self._resolution(study, first, second)
        return no_less(first, second, margin=resolution, resolution=resolution)

    def _resolution(self, study: str, *arms: pd.Series) -> float:
        """The most by which any of these steps to target is too many: the steps since the evaluation before."""
        runs = self.curves[self.curves["study"] == study]
        evaluated = np.union1d(runs["step"], runs["budget"]).astype(float)
        steps = np.concatenate(arms)
        return float((steps - evaluated[np.searchsorted(evaluated, steps) - 1]).max())

    def lower_accuracy(self, first: pd.Series, second: pd.Series, images: int | None = None) -> bool | None:
        """Whether accuracies are lower in the first; a difference that as many images would scatter by is none.

        Args:
            images: on which they were measured; None: the test images.
        """
        return less(first, second, standard_error=self._standard_error(second, images))

    def no_lower_accuracy(self, first: pd.Series, second: pd.Series) -> bool | None:
        """Whether accuracies on the test images are as high in the first, within two standard errors, or higher."""
        error = self._standard_error(second)
        return no_less(first, second, margin=STANDARD_ERRORS * error, standard_error=error)

    def _standard_error(self, accuracy: pd.Series, images: int | None = None) -> float:
        share = float(np.clip(accuracy.mean(), 0, 1))
        return float(np.sqrt(share * (1 - share) / (images or self.test_images)))


def select_rows(table: pd.DataFrame, reads: Mapping[str, Sequence[str]], first_seed: int = 0) -> pd.DataFrame:
    """Those rows of a table of all studies that a rule sees: see `bnrepro.claims.engine.Rule`."""
    kept = table["study"].isin(reads) & (table["seed"] >= first_seed)
    for study, factors in reads.items():
        rows = table["study"] == study
        for factor in set(curves.series(table)) - {"study", *factors}:
            values = table.loc[rows, factor].dropna()
            if len(values):
                kept &= ~rows | table[factor].isna() | (table[factor] == values.iloc[0])
    return table[kept]


def _chosen(table: pd.DataFrame, study: str, factors: dict[str, Any]) -> pd.DataFrame:
    """The rows of a study with these values of its factors.

    Raises:
        NotTested: there are none.
    """
    rows = table[table["study"] == study]
    for name, value in factors.items():
        if name not in rows:
            raise NotTested(f"study {study} does not cross {name}")
        same: Callable[..., Any] = np.isclose if isinstance(value, float) else np.equal
        rows = rows[same(rows[name].to_numpy(float if isinstance(value, float) else None), value)]
    if rows.empty:
        shown = ", ".join(f"{name} {value}" for name, value in factors.items())
        raise NotTested(f"study {study} has no runs with {shown}" if factors else f"study {study} has no runs")
    return rows
