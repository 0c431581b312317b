"""What the rules about the lesson compare: the runs of every study, asked for by their factors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bnrepro.analysis import curves
from bnrepro.claims.engine import NotTested, Part
from bnrepro.claims.statistics import Sample, ratio

CHANCE = 0.3  # test accuracy: three times that of guessing among ten classes
MATTERS = 1.1  # times fewer iterations; a smaller gain is none
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
        targets: test accuracies; the first is the headline's.
        test_images: on which test accuracies are measured.
        first_seed: no run of a lower seed is seen.
    """

    curves: pd.DataFrame
    finals: pd.DataFrame
    layers: pd.DataFrame
    targets: Sequence[float]
    test_images: int
    first_seed: int = 0

    def select(self, reads: Mapping[str, Sequence[str]]) -> "Evidence":
        """What a rule sees: see `bnrepro.claims.engine.Rule`."""
        tables = {name: getattr(self, name) for name in ("curves", "finals", "layers")}
        return replace(self, **{name: _read(table, reads, self.first_seed) for name, table in tables.items()})

    def values(self, study: str, factor: str, **factors: Any) -> list[Any]:
        """The values of a factor that a study has runs of, in order."""
        return sorted(_chosen(self.curves, study, factors)[factor].dropna().unique())

    def budget(self, study: str) -> float:
        """The steps of a study's runs."""
        return float(_chosen(self.curves, study, {})["budget"].max())

    def rows(self, study: str, **factors: Any) -> pd.DataFrame:
        """The curves of the runs with these factors."""
        return _chosen(self.curves, study, factors)

    def steps(self, study: str, target: float, column: str = "accuracy", **factors: Any) -> Sample:
        """Steps to a test accuracy that two evaluations in a row have: after the evaluation before, to the first.

        A run that does not arrive takes more than its budget.
        """
        runs = _chosen(self.curves, study, factors)
        at, low, high = {}, {}, {}
        for seed, run in runs.groupby("seed"):
            evaluated = run[run["step"] > 0].sort_values("step")
            steps, above = evaluated["step"].to_numpy(float), (evaluated[column] >= target).to_numpy()
            (arrivals,) = np.nonzero(above[:-1] & above[1:])
            if len(arrivals):
                at[seed] = high[seed] = steps[arrivals[0]]
                low[seed] = steps[arrivals[0] - 1] if arrivals[0] else 0.0
            else:
                at[seed] = low[seed] = run["budget"].iloc[0]
                high[seed] = np.inf
        return Sample(*(pd.Series(values, dtype=float) for values in (at, low, high)), _networks(runs))

    def arrives(self, study: str, target: float, column: str = "accuracy", **factors: Any) -> bool:
        """Whether all runs with these factors reach a test accuracy within the budget."""
        return bool(np.isfinite(self.steps(study, target, column, **factors).high).all())

    def best(self, study: str, column: str = "accuracy", **factors: Any) -> Sample:
        """The highest test accuracy of each run."""
        runs = _chosen(self.curves, study, factors)
        return Sample.known(runs.groupby("seed")[column].max(), _networks(runs))

    def final(self, study: str, column: str, **factors: Any) -> Sample:
        """What the runs with these factors end with; NaN where one diverged."""
        runs = _chosen(self.curves, study, factors)
        values = _chosen(self.finals, study, factors).set_index("seed")[column]
        return Sample.known(values.sort_index(), _networks(runs))

    def looks(self, study: str, **factors: Any) -> pd.DataFrame:
        """The looks into the layers of the runs with these factors."""
        return _chosen(self.layers, study, factors)

    def seen(self, values: pd.Series, study: str, **factors: Any) -> Sample:
        """Numbers by seed, taken from `looks` of the same runs, as a sample."""
        return Sample.known(values, _networks(_chosen(self.curves, study, factors)))

    def fewer_steps(
        self,
        study: str,
        target: float,
        first: Mapping[str, Any],
        second: Mapping[str, Any],
        column: str = "accuracy",
        **at: Any,
    ) -> list[Part]:
        """Whether the first of two arms takes fewer steps to a test accuracy: a part, or none where neither arrives.

        Args:
            first, second: the factors that make the arms.
            at: the factors that both share.
        """
        arms = [self.steps(study, target, column, **arm, **at) for arm in (first, second)]
        if not any(np.isfinite(arm.high).any() for arm in arms):
            return []
        effect = ratio(*arms)
        return [Part(effect, effect.exceeds(1, MATTERS), {**at, "target": target})]

    def best_rate(self, study: str, target: float, **arm: Any) -> float | None:
        """The learning rate at which an arm takes the fewest steps to an accuracy of the held-out images, on average.

        Of equals the lower; None where no run arrives at any.
        """
        rates = [float(rate) for rate in self.values(study, "learning_rate", **arm)]
        steps = {
            rate: self.steps(study, target, "validation_accuracy", **arm, learning_rate=rate).at.mean()
            for rate in rates
        }
        best = min(rates, key=lambda rate: (steps[rate], rate))
        return best if steps[best] < self.budget(study) else None

    def rate(self, study: str, times: float) -> float:
        """The learning rate of a study that is meant by a multiple of the dataset's own, that of study `depth`."""
        wanted = times * float(self.values("depth", "learning_rate")[0])
        close = [one for one in self.values(study, "learning_rate") if abs(one / wanted - 1) < 0.01]
        if not close:
            raise NotTested(f"study {study} has no runs at a rate of {wanted:g}")
        return float(close[0])


def _read(table: pd.DataFrame, reads: Mapping[str, Sequence[str]], first_seed: int) -> pd.DataFrame:
    kept = table["study"].isin(reads) & (table["seed"] >= first_seed)
    for study, factors in reads.items():
        rows = table["study"] == study
        for factor in set(curves.series(table)) - {"study", *factors}:
            values = table.loc[rows, factor].dropna()
            if len(values):
                kept &= ~rows | table[factor].isna() | (table[factor] == values.iloc[0])
    return table[kept]


def _chosen(table: pd.DataFrame, study: str, factors: Mapping[str, Any]) -> pd.DataFrame:
    """The rows of a study with these values of its factors.

    Raises:
        NotTested: there are none.
    """
    rows = table[table["study"] == study]
    for name, value in factors.items():
        if name not in rows:
            raise NotTested(f"study {study} does not cross {name}")
        if isinstance(value, float):
            rows = rows[np.isclose(rows[name].to_numpy(float), value)]
        else:
            rows = rows[rows[name] == value]
    if rows.empty:
        shown = ", ".join(f"{name} {value}" for name, value in factors.items())
        raise NotTested(f"study {study} has no runs with {shown}" if factors else f"study {study} has no runs")
    return rows


def _networks(runs: pd.DataFrame) -> frozenset[str]:
    return frozenset(runs["network"].unique())
