"""Retrain runs picked at random, outside the run store, and compare them with their records or committed curves."""

import io
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd

from bnrepro import device, paths
from bnrepro.analysis import curves, tables
from bnrepro.audit import scratch
from bnrepro.audit.finding import Finding, compared
from bnrepro.data import datasets
from bnrepro.data.dataset import Dataset
from bnrepro.errors import BadInput, Failed
from bnrepro.execution import executor
from bnrepro.execution.stacks import stacked
from bnrepro.records import fingerprint, grid, schema, store
from bnrepro.records.machine import bits_are_promised
from bnrepro.study.factors import DatasetName, Device, Resolved, RunSpec
from bnrepro.study.params import Params
from bnrepro.study.studies import Study
from bnrepro.training.recording import Result

# Where bits are not promised: what another rounding may do to test accuracies, at the end and in the mean over a curve.
# 24 runs of digits with `numerics: fast` were at most 0.016 and 0.034 (at 100 times the rate) from their records.
TOLERANCE = 0.05

_OF_A_FINGERPRINT = ("fingerprint", "spec", "data_digest", "code_digest", "versions")  # the same on every processor

Record = dict[str, Any]
Comparison = tuple[list[str], str]  # what differs, and what agrees where nothing does


@dataclass(frozen=True)
class _Run:
    """A run, and the studies that have it."""

    spec: RunSpec
    fingerprint: str
    studies: list[str]

    def __str__(self) -> str:
        return f"{self.spec} ({', '.join(self.studies)} {self.fingerprint[:8]})"


@dataclass(frozen=True)
class _Known:
    """What the clone has of a dataset's runs.

    Attributes:
        provenance: of its tables.
        curves: the folder of the committed curves.
        runs: by study, the folder of its records, where there is one.
    """

    provenance: Record
    curves: Path
    runs: dict[str, Path]


def check(
    params: Params,
    dataset: DatasetName,
    count: int | None,
    seed: int,
    open_pool: Callable[[int], executor.Pool],
    found: Callable[[Finding], None],
) -> None:
    """Train runs of a dataset again; compare each, for every study that has it, with its record, or else its curve.

    Where the clone has no data they are fetched and prepared in a temporary folder.

    Args:
        count: how many, picked at random by `seed`; None: all.
        found: called with each comparison as it is made.

    Raises:
        Failed: training itself failed.
    """
    what, prepared = f"{dataset} runs", paths.prepared(dataset)
    try:
        runs = {name: paths.runs(dataset, name) for name in params.studies}
        known = _Known(tables.read_provenance(dataset), paths.tables(dataset) / "curves", runs)
        data = datasets.load(dataset) if prepared.exists() else None
    except BadInput as error:
        found(Finding(what, "DIFFERS", error.message))
        return
    with scratch.project(*([prepared] if data else [])):
        try:
            data = data or _obtained(params, dataset)
        except (BadInput, Failed) as error:
            found(Finding(what, "not checked", error.message))
            return
        if data.digest != known.provenance["data_digest"]:
            found(Finding(what, "DIFFERS", f"data/prepared/{dataset} is not what the tables were made from"))
            return
        asked, lacking = _asked_for(params, dataset, data.digest, known)
        if lacking:
            names = "" if not asked else f"{', '.join(lacking)}: "
            found(Finding(what, "not checked", names + next(iter(lacking.values()))))
        folders = [folder for name, folder in known.runs.items() if name not in lacking]
        recorded = {path.parent.name for folder in folders for path in folder.glob(f"*/{schema.RECORD}")}
        if strangers := recorded - {run.fingerprint for run in asked}:
            found(_of_strangers(what, strangers, known))
        picked = asked if count is None else random.Random(seed).sample(asked, min(count, len(asked)))
        if not picked:
            return
        by_spec = {run.spec: run for run in picked}
        with open_pool(len(stacked(by_spec))) as pool:
            for spec, trained in executor.run_all(list(by_spec), data, pool):
                run = by_spec[spec]
                record = store.record_of(run.fingerprint, spec, data, trained.result, trained.machine)
                found(_compare(run, params, known, record, trained.result))


def _obtained(params: Params, dataset: DatasetName) -> Dataset:
    datasets.fetch(dataset)
    datasets.prepare(dataset, params.data[dataset].test, params.data[dataset].validation)
    return datasets.load(dataset)


def _asked_for(
    params: Params, dataset: DatasetName, data_digest: str, known: _Known
) -> tuple[list[_Run], dict[str, str]]:
    """The runs that can be trained here; and, by study, why those of others cannot: they are of a GPU."""
    runs: dict[str, _Run] = {}
    lacking = {}
    for name in params.studies_of(dataset):
        try:
            on = device.resolve(_device_of(name, known) if params.device == "auto" else params.device)
        except Failed as error:
            lacking[name] = error.message
            continue
        for spec in grid.expand(params, dataset, name, on):
            key = fingerprint.fingerprint(spec, data_digest)
            runs.setdefault(key, _Run(spec, key, [])).studies.append(name)
    return list(runs.values()), lacking


def _device_of(study: str, known: _Known) -> Device:
    """The device of a study's recorded runs, or else of all; `auto` where studies differ and no record is here."""
    for path in known.runs[study].glob(f"*/{schema.RECORD}"):
        with suppress(BadInput):  # a damaged record has a finding of its own
            return schema.read(path.parent)["spec"]["device"]
    of_all = known.provenance["device"]
    return of_all if of_all in get_args(Resolved) else "auto"


