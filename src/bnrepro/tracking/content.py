"""What MLflow shows of the records: names, notes, points, and the view in which its page opens."""

import hashlib
import json
from collections.abc import Mapping
from statistics import fmean
from typing import Any

from bnrepro.data.source import Source
from bnrepro.study.factors import COLUMNS, FACTORS, settings, unusual

Record = dict[str, Any]
Points = dict[tuple[str, int], float]  # (metric, step): value

NOTE = "mlflow.note.content"
_VIEW = "bnrepro"
_COLUMNS = {
    "metrics": ["accuracy", "accuracy_low", "accuracy_high", "seeds"],
    "params": COLUMNS,
}


def of_experiment(source: Source) -> dict[str, str]:
    """Tags of a dataset's experiment: its description, and a shared view with the columns that tell series apart."""
    columns = [f"{kind}.`{name}`" for kind, names in _COLUMNS.items() for name in names]
    return {
        NOTE: f"{source.title}: {source.about}.\n\n"
        "A row is the mean over seeds (`_low`, `_high`: its range); unfold it for them. Figures are in `report`.",
        f"mlflow.sharedViewState.{_VIEW}": json.dumps({"selectedColumns": columns}),
    }


def page(experiment_id: str) -> str:
    """Where MLflow's page has the runs of an experiment, in the view that `of_experiment` describes."""
    # MLflow's pages are about language models, unless asked for the other kind.
    return f"#/experiments/{experiment_id}/runs?workflowType=machine_learning&viewStateShareKey={_VIEW}"


def name(spec: dict[str, Any], usual: Mapping[str, Any]) -> str:
    """The name of a series: first what is unusual about it, since the page cuts long names, then what all have.

    Args:
        usual: see `bnrepro.study.factors.unusual`. Series that differ in a setting differ in their names.
    """
    own = unusual(spec, usual)
    shown = dict.fromkeys([*own, *COLUMNS])
    return " · ".join(FACTORS[factor].tell(spec[factor]) for factor in shown if factor != "seed")


def note_on_series(members: list[Record]) -> str:
    seeds = ", ".join(str(record["spec"]["seed"]) for record in members)
    note = f"The mean over the seeds {seeds}; `_low` and `_high` are the lowest and the highest of them."
    if diverged := [str(record["spec"]["seed"]) for record in members if record["diverged_at"] is not None]:
        note += f" Diverged: {', '.join(diverged)}. The mean ends where the first of them did."
    return note


def note_on_report(title: str) -> str:
    return (
        f"The report on {title}, with its figures and tables: they are under Artifacts. "
        "`report.html` is all of it on one page."
    )


def series(record: Record) -> str:
    """The name of all that a record has in common with its other seeds."""
    shared = {name: value for name, value in settings(record["spec"]).items() if name != "seed"}
    return digest([shared, *(record[name] for name in ("data_digest", "code_digest", "versions"))])


def provenance(record: Record) -> dict[str, str]:
    return {f"bnrepro.{name}": record[name] for name in ("data_digest", "code_digest")}


def points(record: Record) -> Points:
    """A record's curves, and its final measurements at the last step."""
    steps = record["curve"]["step"]
    curves = {name: values for name, values in record["curve"].items() if name != "step"}
    found = {(name, step): value for name, values in curves.items() for step, value in zip(steps, values, strict=True)}
    found |= {(f"final_{name}", steps[-1]): value for name, value in record["final"].items()}
    return {key: value for key, value in found.items() if value is not None}


def over_seeds(members: list[Record]) -> Points:
    """Mean, lowest and highest over seeds, at the steps that all of them reached: survivors alone would flatter."""
    first, *others = [points(record) for record in members]
    diverged = sum(record["diverged_at"] is not None for record in members)
    found: Points = {("seeds", 0): len(members), ("seeds_diverged", 0): diverged}
    for name, step in first:
        if all((name, step) in other for other in others):
            values = [first[name, step], *(other[name, step] for other in others)]
            found[name, step] = fmean(values)
            found[f"{name}_low", step], found[f"{name}_high", step] = min(values), max(values)
    return found


def digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
