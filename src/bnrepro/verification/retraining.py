"""Runs picked at random, trained again outside the run store, and compared with what was recorded of them."""

import io
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bnrepro import datasets, paths
from bnrepro.analysis import curves, tables
from bnrepro.errors import BadInput, Failed
from bnrepro.params import DatasetName, Params
from bnrepro.runs import executor, records, store, study
from bnrepro.training.run import Result
from bnrepro.training.spec import RunSpec
from bnrepro.verification import scratch
from bnrepro.verification.finding import Finding, compared

# Where bits are not promised: what another rounding may do to test accuracies, at the end and in the mean over a curve.
# 24 runs of digits with `numerics: fast` were at most 0.016 and 0.034 (at 100 times the rate) from their records.
TOLERANCE = 0.05

Record = dict[str, Any]


@dataclass(frozen=True)
class _Run:
    """A run, by its first study."""

    spec: RunSpec
    fingerprint: str
    study: str

    def __str__(self) -> str:
        return f"{self.spec} ({self.study} {self.fingerprint[:8]})"


def check(
    params: Params,
    dataset: DatasetName,
    count: int | None,
    seed: int,
    open_pool: Callable[[int], executor.Pool],
    found: Callable[[Finding], None],
) -> None:
    """Train runs of a dataset again, and compare each with its record, or else with its committed curve.

    Where the clone has no data they are fetched and prepared in a temporary folder.

    Args:
        count: how many, picked at random by `seed`; None: all.
        found: told of each comparison as it is made.

    Raises:
        Failed: training itself failed.
    """
    prepared = paths.prepared(dataset)
    shared = [prepared, paths.reports(dataset), *(paths.runs(dataset, name) for name in params.studies)]
    given = [path for path in shared if path.exists()]
    with scratch.project(*given):
        try:
            data = _load(params, dataset)
            provenance = tables.read_provenance(dataset)
        except (BadInput, Failed) as error:
            found(Finding(f"{dataset} runs", "DIFFERS" if prepared in given else "not checked", error.message))
            return
        if data.digest != provenance["data_digest"]:
            found(
                Finding(f"{dataset} runs", "DIFFERS", f"data/prepared/{dataset} is not what the tables were made from")
            )
            return
        runs = _asked_for(params, data)
        if strangers := _recorded(params, dataset) - {run.fingerprint for run in runs}:
            problem = f"{len(strangers)} recorded runs are none that params.yaml and this code ask for"
            found(Finding(f"{dataset} runs", "DIFFERS", f"{problem} ({min(strangers)[:8]})"))
        picked = runs if count is None else random.Random(seed).sample(runs, min(count, len(runs)))
        if not picked:
            return
        by_spec = {run.spec: run for run in picked}
        with open_pool(len(picked)) as pool:
            for spec, trained in executor.run_all(list(by_spec), data, pool):
                run = by_spec[spec]
                record = store.record_of(run.fingerprint, spec, data, trained.result, trained.machine)
                folder = paths.runs(dataset, run.study) / run.fingerprint
                if folder.exists():
                    found(_against_record(str(run), folder, record, trained.result))
                else:
                    found(_against_curve(str(run), params, run.study, provenance, record))


def _load(params: Params, dataset: DatasetName) -> datasets.Dataset:
    if not paths.prepared(dataset).exists():
        datasets.fetch(dataset)
        datasets.prepare(dataset, params.data[dataset])
    return datasets.load(dataset)


def _asked_for(params: Params, data: datasets.Dataset) -> list[_Run]:
    runs: dict[str, _Run] = {}
    for name in params.studies:
        for spec in study.expand(params, data.name, name):
            key = study.fingerprint(spec, data.digest)
            runs.setdefault(key, _Run(spec, key, name))
    return list(runs.values())


def _recorded(params: Params, dataset: DatasetName) -> set[str]:
    """Fingerprints of the runs that the clone has."""
    folders = [paths.runs(dataset, name) for name in params.studies]
    return {path.parent.name for folder in folders for path in folder.glob(f"*/{records.RECORD}")}


def _against_record(what: str, folder: Path, now: Record, result: Result) -> Finding:
    try:
        was = records.read(folder)
        arrays = {
            "parameters": records.read_parameters(folder),
            "layers": records.read_layers(folder, was["spec"]),
        }
    except BadInput as error:
        return Finding(what, "DIFFERS", error.message)
    if not _bits_are_promised(was, now):
        return _within_tolerance(what, was["processor"], was["curve"], now)
    differing = [f"its {name}" for name in was if was[name] != now.get(name)]
    for name, values in arrays.items():
        if not _equal(values, getattr(result, name)):
            differing.append(f"its {name}")
    return compared(what, differing, f"identical bits: record, looks into the layers, parameters ({now['processor']})")


def _against_curve(what: str, params: Params, name: str, provenance: Record, now: Record) -> Finding:
    """The steps of the run's curve that are committed, digit for digit."""
    table = curves.from_records([now], name, curves.further(params.studies[name])).drop(columns=["budget", "diverged"])
    header, first, *rows = curves.to_csv(table).splitlines()
    run = ",".join(
        first.split(",")[: list(table).index("step")]
    )  # its factors and seed, as they begin each of its rows
    path = paths.tables(now["spec"]["dataset"]) / "curves" / f"{name}.csv"
    try:
        committed = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        return Finding(what, "DIFFERS", f"{path.name}: not readable ({error})")
    own = [row for row in committed if row.startswith(f"{run},")]
    if rows and not own:
        return Finding(what, "DIFFERS", f"tables/curves/{name}.csv does not have it")
    if not _bits_are_promised(provenance, now):
        shown = pd.read_csv(io.StringIO("\n".join([committed[0], *own]))).to_dict("list")
        return _within_tolerance(what, provenance["processor"], shown, now)
    differing = [f"tables/curves/{name}.csv: {row}" for row in own if row not in rows]
    if committed[0] != header:
        differing.insert(0, f"the columns of tables/curves/{name}.csv")
    agreement = (
        f"the {len(own)} committed steps of its curve, digit for digit ({now['processor']}); there is no record of it"
    )
    return compared(what, differing, agreement)


def _bits_are_promised(was: Record, now: Record) -> bool:
    """Whether both come from one kind of processor, and from the same libraries."""
    return was["processor"] == now["processor"] and was["versions"] == now["versions"]


def _within_tolerance(what: str, processor: str, was: dict[str, list[float]], now: Record) -> Finding:
    """Compare the test accuracies of two curves at the steps that both have."""
    at = dict(zip(now["curve"]["step"], now["curve"]["accuracy"], strict=True))
    both = [(accuracy, at[step]) for step, accuracy in zip(was["step"], was["accuracy"], strict=True) if step in at]
    apart = np.abs(np.subtract(*np.array(both, dtype=float).T)) if both else np.array([np.inf])
    differing = []
    if not (apart[-1] <= TOLERANCE and apart.mean() <= TOLERANCE):
        differing = [f"its test accuracy, by {apart[-1]:.3f} at the end and {apart.mean():.3f} on average"]
    where = f"{processor} then, {now['processor']} or other libraries now"
    return compared(what, differing, f"within {TOLERANCE:g} of its test accuracy ({where}: no bits are promised)")


def _equal(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype and np.array_equal(one[name], other[name], equal_nan=True) for name in one
    )
