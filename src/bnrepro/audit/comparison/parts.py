"""What a comparison of any two things consists of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

EVALUATED = {"ema": "moving averages", "population": "population statistics"}  # by mode of evaluation


@dataclass(frozen=True)
class Table:
    """Numbers of both: the head of each column, rows of as many cells, and what to know of the table."""

    heads: list[str]
    rows: list[list[str]]
    note: str


@dataclass(frozen=True)
class Overlay:
    """Curves to lay over each other.

    Attributes:
        name: of the series that both are of.
        before, after: test accuracy, [steps, seeds]; NaN after a run diverged. None: there are no such runs.
    """

    name: str
    before: pd.DataFrame | None
    after: pd.DataFrame | None


class Comparison(Protocol):
    """Two things that are compared: their names, the tables at a target, and the curves."""

    @property
    def names(self) -> tuple[str, str]: ...

    def tables(self, target: float) -> list[Table]: ...

    def overlays(self) -> list[Overlay]: ...


def markdown(tables: Sequence[Table]) -> str:
    """The tables in Markdown. One without rows is a line."""
    return "\n\n".join("\n".join(_lines(table)) for table in tables)


def _lines(table: Table) -> Iterator[str]:
    if not table.rows:
        yield f"{table.heads[0]}:"
    else:
        head, *rows = (f"| {' | '.join(cells)} |" for cells in (table.heads, *table.rows))
        yield from (head, "|---" * len(table.heads) + "|", *rows, "")
    yield table.note