def _of_strangers(what: str, strangers: set[str], known: _Known) -> Finding:
    """Of recorded runs that are not asked for. Other libraries give every run another fingerprint."""
    example = f"({min(strangers)[:8]})"
    then, now = known.provenance["versions"], fingerprint.numerical_versions()
    if others := [f"{name} {then[name]}" for name in now if then.get(name, now[name]) != now[name]]:
        problem = f"{len(strangers)} records cannot be told from other runs' {example}: they are of {', '.join(others)}"
        return Finding(what, "not checked", f"{problem}; here {', '.join(f'{name} {now[name]}' for name in now)}")
    problem = f"{len(strangers)} recorded runs are none that params.yaml and this code ask for {example}"
    return Finding(what, "DIFFERS", problem)


def _compare(run: _Run, params: Params, known: _Known, now: Record, result: Result) -> Finding:
    """Compare a retrained run with its record, or else its curve, in every study that has it."""
    differing, agreements = [], []
    for name in run.studies:
        folder = known.runs[name] / run.fingerprint
        if folder.exists():
            apart, agreement = _against_record(folder, now, result)
            where = f"data/runs/{run.spec.dataset}/{name}"
        else:
            apart, agreement = _against_curve(params.studies_of(run.spec.dataset)[name], name, known, now)
            where = f"tables/curves/{name}.csv"
        differing += [f"{where}: {difference}" for difference in apart]
        agreements.append(agreement)
    return compared(str(run), differing, "; ".join(dict.fromkeys(agreements)))


def _against_record(folder: Path, now: Record, result: Result) -> Comparison:
    try:
        was = schema.read(folder)
        arrays = {"parameters": schema.read_parameters(folder), "layers": schema.read_layers(folder)}
    except BadInput as error:
        return [error.message], ""
    if was["processor"] != now["processor"] or not bits_are_promised(now["processor"]):
        apart, agreement = _within_tolerance(was["processor"], was["curve"], now)
        return [f"its {name}" for name in _OF_A_FINGERPRINT if was[name] != now[name]] + apart, agreement
    differing = [f"its {name}" for name in was if was[name] != now.get(name)]
    differing += [f"its {name}" for name, values in arrays.items() if not _equal(values, getattr(result, name))]
    return differing, f"identical bits: record, looks into the layers, parameters ({now['processor']})"


def _against_curve(study: Study, name: str, known: _Known, now: Record) -> Comparison:
    """The steps of the run's curve that are committed, digit for digit."""
    table = curves.tabulated(curves.from_records([now], name, curves.further(study)))
    header, first, *rows = curves.to_csv(table).splitlines()
    place = list(table).index("step")
    run = first.split(",")[:place]  # its factors and seed, with which each of its rows begins
    try:
        committed, *lines = (known.curves / f"{name}.csv").read_text(encoding="utf-8").splitlines() or [""]
    except (OSError, ValueError) as error:
        return [f"not readable ({error})"], ""
    if committed != header:
        return ["has other columns"], ""
    fields = [line.split(",") for line in lines]
    shown = [line for line, values in zip(lines, fields, strict=True) if values[:place] == run]
    if not rows and not shown:
        return [], "it diverged before its first evaluation, and has no committed step"
    if not shown:
        return ["does not have it"], ""
    then = known.provenance
    same = all(then[name] == now[name] for name in ("processor", "versions"))
    if not (same and bits_are_promised(now["processor"])):
        text = "\n".join([header, *shown])
        accuracies = pd.read_csv(io.StringIO(text), usecols=["step", "accuracy"]).apply(pd.to_numeric, errors="coerce")
        return _within_tolerance(then["processor"], accuracies.to_dict("list"), now)
    kept = {values[place] for values in fields if len(values) > place}  # all runs of a table have the same steps
    expected = [row for row in rows if row.split(",")[place] in kept]
    differing = [row for row in shown if row not in expected]
    differing += [f"lacks {row}" for row in expected if row not in shown]
    if not differing and shown != expected:
        differing = ["has its steps twice, or in another order"]
    agreement = f"the {len(shown)} committed steps of its curve, digit for digit ({now['processor']})"
    return differing, f"{agreement}; there is no record of it"


def _within_tolerance(processor: str, was: dict[str, list[float]], now: Record) -> Comparison:
    """Compare the test accuracies of two curves at the steps that both have."""
    at = dict(zip(now["curve"]["step"], now["curve"]["accuracy"], strict=True))
    both = [(accuracy, at[step]) for step, accuracy in zip(was["step"], was["accuracy"], strict=True) if step in at]
    if not both:
        return ["no step in common with its curve"], ""
    apart = np.abs(np.subtract(*np.array(both, dtype=float).T))
    differing = []
    if not (apart[-1] <= TOLERANCE and apart.mean() <= TOLERANCE):
        differing = [f"its test accuracy, by {apart[-1]:.3f} at the end and {apart.mean():.3f} on average"]
    where = f"{processor} then, {now['processor']} or other libraries now"
    return differing, f"within {TOLERANCE:g} of its test accuracy ({where}: no bits are promised)"


def _equal(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype and np.array_equal(one[name], other[name], equal_nan=True) for name in one
    )
