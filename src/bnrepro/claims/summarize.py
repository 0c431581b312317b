"""The summarize stage: every table of a dataset, and the verdicts, from the records of its studies."""

import importlib.metadata
import itertools
import json
from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from bnrepro import paths, source
from bnrepro.analysis import (
    against_paper,
    best_accuracy,
    curves,
    layers,
    metrics,
    reference,
    sigmoid_inputs,
    steps_to_target,
)
from bnrepro.claims import figure_1, ledger
from bnrepro.claims.evidence import Evidence
from bnrepro.data.registry import SOURCES
from bnrepro.errors import BadInput
from bnrepro.records import schema
from bnrepro.records.fingerprint import NUMERICAL_LIBRARIES
from bnrepro.records.grid import expand, recorded_on
from bnrepro.study.factors import DatasetName, RunSpec
from bnrepro.study.params import HEADLINE_STUDY, PAPER_STUDY, Params

POPULATION_IMAGES = 6_000  # of the training images, those on which runs are measured (`bnrepro.measurement.images`)
LAYERS_OF = ("depth", "dropout", "momentum", "noise")  # studies whose layers are drawn

_REMEDY = "run `dvc repro`"

Record = dict[str, Any]


@np.errstate(all="ignore")  # looks into a run that is about to diverge may be infinite, and their differences nothing
def summarize(params: Params, dataset: DatasetName) -> None:
    """Write a dataset's tables, `claims.json`, `metrics.json` and `provenance.json` from the runs of its studies.

    Raises:
        BadInput: a study's stage has not run, or not with these params; a record is damaged; the headline's study does
            not apply to the dataset.
    """
    if not params.studies[HEADLINE_STUDY].applies_to(dataset):
        raise BadInput(f"studies.{HEADLINE_STUDY}.datasets lacks {dataset}; the headline figure draws it")
    studies = {name: grid for name, grid in params.studies.items() if grid.applies_to(dataset)}
    found = {study: _records(params, dataset, study) for study in studies}
    further = {study: curves.further(grid) for study, grid in studies.items()}
    of_study = {study: curves.from_records(found[study], study, further[study]) for study in found}
    every = _together(list(of_study.values()))
    finals = _together([curves.finals(found[study], study, further[study]) for study in found])
    looks = _together(
        [layers.looks(found[study], study, further[study], partial(_arrays, dataset, study)) for study in found]
    )
    first = steps_to_target.first_steps(every, params.training[dataset].targets)
    speedup = steps_to_target.speedup(first)
    by_target = steps_to_target.first_steps(of_study[HEADLINE_STUDY], steps_to_target.FINE_TARGETS)
    final = curves.final_accuracy(finals)
    tables = {
        "first_steps": first,
        "steps_to_target": steps_to_target.summary(first),
        "speedup": speedup,
        "speedup_by_target": steps_to_target.speedup(by_target),
        "finals": finals,
        "final_accuracy": final,
    }
    if best_accuracy.STUDY in found:
        tables["best_accuracy"] = best_accuracy.table(every, params.training[dataset].learning_rate)
    measured = metrics.headline(speedup, tables["steps_to_target"], params.training[dataset].targets[0])
    claimed = ledger.judge(_evidence(params, dataset, every, finals, looks))
    if dataset == reference.DATASET and found.get(PAPER_STUDY):
        beside, of_paper = _beside_the_paper(dataset, found[PAPER_STUDY], every, first, speedup)
        tables |= beside
        claimed += of_paper
    with paths.replacing(paths.tables(dataset)) as folder:
        for study, table in of_study.items():
            trained = table[table["step"] > 0].drop(columns=["budget", "diverged"])
            paths.write_text(folder / "curves" / f"{study}.csv", curves.thinned_csv(trained))
        shown = looks[looks["study"].isin(LAYERS_OF) & (looks["implementation"] == "keras")]
        paths.write_text(folder / "layers.csv", curves.thinned_csv(shown))
        for name, table in tables.items():
            paths.write_text(folder / f"{name}.csv", curves.to_csv(table))
    paths.write_text(paths.metrics(dataset), _json(measured))
    paths.write_text(paths.claims(dataset), json.dumps(claimed, indent=1) + "\n")  # parts in the order of their rule
    paths.write_text(paths.provenance(dataset), _json(provenance(params, dataset, found)))


def _records(params: Params, dataset: DatasetName, study: str) -> list[Record]:
    """The records of a study, which are those of its grid in params.yaml, no more and no fewer."""
    found, folder = schema.of_study(dataset, study), paths.runs(dataset, study)
    devices = sorted({record["spec"]["device"] for record in found})
    if len(devices) > 1 and params.device == "auto":
        # DVC compares `auto` with `auto` and would not retrain
        remedy = f"run `dvc repro --force --single-item train@{dataset}-{study}`"
        raise BadInput(f"{folder}: has runs of a {' and of a '.join(devices)}, which are no pairs; {remedy}")
    on = recorded_on(params, devices[0] if devices else "cpu")
    missing = set(expand(params, dataset, study, on))
    for record in found:
        spec = RunSpec(**record["spec"])
        if spec not in missing:
            path = folder / record["fingerprint"] / schema.RECORD
            raise BadInput(f"{path}: {spec} is a run that params.yaml does not ask for, or asks for once; {_REMEDY}")
        missing.remove(spec)
    if missing:
        raise BadInput(f"{folder / schema.INDEX}: lacks {len(missing)} runs that params.yaml asks for; {_REMEDY}")
    return found


