"""What the rules about the lesson compare: the runs of every study, asked for by their factors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from bnrepro.analysis import curves
from bnrepro.claims.engine import NotTested, Part
from bnrepro.claims.statistics import Effect, Sample, difference, ratio

CHANCE = 0.3  # test accuracy: three times that of guessing among ten classes
# Times: the smallest ratio that matters, of iterations and of whatever else is positive. A step with batch
# normalization takes 1.06 to 1.22 times as long as one without (benchmarks/README.md, Keras model): a smaller saving of
# iterations saves hardly any time. Evaluations, between which steps are not known, are closer together than that.
MATTERS = 1.2
ACCURACY_MATTERS = 0.01  # test accuracy that is lost where updates are omitted
_TABLES = ("curves", "finals", "layers", "jacobians")
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
        settings: what a rule's digest covers beside the rule (`bnrepro.claims.ledger.settings`).
        jacobians: see `jacobians.table`; of the studies that ask for it.
    """

    curves: pd.DataFrame
    finals: pd.DataFrame
    layers: pd.DataFrame
    targets: Sequence[float]
    test_images: int
    first_seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    jacobians: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["study", "seed"]))

    def select(self, reads: Mapping[str, Sequence[str]]) -> "Evidence":
        """What a rule sees: see `bnrepro.claims.engine.Rule`."""
        tables = {name: getattr(self, name) for name in _TABLES}
        return replace(self, **{name: _read(table, reads, self.first_seed) for name, table in tables.items()})

    @property
    def studies(self) -> set[str]:
        """Those that have runs."""
        return set(self.curves["study"])

    @property
    def _image(self) -> float:
        """What one test image is of an accuracy."""
        return 1 / self.test_images

    @cached_property
    def _of_study(self) -> dict[str, dict[str, pd.DataFrame]]:
        tables = {name: getattr(self, name) for name in _TABLES}
        return {name: dict(iter(table.groupby("study", sort=False))) for name, table in tables.items()}

    def _rows(self, name: str, study: str, factors: Mapping[str, Any]) -> pd.DataFrame:
        """The rows of a table that are of a study, with these values of its factors.

        Raises:
            NotTested: there are none.
        """
        if study not in self._of_study[name]:
            raise NotTested(f"study {study} has no runs")
        table = self._of_study[name][study]
        chosen = np.ones(len(table), bool)
        for factor, value in factors.items():
            if factor not in table:
                raise NotTested(f"study {study} does not cross {factor}")
            values = table[factor]
            chosen &= np.isclose(values.to_numpy(float), value) if isinstance(value, float) else (values == value)
        if not chosen.any():
            shown = ", ".join(f"{factor} {value}" for factor, value in factors.items())
            raise NotTested(f"study {study} has no runs with {shown}")
        return table[chosen]

    def values(self, study: str, factor: str, **factors: Any) -> list[Any]:
        """The values of a factor that a study has runs of, in order."""
        return sorted(self._rows("curves", study, factors)[factor].dropna().unique().tolist())

    def budget(self, study: str) -> float:
        """The steps of a study's runs."""
        return float(self._rows("curves", study, {})["budget"].max())

    def rows(self, study: str, **factors: Any) -> pd.DataFrame:
        """The curves of the runs with these factors."""
        return self._rows("curves", study, factors)

    def steps(self, study: str, target: float | pd.Series, column: str = "accuracy", **factors: Any) -> Sample:
        """Steps to an accuracy that two evaluations in a row have: to the first of them, from the one before, below it.

        A run that does not arrive takes more than its budget; one that is there at its last evaluation alone may have
        arrived since the one before.

        Args:
            target: of all runs, or by seed.
        """
        runs = self.rows(study, **factors)
        last = runs.drop_duplicates("seed").set_index("seed").sort_index()
        table = runs[runs["step"] > 0].pivot(index="step", columns="seed", values=column).reindex(columns=last.index)
        steps, above, below = (values.to_numpy() for values in (table.index, table.ge(target), table.lt(target)))
        arrivals = above[:-1] & above[1:]
        arrived, first = arrivals.any(axis=0), arrivals.argmax(axis=0) if len(arrivals) else 0
        unconfirmed = above[-1:].any(axis=0) & ~last["diverged"].to_numpy(bool)
        late = np.where(unconfirmed, np.where(below, steps[:, np.newaxis], 0).max(axis=0, initial=0), last["budget"])
        at, low, high = (
            pd.Series(np.where(arrived, there, missing), last.index, dtype=float)
            for there, missing in (
                (np.append(steps, 0)[first], late),
                (np.append(0, steps)[first], late),
                (np.append(steps, 0)[first], np.inf),
            )
        )
        return Sample(at, low, high, _networks(runs))

    def arrives(self, study: str, target: float, column: str = "accuracy", **factors: Any) -> bool:
        """Whether all runs with these factors reach an accuracy within the budget."""
        return bool(np.isfinite(self.steps(study, target, column, **factors).high).all())

    def best(self, study: str, column: str = "accuracy", **factors: Any) -> Sample:
        """By seed, the highest test accuracy that two evaluations in a row have, in any run with these factors.

        0 where a run diverged before its second.
        """
        runs = self._rows("curves", study, factors)
        evaluated = runs[runs["step"] > 0].sort_values("step")
        following = evaluated.groupby([*curves.series(runs), "seed"], dropna=False)[column].shift(-1)
        lasting = np.minimum(evaluated[column], following.fillna(0))
        seeds = runs["seed"].drop_duplicates()
        best = lasting.groupby(evaluated["seed"]).max().reindex(seeds, fill_value=0)
        return Sample.known(best, _networks(runs), self._image)

    def final(self, study: str, column: str, **factors: Any) -> Sample:
        """What the runs with these factors end with; NaN where one diverged."""
        runs = self._rows("curves", study, factors)
        values = self._rows("finals", study, factors).set_index("seed")[column]
        unit = self._image if column.endswith("accuracy") else 0.0
        return Sample.known(values.sort_index(), _networks(runs), unit)

    def trained_depths(self) -> list[int]:
        """The depths of study `depth` at which all Keras models reach the first target, without and with normalization.

        A network that does not learn may well stand still, and would be steadier than one that does.
        """
        return [
            depth
            for depth in self.values("depth", "depth", **PLAIN)
            if all(self.arrives("depth", self.targets[0], depth=depth, **arm) for arm in (PLAIN, NORMALIZED))
        ]

    def moment(self, study: str, share: float) -> float:
        """The step of the look that is nearest to a share of a study's budget."""
        steps = self._rows("layers", study, {})["step"].unique()
        return float(steps[np.argmin(np.abs(steps - share * self.budget(study)))])

    def look(self, study: str, column: str, step: float | pd.Series, **factors: Any) -> pd.DataFrame:
        """What the first look from a step on shows of every layer: [seeds, layers], without seeds that diverged before.

        Args:
            step: of all runs, or by seed.
        """
        rows = self.looks(study, **factors)
        since = rows["seed"].map(step) if isinstance(step, pd.Series) else step
        first = rows[rows["step"] >= since].sort_values("step").drop_duplicates(["seed", "layer"])
        return first.pivot(index="seed", columns="layer", values=column)

    def looks(self, study: str, **factors: Any) -> pd.DataFrame:
        """The looks into the layers of the runs with these factors."""
        return self._rows("layers", study, factors)

    def singular_values(self, study: str, column: str, when: str, **factors: Any) -> pd.DataFrame:
        """What the singular values of layers are, in a column of `jacobians.table`: [seeds, layers from 2 on].

        Args:
            when: `start` or `end` of training.
        """
        rows = self._rows("jacobians", study, {**factors, "when": when})
        return rows.pivot(index="seed", columns="layer", values=column)

    def seen(self, values: pd.Series, study: str, **factors: Any) -> Sample:
        """Numbers by seed, taken from looks into the layers of the same runs, as a sample."""
        return Sample.known(values, _networks(self._rows("curves", study, factors)))

    def lag(self, study: str, step: float, **factors: Any) -> Sample:
        """How far the moving means are from the probe's means, at the first look from a step on: standard deviations.

        Root mean square over units, mean over layers.
        """
        return self.seen(self.look(study, "lag", step, **factors).mean(axis=1), study, **factors)

    def lost_without_updates(self, implementation: str, column: str = "accuracy") -> Effect:
        """The final accuracy that an estimator of study `updates` loses if nobody runs its moving averages' updates."""
        omitted, run = (
            self.final("updates", column, implementation=implementation, updates=updates)
            for updates in ("omitted", "run")
        )
        return difference(omitted, run)

    def fewer_steps(
        self,
        study: str,
        target: float,
        first: Mapping[str, Any],
        second: Mapping[str, Any],
        *,
        column: str = "accuracy",
        **at: Any,
    ) -> list[Part]:
        """Whether the first of two arms takes fewer steps to a test accuracy: see `fewer`.

        Args:
            first, second: the factors that make the arms.
            at: the factors that both share.
        """
        arms = [self.steps(study, target, column, **arm, **at) for arm in (first, second)]
        return [part.among(**at, target=target) for part in fewer(*arms)]

    def fewer_at_every_depth(self, implementation: str) -> list[Part]:
        """Whether a network of study `depth` takes fewer steps with batch normalization, by depth and target."""
        arms = ({"normalization": "batch"}, {"normalization": "none"})
        return [
            part
            for depth in self.values("depth", "depth", implementation=implementation)
            for target in self.targets
            for part in self.fewer_steps("depth", target, *arms, implementation=implementation, depth=depth)
        ]

    def highest_rate(self, study: str, target: float, column: str = "accuracy", **arm: Any) -> Sample:
        """By seed, the highest learning rate at which a run reaches a test accuracy.

        It lies between that rate and the next of the grid; between 0 and the lowest where no run arrives.
        """
        rates = [0.0, *map(float, self.values(study, "learning_rate", **arm)), np.inf]
        arrived = pd.DataFrame(
            {
                place: np.isfinite(self.steps(study, target, column, **arm, learning_rate=rate).high) * place
                for place, rate in enumerate(rates[1:-1], start=1)
            }
        )
        highest = arrived.max(axis=1).astype(int)
        low, high = (highest.map(dict(enumerate(rates[shift:]))) for shift in (0, 1))
        runs = self._rows("curves", study, arm)
        return Sample(low.where(low > 0, high), low, high, _networks(runs))

    def rate(self, study: str, times: float) -> float:
        """The learning rate of a study that is meant by a multiple of the dataset's own, that of study `depth`."""
        wanted = times * float(self.values("depth", "learning_rate")[0])
        close = [one for one in self.values(study, "learning_rate") if abs(one / wanted - 1) < 0.01]
        if not close:
            raise NotTested(f"study {study} has no runs at a rate of {wanted:g}")
        return float(close[0])


