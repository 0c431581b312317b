"""What figures select from a dataset's tables: one study's rows, at the headline's target, within a run's budget."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from bnrepro.analysis import tables
from bnrepro.analysis.curves import first_values, further
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import Params
from bnrepro.study.studies import Study

Needs = Mapping[str, Sequence[str]]  # study -> factors, one of which it has to cross; none: it need cross nothing


@dataclass(frozen=True)
class Tables:
    """The tables of a dataset. Every method raises BadInput where the table that it reads is missing or damaged."""

    params: Params
    dataset: DatasetName

    @property
    def target(self) -> float:
        """The headline's target, as a share of 1."""
        return self.params.training[self.dataset].targets[0]

    @property
    def learning_rate(self) -> float:
        """The learning rate of studies that cross none."""
        return self.params.training[self.dataset].learning_rate

    def budget(self, study: str) -> int:
        """The steps of a run."""
        return self.params.training_of(self.dataset, study).steps

    @property
    def studies(self) -> dict[str, Study]:
        """Those that have runs on this dataset, by name."""
        return self.params.studies_of(self.dataset)

    def meet(self, needs: Needs) -> bool:
        """Whether these studies cross what a figure draws, and each has a run that came to an evaluation."""
        return all(
            study in self.studies and self._crosses(study, factors) and len(self.all_curves(study)) > 0
            for study, factors in needs.items()
        )

    def _crosses(self, study: str, factors: Sequence[str]) -> bool:
        return not factors or not set(self.studies[study].crossed).isdisjoint(factors)

    def all_curves(self, study: str) -> pd.DataFrame:
        """A study's curves, with the columns of what it crosses."""
        return self.read(f"curves/{study}", *further(self.studies[study]))

    def has(self, name: str) -> bool:
        return tables.has(self.dataset, name)

    def read(self, name: str, *factors: str) -> pd.DataFrame:
        """A table, which has the columns of these factors."""
        return tables.read(self.dataset, name, *factors)

    def headline(self, name: str) -> pd.DataFrame:
        """The rows of a table that the headline shows."""
        return tables.headline(self.read(name))

    def curves(self, study: str, *shown: str) -> pd.DataFrame:
        """A study's curves, narrowed as `rows` are."""
        return self.rows(f"curves/{study}", study, *shown)

    def rows(self, name: str, study: str, *shown: str) -> pd.DataFrame:
        """A study's rows of every normalization, of all values of the factors `shown` and the first of any other."""
        table = self.read(name, *shown)
        return first_values(table[table["study"] == study], "normalization", *shown)

    def at_target(self, table: pd.DataFrame) -> pd.DataFrame:
        """The rows of a table for the headline's target."""
        return tables.at_target(self.dataset, table, self.target)