def _together(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Tables of several studies as one, factors first; those that a study does not cross are empty in its rows."""
    table = pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
    factors = curves.series(table)
    return table[[*factors, *(name for name in table if name not in factors)]]


def _arrays(dataset: DatasetName, study: str, record: Record) -> dict[str, np.ndarray]:
    return schema.read_layers(paths.runs(dataset, study) / record["fingerprint"])


def _evidence(
    params: Params, dataset: DatasetName, every: pd.DataFrame, finals: pd.DataFrame, looks: pd.DataFrame
) -> Evidence:
    """What the lesson's claims are judged by."""
    images = params.data[dataset].test
    training_images = min(POPULATION_IMAGES, SOURCES[dataset].total - images)
    # What no run has is a column all the same, so that a rule finds nothing in it.
    every, finals = (
        table.reindex(columns=list(dict.fromkeys([*table, "dropout", needed])))
        for table, needed in ((every, "validation_accuracy"), (finals, "folded_difference"))
    )
    return Evidence(every, finals, looks, params.training[dataset].targets[0], images, training_images)


def _beside_the_paper(
    dataset: DatasetName, found: list[Record], every: pd.DataFrame, first: pd.DataFrame, speedup: pd.DataFrame
) -> tuple[dict[str, pd.DataFrame], list[dict[str, Any]]]:
    """The tables that compare with the paper's figure, and the claims about it.

    Args:
        found: the records of study `paper`.
        every, first, speedup: the curves, steps to target and ratios of all studies.
    """
    own_curves, own_first, own_speedup = (table[table["study"] == PAPER_STUDY] for table in (every, first, speedup))
    comparison = against_paper.comparison(own_curves, own_first, own_speedup)
    tables = {
        "paper": comparison,
        "distance_to_paper": against_paper.distances(every),
        "calibration": against_paper.calibration(every),
    }
    if any(record["diverged_at"] is not None for record in found):
        return tables, ledger.judge_paper(None)
    inputs, steps = sigmoid_inputs.last_layer(found, partial(_arrays, dataset, PAPER_STUDY))
    tables["sigmoid_inputs"] = sigmoid_inputs.typical(inputs, steps)
    tables["sigmoid_inputs_over_units"] = sigmoid_inputs.over_units(inputs, steps)
    if max(steps) < reference.last_step():
        return tables, ledger.judge_paper(None)
    distances = against_paper.seed_distances(own_curves, figure_1.MODE)
    return tables, ledger.judge_paper(figure_1.Evidence(comparison, distances, inputs))


def provenance(params: Params, dataset: DatasetName, found: dict[str, list[Record]]) -> dict[str, Any]:
    """What the tables were made from: data, code, versions and settings, with digests (SHA-256) over each.

    Args:
        found: the records of every study.
    """
    used = {record["fingerprint"]: record for record in itertools.chain(*found.values())}
    code: dict[str, set[str]] = {}  # several, where an implementation has several modules
    for record in used.values():
        code.setdefault(record["spec"]["implementation"], set()).add(record["code_digest"])
    code_digests = {name: sorted(digests) for name, digests in code.items()}
    settings = {
        "data": params.data[dataset].model_dump(),
        "network": params.network.model_dump(),
        "training": params.training[dataset].model_dump(),
    }
    grids = {name: study.model_dump(exclude_none=True) for name, study in params.studies.items()}
    return {
        "bnrepro": importlib.metadata.version("bnrepro"),
        "dataset": dataset,
        "runs": len(used),
        "records_digest": source.digest(sorted(used.items())),
        "data_digest": _the_one(record["data_digest"] for record in used.values()),
        "processor": _the_one(record["processor"] for record in used.values()),
        **{name: _the_one(record["spec"][name] for record in used.values()) for name in ("device", "numerics")},
        "code_digests": code_digests,
        "source_digest": source.digest(code_digests),
        "versions": {
            name: _the_one(record["versions"][name] for record in used.values()) for name in NUMERICAL_LIBRARIES
        },
        "params": {**settings, "studies": grids},
        "studies": {
            study: {"params_digest": source.digest({**settings, "study": grids[study]}), "records": len(found[study])}
            for study in found
        },
    }


def _the_one(values: Iterable[str]) -> str:
    """The value that all share; all of them, in order, where they differ."""
    return ", ".join(sorted(set(values)))


def _json(content: Any) -> str:
    return json.dumps(content, indent=1, sort_keys=True) + "\n"