def fewer(first: Sample, second: Sample) -> list[Part]:
    """Whether the first of two arms takes fewer steps: a part, or none where no run of either arrives.

    It counts where all runs of one arm arrive. Where neither arm does, the ratio is that of budgets, and rests on which
    seeds arrive; the part is listed beside.
    """
    arrived = [np.isfinite(arm.high) for arm in (first, second)]
    if not any(runs.any() for runs in arrived):
        return []
    effect = ratio(first, second)
    found = " and ".join(f"{runs.sum()} of {len(runs)}" for runs in arrived)
    note = "" if all(runs.all() for runs in arrived) else f"arrived: {found} runs"
    counts = any(bool(runs.all()) for runs in arrived)
    return [Part(effect, effect.exceeds(1, MATTERS), note=note, counts=counts)]


def _read(table: pd.DataFrame, reads: Mapping[str, Sequence[str]], first_seed: int) -> pd.DataFrame:
    kept = table["study"].isin(reads) & (table["seed"] >= first_seed)
    for study, factors in reads.items():
        rows = table["study"] == study
        for factor in set(curves.series(table)) - {"study", *factors}:
            values = table.loc[rows, factor].dropna()
            if len(values):
                kept &= ~rows | table[factor].isna() | (table[factor] == values.iloc[0])
    return table[kept]


def _networks(runs: pd.DataFrame) -> frozenset[str]:
    return frozenset(runs["network"].unique())
