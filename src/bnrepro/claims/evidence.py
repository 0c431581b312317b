"""What the rules about the lesson look at: every run of every study, asked for by its factors, and paired by seed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bnrepro.analysis import steps_to_target
from bnrepro.claims.engine import NotTested

CHANCE = 0.3  # test accuracy: three times that of guessing among ten classes
STANDARD_ERRORS = 2  # a difference within so many is no difference


@dataclass(frozen=True)
class Evidence:
    """The runs of a dataset.

    Attributes:
        curves: see `curves.from_records`, all studies.
        finals: see `curves.finals`.
        layers: see `layers.looks`.
        target: the headline's test accuracy.
        grid: steps between two evaluations, by which steps to target are too many at most.
        test_images: on which test accuracies are measured.
        training_images: on which training accuracies are.
    """

    curves: pd.DataFrame
    finals: pd.DataFrame
    layers: pd.DataFrame
    target: float
    grid: int
    test_images: int
    training_images: int

    def steps(self, study: str, column: str = "accuracy", **factors: Any) -> pd.Series:
        """Steps to the target of the runs with these factors, by seed; the budget where they do not arrive."""
        runs = _chosen(self.curves, study, factors)
        found = {}
        for seed, run in runs[runs["step"] > 0].groupby("seed"):
            own = run.sort_values("step")
            crossing = steps_to_target.crossing(own["step"].to_numpy(), own[column].to_numpy(), self.target)
            found[seed] = own["budget"].iloc[0] if np.isnan(crossing) else crossing
        budget = runs.groupby("seed")["budget"].first()  # of a run that diverged before its first evaluation
        return pd.Series(found, dtype=float).reindex(budget.index).fillna(budget)

    def arrive(self, study: str, **factors: Any) -> bool:
        """Whether all runs with these factors reach the target within the budget."""
        return bool((self.steps(study, **factors) < self.budget).all())

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

    def leave_chance(self, study: str, **factors: Any) -> bool:
        """Whether all runs with these factors do."""
        return bool((self.best(study, **factors) >= CHANCE).all())

    def values(self, study: str, factor: str, **factors: Any) -> list[Any]:
        """The values of a factor that a study has runs of, in order."""
        return sorted(_chosen(self.curves, study, factors)[factor].dropna().unique())

    # --- comparing ----------------------------------------------------------------------------------------------------

    def fewer_steps(self, first: pd.Series, second: pd.Series) -> bool | None:
        """Whether steps to target are fewer in the first; a difference within the evaluations' grid is none.

        False where no run of the first arrives.
        """
        if (first >= self.budget).all():
            return False
        return less(first, second, resolution=self.grid)

    def no_fewer_steps(self, first: pd.Series, second: pd.Series) -> bool | None:
        """Whether steps to target are as many in the first, to the evaluations' grid, or more."""
        return _unless(less(first, second, resolution=self.grid), first, second, self.grid)

    def lower_accuracy(self, first: pd.Series, second: pd.Series, images: int | None = None) -> bool | None:
        """Whether accuracies are lower in the first; a difference that as many images would scatter by is none.

        Args:
            images: on which they were measured; None: the test images.
        """
        return less(first, second, standard_error=self._standard_error(second, images))

    def no_lower_accuracy(self, first: pd.Series, second: pd.Series) -> bool | None:
        """Whether accuracies on the test images are as high in the first, within two standard errors, or higher."""
        margin = STANDARD_ERRORS * self._standard_error(second)
        return _unless(self.lower_accuracy(first, second), first, second, margin)

    def _standard_error(self, accuracy: pd.Series, images: int | None = None) -> float:
        share = float(np.clip(accuracy.mean(), 0, 1))
        return float(np.sqrt(share * (1 - share) / (images or self.test_images)))

    @property
    def budget(self) -> float:
        """The steps of a run."""
        return float(self.curves["budget"].max())


def _unless(less_than: bool | None, first: pd.Series, second: pd.Series, margin: float) -> bool | None:
    """Of "no less": False where it is less, True where the mean is no farther below than the margin."""
    if less_than:
        return False
    return True if (first - second).mean(skipna=False) >= -margin else None


def less(first: pd.Series, second: pd.Series, standard_error: float = 0.0, resolution: float = 0.0) -> bool | None:
    """Whether the first is smaller, paired by seed: True, False where it is larger, None where neither can be said.

    Neither can be said where pairs disagree about the sign, where the mean difference is within two standard errors or
    the resolution of what was measured, or where a run has no such number.

    Args:
        standard_error: of the measurement itself; the scatter over pairs is added.

    Raises:
        NotTested: there are fewer than two pairs.
    """
    pairs = pd.concat([first, second], axis=1)
    if len(pairs) < 2:
        raise NotTested("a comparison needs two seeds at least")
    difference = (pairs.iloc[:, 0] - pairs.iloc[:, 1]).to_numpy(float)
    if np.isnan(difference).any() or (np.any(difference < 0) and np.any(difference > 0)):
        return None
    error = np.hypot(difference.std(ddof=1) / np.sqrt(len(difference)), standard_error)
    if abs(difference.mean()) <= max(STANDARD_ERRORS * error, resolution):
        return None
    return bool(difference.mean() < 0)


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
