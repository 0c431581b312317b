"""What MLflow shows of the records: names, notes and points."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from statistics import fmean, geometric_mean
from typing import Any

from bnrepro.study.factors import FACTORS, settings, unusual
from bnrepro.tracking.views import RANGED

Record = dict[str, Any]
Points = dict[tuple[str, int], float]  # (metric, step): value

# What a study sets for its runs beside the network: how long, and how often they are looked at.
_BUDGET = ("steps", "evaluate_every", "evaluations")


def name(spec: dict[str, Any], usual: Mapping[str, Any]) -> str:
    """The name of a series: what is unusual about it, then what all have, in the order in which series differ.

    The page cuts names after some thirty characters. What a study sets of the budget is in the column `study`.

    Args:
        usual: see `bnrepro.study.factors.unusual`. Series that differ in a setting differ in their names.
    """
    shown = dict.fromkeys([*unusual(spec, usual), "depth", "normalization", "implementation"])
    return " · ".join(FACTORS[factor].tell(spec[factor]) for factor in shown if factor not in ("seed", *_BUDGET))


def told(params: Mapping[str, str], tags: Mapping[str, str]) -> list[str]:
    """What may tell a published series from another, each in words, by its parameters and tags."""
    settings = [f"{name.replace('_', ' ')} {params[name]}" for name in FACTORS if name in params]
    return [*settings, *(f"{name} {tags[f'bnrepro.{name}_digest'][:7]}" for name in ("code", "data"))]


def note_on_series(members: list[Record]) -> str:
    seeds = ", ".join(str(record["spec"]["seed"]) for record in members)
    note = f"The mean over the seeds {seeds}; `_low` and `_high` are the lowest and the highest of them."
    if diverged := [str(record["spec"]["seed"]) for record in members if record["diverged_at"] is not None]:
        note += f" Diverged: {', '.join(diverged)}. The mean ends where the first of them did."
    return f"{note}\n\n{_at_the_end(members)}"


def note_on_run(record: Record) -> str:
    return _at_the_end([record])


def _at_the_end(members: list[Record]) -> str:
    """What was measured after training alone, as a table: MLflow would draw a chart of one point for each."""
    rows = [f"| {name.replace('_', ' ')} | {value:.6g} |" for name, value in _finals(members).items()]
    return "\n".join(["| after training | |", "|---|---|", *rows]) if rows else "Nothing was measured after training."


def _finals(members: list[Record]) -> dict[str, float]:
    """Means over seeds of what all of them have."""
    values = {name: [record["final"].get(name) for record in members] for name in members[0]["final"]}
    return {name: fmean(of_seeds) for name, of_seeds in values.items() if None not in of_seeds}


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
    """A record's curves, and the steps of its arrival at targets."""
    steps = record["curve"]["step"]
    curves = {name: values for name, values in record["curve"].items() if name != "step"}
    found = {(name, step): value for name, values in curves.items() for step, value in zip(steps, values, strict=True)}
    return {key: value for key, value in (found | arrivals(record, targets)).items() if value is not None}


def over_seeds(members: list[Record]) -> Points:
    """Means over seeds, at the steps that all of them reached: survivors alone would flatter."""
    first, *others = [points(record, ()) for record in members]
    found: Points = {("seeds", 0): len(members)}
    for name, step in first:
        if all((name, step) in other for other in others):
            values = [first[name, step], *(other[name, step] for other in others)]
            found[name, step] = _rounded(fmean(values))
            if name == RANGED:
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
        found[f"steps_to_{target:g}", 0] = _rounded(fmean(steps))
        found[f"seeds_at_{target:g}", 0] = arrived
        if baseline:
            without, arrived_without = _steps_within(baseline, target)
            if arrived + arrived_without:
                found[f"ratio_at_{target:g}", 0] = _rounded(geometric_mean(without) / geometric_mean(steps))
    return found


def _rounded(value: float) -> float:
    """Seven significant digits, as records have; more would not fit a column."""
    return float(f"{value:.7g}")


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
