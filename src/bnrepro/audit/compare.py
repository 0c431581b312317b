"""`bnrepro compare`: what became of iterations and ratios between two commits, or DVC experiments."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from bnrepro import paths, reading
from bnrepro.analysis import tables
from bnrepro.audit import git
from bnrepro.errors import BadInput
from bnrepro.report import wording
from bnrepro.study.factors import FACTORS, DatasetName

_EVALUATED = {"ema": "moving averages", "population": "population statistics"}
# A table, the first of its columns that is no key, what is compared, and how a row reads.
_TABLES: list[tuple[str, str, str, Callable[[dict[str, Any] | None], str]]] = [
    ("steps_to_target", "runs", "iterations", wording.steps),
    ("speedup", "pairs", "times fewer iterations", wording.ratio),
]


def compare(dataset: DatasetName, target: float, before: str, after: str | None, study: str | None) -> str:
    """The series whose iterations to a target differ, or whose ratio does, as Markdown.

    Args:
        before: a commit or tag of git's, or a DVC experiment.
        after: another; None: the working tree.
        study: the only one to compare; None: all.

    Raises:
        BadInput: there is no such revision, or it has no tables of the dataset.
        Failed: git is not installed.
    """
    first, second = _commit(before), after and _commit(after)
    parts = []
    for name, numbers, what, tell in _TABLES:
        old, new = (_table(dataset, name, commit, study) for commit in (first, second))
        lines, same = _differing(old, new, target, numbers, tell)
        heading = f"{what} to {100 * target:g}%, {dataset}"
        table = [f"| {heading} | {before} | {after or 'now'} |", "|---|---|---|", *lines] if lines else [f"{heading}:"]
        parts.append("\n".join([*table, *([""] if lines else []), f"{same} series are the same."]))
    return "\n\n".join(parts)


def _differing(
    old: pd.DataFrame, new: pd.DataFrame, target: float, numbers: str, tell: Callable[[dict[str, Any] | None], str]
) -> tuple[list[str], int]:
    """The rows of series that differ, and how many do not."""
    found: dict[str, list[str]] = {}
    for place, table in enumerate((old, new)):
        keys = list(table.columns[: table.columns.get_loc(numbers)])
        chosen = table[(table["target"] == target) & table["mode"].isin(_EVALUATED)]
        for row in chosen.to_dict("records"):
            found.setdefault(_series({name: row[name] for name in keys}), ["–", "–"])[place] = tell(row)
    lines = [f"| {series} | {one} | {other} |" for series, (one, other) in found.items() if one != other]
    return lines, len(found) - len(lines)


def _series(row: dict[str, Any]) -> str:
    """`study depth: Keras model, batch normalization, depth 3, learning rate 0.5, moving averages`."""
    words = [FACTORS[name].tell(value) for name, value in row.items() if name in FACTORS and pd.notna(value)]
    return f"study {row['study']}: {', '.join([*words, *_baseline(row), _EVALUATED[row['mode']]])}"


def _baseline(row: dict[str, Any]) -> Iterator[str]:
    """What a ratio is over, where its learning rate is another."""
    rate = row.get("baseline_learning_rate", row["learning_rate"])
    if rate != row["learning_rate"]:
        yield f"over {FACTORS['learning_rate'].tell(rate)}"


def _table(dataset: DatasetName, name: str, commit: str | None, study: str | None) -> pd.DataFrame:
    if commit is None:
        table = tables.read(dataset, name, "target", "mode")
    else:
        path = (paths.tables(dataset) / f"{name}.csv").relative_to(paths.root())
        try:
            content = io.BytesIO(git.output("show", f"{commit}:./{path.as_posix()}"))
            table = reading.table(content, ["target", "mode"])  # type: ignore[arg-type]  # pandas reads both
        except (git.Refused, reading.Unreadable) as error:
            raise BadInput(f"{commit[:12]} has no readable {path}") from error
    if study is not None and study not in set(table["study"]):
        raise BadInput(f"{commit[:12] if commit else 'the working tree'} has no study {study} on {dataset}")
    return table if study is None else table[table["study"] == study]


def _commit(revision: str) -> str:
    """The commit of what git or DVC knows by this name."""
    experiments = git.text("for-each-ref", "--format=%(refname)", "refs/exps").split()
    for name in (revision, *(ref for ref in experiments if Path(ref).name == revision)):
        try:
            return git.text("rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}").strip()
        except git.Refused:
            continue
    raise BadInput(f"{revision}: no commit of git's, and no experiment of DVC's (`dvc exp show` lists them)")
