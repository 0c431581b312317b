"""What became of iterations, ratios and curves between two commits, or DVC experiments."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bnrepro import paths, reading
from bnrepro.analysis import tables
from bnrepro.audit import git
from bnrepro.audit.comparison.parts import EVALUATED, Overlay, Table
from bnrepro.errors import BadInput
from bnrepro.report import wording
from bnrepro.study.factors import FACTORS, DatasetName

_LACKING = ""  # no number reads so
# A table, the first of its columns that is no key, what is compared, and how a row reads.
_TABLES: list[tuple[str, str, str, Callable[[dict[str, Any] | None], str]]] = [
    ("steps_to_target", "runs", "iterations", wording.steps),
    ("speedup", "pairs", "times fewer iterations", wording.ratio),
]


@dataclass(frozen=True)
class Revisions:
    """Two revisions of a dataset's committed tables.

    Attributes:
        names: of both; the second is `now` for the working tree.
        commits: of both; None: the working tree.
        study: the only one to compare; None: all.
    """

    dataset: DatasetName
    names: tuple[str, str]
    commits: tuple[str, str | None]
    study: str | None

    def tables(self, target: float) -> list[Table]:
        """The series whose iterations to a target differ, and those whose ratio does.

        Raises:
            BadInput: a revision has no tables of the dataset, or not the study.
        """
        found = []
        for name, numbers, what, tell in _TABLES:
            old, new = (self._read(name, commit) for commit in self.commits)
            every = _series_of_both(old, new, target, numbers, tell)
            there = {series: pair for series, pair in every.items() if _LACKING not in pair}
            rows = [[series, *pair] for series, pair in there.items() if pair[0] != pair[1]]
            lone = [[pair[place] for pair in every.values()].count(_LACKING) for place in (1, 0)]
            notes = [f"{len(there) - len(rows)} series are the same."]
            notes += [f"{count} are in {name} alone." for count, name in zip(lone, self.names, strict=True) if count]
            heads = [f"{what} to {100 * target:g}%, {self.dataset}", *self.names]
            found.append(Table(heads, rows, " ".join(notes)))
        return found

    def overlays(self) -> list[Overlay]:
        """The curves of every series that either revision has, where they differ.

        Raises:
            BadInput: a table of curves is damaged.
        """
        before, after = (self._curves(commit) for commit in self.commits)
        pairs = [Overlay(name, before.get(name), after.get(name)) for name in before | after]
        return [one for one in pairs if one.before is None or one.after is None or not one.before.equals(one.after)]

    def _read(self, name: str, commit: str | None) -> pd.DataFrame:
        table = _table(self.dataset, name, commit, ["study", "target", "mode"])
        if self.study is not None and self.study not in set(table["study"]):
            where = commit[:12] if commit else "the working tree"
            raise BadInput(f"{where} has no study {self.study} on {self.dataset}")
        return table if self.study is None else table[table["study"] == self.study]

    def _curves(self, commit: str | None) -> dict[str, pd.DataFrame]:
        """By series, what `Overlay` has of it."""
        found: dict[str, pd.DataFrame] = {}
        for study in _studies(self.dataset, commit):
            if self.study in (None, study):
                table = _table(self.dataset, f"curves/{study}", commit, ["study", "seed", "step", "accuracy"])
                found |= _by_series(table, f"{self.dataset}'s curves of study {study}")
        return found


def of(dataset: DatasetName, before: str, after: str | None, study: str | None) -> Revisions:
    """The comparison of two revisions.

    Args:
        before: a commit or tag of git's, or a DVC experiment.
        after: another; None: the working tree.
        study: the only one to compare; None: all.

    Raises:
        BadInput: there is no such revision.
        Failed: git is not installed.
    """
    return Revisions(dataset, (before, after or "now"), (_commit(before), after and _commit(after)), study)


def _series_of_both(
    old: pd.DataFrame, new: pd.DataFrame, target: float, numbers: str, tell: Callable[[dict[str, Any] | None], str]
) -> dict[str, list[str]]:
    """What each series has in either table."""
    found: dict[str, list[str]] = {}
    for place, table in enumerate((old, new)):
        keys = _keys(table, numbers)
        chosen = table[(table["target"] == target) & table["mode"].isin(EVALUATED)]
        for row in chosen.to_dict("records"):
            found.setdefault(_series({name: row[name] for name in keys}), [_LACKING, _LACKING])[place] = tell(row)
    return found


def _by_series(table: pd.DataFrame, what: str) -> dict[str, pd.DataFrame]:
    """By series, test accuracy: [steps, seeds]."""
    keys = _keys(table, "seed")
    found = {}
    try:
        numbers = table.assign(**{name: pd.to_numeric(table[name]) for name in ("step", "accuracy")})
        for key, rows in numbers[numbers["step"] > 0].groupby(keys, sort=False, dropna=False):
            series = _series(dict(zip(keys, key, strict=True)))
            found[series] = rows.pivot(index="step", columns="seed", values="accuracy")
    except ValueError as error:
        raise BadInput(f"{what}: not readable ({reading.plain(str(error))})") from error
    return found


def _keys(table: pd.DataFrame, numbers: str) -> list[str]:
    """The columns before the first that is no key."""
    return list(table.columns[: table.columns.get_loc(numbers)])


def _series(row: dict[str, Any]) -> str:
    """`study depth: Keras model, batch normalization, depth 3, learning rate 0.5, moving averages`."""
    words = [FACTORS[name].tell(value) for name, value in row.items() if name in FACTORS and pd.notna(value)]
    evaluated = [EVALUATED[row["mode"]]] if "mode" in row else []
    return reading.plain(f"study {row['study']}: {', '.join([*words, *_baseline(row), *evaluated])}")


def _baseline(row: dict[str, Any]) -> Iterator[str]:
    """What a ratio is over, where its learning rate is another."""
    rate = row.get("baseline_learning_rate", row["learning_rate"])
    if rate != row["learning_rate"]:
        yield f"over {FACTORS['learning_rate'].tell(rate)}"


def _studies(dataset: DatasetName, commit: str | None) -> list[str]:
    """Those that a revision has curves of."""
    folder = paths.tables(dataset) / "curves"
    if commit is None:
        files = [path.name for path in folder.glob("*.csv")]
    else:
        files = git.text("ls-tree", "-z", "--name-only", commit, f"{_within(folder)}/").split("\0")
    return sorted(Path(file).stem for file in files if file.endswith(".csv"))


def _table(dataset: DatasetName, name: str, commit: str | None, columns: Sequence[str]) -> pd.DataFrame:
    if commit is None:
        return tables.read(dataset, name, *columns)
    path = _within(paths.tables(dataset) / f"{name}.csv")
    try:
        content = io.BytesIO(git.output("show", f"{commit}:./{path}"))
        return reading.table(content, columns)  # type: ignore[arg-type]  # pandas reads both
    except (git.Refused, reading.Unreadable) as error:
        raise BadInput(f"{commit[:12]} has no readable {path}") from error


def _within(path: Path) -> str:
    """A path as git has it, from the root of the project."""
    return path.relative_to(paths.root()).as_posix()


def _commit(revision: str) -> str:
    """The commit of what git or DVC knows by this name."""
    experiments = git.text("for-each-ref", "--format=%(refname)", "refs/exps").split()
    for name in (revision, *(ref for ref in experiments if Path(ref).name == revision)):
        try:
            return git.text("rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}").strip()
        except git.Refused:
            continue
    raise BadInput(f"{revision}: no commit of git's, and no experiment of DVC's (`dvc exp show` lists them)")
