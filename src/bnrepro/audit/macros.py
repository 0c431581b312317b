"""`bnrepro cite --latex` and `--typst`: the numbers of a report as macros, so that a text cannot quote an old one.

A number is called by its kind and a key, the words by which the report tells it from others:

    \\bnSpeedup{mnist depth implementation=keras depth=3 target=0.95}
    #bn-speedup("mnist depth implementation=keras depth=3 target=0.95")

A key that the report no longer has stops LaTeX and Typst with an error.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from bnrepro.analysis import ratios, tables
from bnrepro.analysis.steps_to_target import bound
from bnrepro.audit import git
from bnrepro.claims import ledger, prose
from bnrepro.claims.engine import Part
from bnrepro.errors import Failed
from bnrepro.study.factors import FACTORS, DatasetName

Numbers = dict[str, dict[str, str]]  # by kind, by key

KINDS = {
    "speedup": "iterations without normalization over those with it",
    "speedup-range": "its lowest and highest value over seeds",
    "iterations": "mean iterations to a test accuracy; a run that never arrives counts with all of its own",
    "iterations-range": "their lowest and highest value over seeds",
    "effect": "an effect that a claim rests on, with its 95% interval",
    "verdict": "what becomes of a claim, as stated or as meant",
    "runs": "how many networks were trained",
}
_UNKNOWN = "not determined"  # bounded on both sides


def latex(datasets: list[DatasetName]) -> str:
    """A file to `\\input`: a macro for each kind of number.

    Raises:
        BadInput: a table is missing or damaged.
        Failed: the tree has changes that no commit has; or git is not installed.
    """
    lines = [f"% {line}" for line in _head(datasets)]
    lines += [r"\makeatletter", _LATEX_LOOKUP]
    for kind, values in numbers(datasets).items():
        name = "bn" + "".join(word.capitalize() for word in kind.split("-"))
        lines += [f"% {KINDS[kind]}", rf"\providecommand\{name}[1]{{\bn@number{{{kind}}}{{#1}}}}"]
        lines += [rf"\@namedef{{bn@{kind}@{key}}}{{{value}}}" for key, value in values.items()]
    return "\n".join([*lines, r"\makeatother", ""])


_LATEX_LOOKUP = r"""\providecommand\bn@number[2]{\@ifundefined{bn@#1@#2}%
  {\PackageError{bnrepro}{no #1 of `#2'}{The report has no such number: see the keys in the file that you input.}}%
  {\@nameuse{bn@#1@#2}}}"""


def typst(datasets: list[DatasetName]) -> str:
    """A file to `#import`: a function for each kind of number.

    Raises:
        BadInput, Failed: as `latex` does.
    """
    lines = [f"// {line}" for line in _head(datasets)]
    for kind, values in numbers(datasets).items():
        entries = "".join(f'  "{key}": "{value}",\n' for key, value in values.items())
        lines += [f"// {KINDS[kind]}", f"#let _{kind} = (\n{entries})", f"#let bn-{kind}(key) = _{kind}.at(key)"]
    return "\n".join([*lines, ""])


def _head(datasets: list[DatasetName]) -> Iterator[str]:
    git.refuse_changes()
    last = git.last_commit("%H %cs", *(f"reports/{dataset}" for dataset in datasets))
    if not last:
        raise Failed(f"no commit has a report on {prose.listed(datasets)}")
    commit, date = last
    version = tables.read_provenance(datasets[0])["bnrepro"]
    yield f"bnrepro {version}: the reports on {prose.listed(datasets)}, of commit {commit} of {date}."


def numbers(datasets: list[DatasetName]) -> Numbers:
    """What the files have.

    Raises:
        BadInput: a table is missing or damaged.
    """
    found: Numbers = {kind: {} for kind in KINDS}
    for dataset in datasets:
        for kind, values in _of_dataset(dataset).items():
            found[kind] |= {f"{dataset} {key}".strip(): value for key, value in values.items()}
    return found


def _of_dataset(dataset: DatasetName) -> Numbers:
    speedup, steps = (_rows(dataset, name) for name in ("speedup", "steps_to_target"))
    speedup = {key: row for key, row in speedup.items() if pd.notna(row["ratio"])}
    claims = ledger.read(dataset)
    return {
        "speedup": _each(speedup, _speedup),
        "speedup-range": _each(speedup, _speedup_range),
        "iterations": _each(steps, _iterations),
        "iterations-range": _each(steps, _iterations_range),
        "effect": dict(_effects(claims)),
        "verdict": dict(_verdicts(claims)),
        "runs": {"": f"{tables.read_provenance(dataset)['runs']:,}"},
    }


def _each(rows: Mapping[str, dict[str, Any]], tell: Callable[[dict[str, Any]], str]) -> dict[str, str]:
    return {key: tell(row) for key, row in rows.items()}


def _speedup(row: dict[str, Any]) -> str:
    return _bounded(ratios.times(row["ratio"], row["censored"]), row["censored"])


def _speedup_range(row: dict[str, Any]) -> str:
    censored = row["censored"]
    low, high = (ratios.times(row[end], censored) for end in ("low", "high"))
    return {"none": f"{low} to {high}", "lower": f"from {low}", "upper": f"to {high}", "both": _UNKNOWN}[censored]


def _iterations(row: dict[str, Any]) -> str:
    return _bounded(f"{row['mean_restricted_steps']:,.0f}", bound(*_late_and_early(row)))


def _iterations_range(row: dict[str, Any]) -> str:
    late, early = _late_and_early(row)
    return f"{'at most ' * early}{row['low']:,.0f} to {'more than ' * late}{row['high']:,.0f}"


def _late_and_early(row: dict[str, Any]) -> tuple[bool, bool]:
    """Whether runs do not arrive, and whether runs are there at their first evaluation."""
    return row["reached"] < row["runs"], row["at_first"] > 0


def _bounded(number: str, censored: str) -> str:
    return {"none": number, "lower": f"at least {number}", "upper": f"at most {number}", "both": _UNKNOWN}[censored]


def _rows(dataset: DatasetName, name: str) -> dict[str, dict[str, Any]]:
    """The rows of a table by key: the study, the factors in which its rows differ, and the target."""
    table = tables.read(dataset, name, "target", "mode")
    factors = [column for column in table.columns if column.removeprefix("baseline_") in FACTORS]
    found = {}
    for study, rows in table.groupby("study", sort=False):
        crossed = [factor for factor in factors if rows[factor].nunique(dropna=False) > 1]
        for row in rows.to_dict("records"):
            mode = {"mode": row["mode"]} if row["mode"] != "ema" else {}
            found[_key(str(study), {name: row[name] for name in crossed} | {"target": row["target"]} | mode)] = row
    return found


def _effects(claims: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for claim, which, rule in _rules(claims):
        for part in map(Part.of_entry, rule["parts"]):
            name = {"name": part.name} if part.name else {}
            yield _key(claim + which, name | dict(part.at)), prose.effect(part.effect)


def _verdicts(claims: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for claim, which, rule in _rules(claims):
        yield claim + which, rule["verdict"]


def _rules(claims: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for claim, entry in claims.items():
        yield claim, "", entry["stated"]
        if "meant" in entry:
            yield claim, " meant", entry["meant"]


def _key(of: str, at: Mapping[str, Any]) -> str:
    values = {name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in at.items()}
    return " ".join([of, *(f"{name}={value}" for name, value in values.items() if value != "nan")])
