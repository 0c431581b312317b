"""What MLflow shows of the records: names, notes, points, and the view in which its page opens."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from statistics import fmean, geometric_mean
from typing import Any

from bnrepro.data.source import Source
from bnrepro.study.factors import COLUMNS, FACTORS, settings, unusual

Record = dict[str, Any]
Points = dict[tuple[str, int], float]  # (metric, step): value

NOTE = "mlflow.note.content"
_VIEW = "bnrepro"
VIEW = f"mlflow.sharedViewState.{_VIEW}"
_RANGED = "accuracy"  # of a series' metrics, the one whose range over seeds is shown beside its mean
STUDIES = "bnrepro.studies"


def of_experiment(source: Source, targets: Sequence[float]) -> dict[str, str]:
    """Tags of a dataset's experiment: its description, and a shared view with the columns that tell series apart."""
    shown = {
        "metrics": [
            *(_RANGED, f"{_RANGED}_low", f"{_RANGED}_high", "seeds"),
            *(f"{name}_{target:g}" for name in ("ratio_at", "steps_to") for target in targets),
        ],
        "params": COLUMNS,
        "tags": [STUDIES],
    }
    columns = [f"{kind}.`{name}`" for kind, names in shown.items() for name in names]
    return {
        NOTE: f"{source.title}: {source.about}.\n\n"
        "A row is the mean over seeds (`_low`, `_high`: its range); unfold it for them. `steps_to_<target>`: "
        "iterations to a test accuracy; a seed that never arrives counts with all of its own, and `seeds_at_<target>` "
        "arrive. `ratio_at_<target>`: iterations without normalization over those with it, of geometric means. Figures "
        "are in `report`.",
        VIEW: json.dumps({"selectedColumns": columns}),
    }


def page(experiment_id: str) -> str:
    """Where MLflow's page has the runs of an experiment, in the view that `of_experiment` describes."""
    # MLflow's pages are about language models, unless asked for the other kind.
    return f"#/experiments/{experiment_id}/runs?workflowType=machine_learning&viewStateShareKey={_VIEW}"


def name(spec: dict[str, Any], usual: Mapping[str, Any]) -> str:
    """The name of a series: what is unusual about it, then what all have, in the order in which series differ.

    The page cuts names after some thirty characters.

    Args:
        usual: see `bnrepro.study.factors.unusual`. Series that differ in a setting differ in their names.
    """
    shown = dict.fromkeys([*unusual(spec, usual), "depth", "normalization", "implementation"])
    return " · ".join(FACTORS[factor].tell(spec[factor]) for factor in shown if factor != "seed")


def told(params: Mapping[str, str], tags: Mapping[str, str]) -> list[str]:
    """What may tell a published series from another, each in words, by its parameters and tags."""
    settings = [f"{name.replace('_', ' ')} {params[name]}" for name in FACTORS if name in params]
    return [*settings, *(f"{name} {tags[f'bnrepro.{name}_digest'][:7]}" for name in ("code", "data"))]


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


def points(record: Record, targets: Sequence[float]) -> Points:
    """A record's curves, its final measurements at the last step, and the steps of its arrival at targets."""
    steps = record["curve"]["step"]
    curves = {name: values for name, values in record["curve"].items() if name != "step"}
    found = {(name, step): value for name, values in curves.items() for step, value in zip(steps, values, strict=True)}
    found |= {(f"final_{name}", steps[-1]): value for name, value in record["final"].items()}
    return {key: value for key, value in (found | arrivals(record, targets)).items() if value is not None}


def over_seeds(members: list[Record]) -> Points:
    """Means over seeds, at the steps that all of them reached: survivors alone would flatter."""
    first, *others = [points(record, ()) for record in members]
    diverged = sum(record["diverged_at"] is not None for record in members)
    found: Points = {("seeds", 0): len(members), ("seeds_diverged", 0): diverged}
    for name, step in first:
        if all((name, step) in other for other in others):
            values = [first[name, step], *(other[name, step] for other in others)]
            found[name, step] = fmean(values)
            if name == _RANGED:
                found[f"{name}_low", step], found[f"{name}_high", step] = min(values), max(values)
    return found


def arrivals(record: Record, targets: Sequence[float]) -> Points:
    """A run's `steps_to_<target>`, of those targets at which it arrives."""
    steps = {target: _steps_to(record, target) for target in targets}
    return {(f"steps_to_{target:g}", 0): step for target, step in steps.items() if step is not None}


def arrivals_over_seeds(members: list[Record], baseline: list[Record] | None, targets: Sequence[float]) -> Points:
    """A series' mean `steps_to_<target>`, how many `seeds_at_<target>` arrive, and the `ratio_at_<target>`.

    The ratio is one of geometric means, and so the geometric mean of the seeds' own.

    Args:
        baseline: the same runs without normalization; None: there is no ratio. Nor is there where no run arrives.
    """
    found: Points = {}
    for target in targets:
        steps, arrived = _steps_within(members, target)
        found[f"steps_to_{target:g}", 0], found[f"seeds_at_{target:g}", 0] = fmean(steps), arrived
        if baseline:
            without, arrived_without = _steps_within(baseline, target)
            if arrived + arrived_without:
                found[f"ratio_at_{target:g}", 0] = geometric_mean(without) / geometric_mean(steps)
    return found


def _steps_within(members: list[Record], target: float) -> tuple[list[float], int]:
    """Steps to a target, where a run that does not arrive counts with its budget; and how many arrive."""
    steps = [_steps_to(record, target) for record in members]
    within = [record["spec"]["steps"] if step is None else step for record, step in zip(members, steps, strict=True)]
    return within, sum(step is not None for step in steps)


def _steps_to(record: Record, target: float) -> float | None:
    import numpy as np

    from bnrepro.analysis.steps_to_target import MODES, crossing

    steps, accuracy = (np.array(record["curve"][name][1:]) for name in ("step", MODES["ema"]))
    step = crossing(steps, accuracy, target)
    return None if np.isnan(step) else step


def digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
