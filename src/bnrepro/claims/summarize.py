"""The summarize stage: every table of a dataset, and the verdicts, from the records of its studies."""

import importlib.metadata
import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from bnrepro import paths, source
from bnrepro.analysis import (
    against_paper,
    best_accuracy,
    curves,
    jacobians,
    layers,
    metrics,
    reference,
    sigmoid_inputs,
    steps_to_target,
)
from bnrepro.claims import deep_tables, depths, figure_1, inception, inception_tables, ledger, specifications
from bnrepro.claims.evidence import Evidence
from bnrepro.claims.lesson import best_against_best, cause, dropout
from bnrepro.data import datasets
from bnrepro.errors import BadInput
from bnrepro.networks.parameters import Parameters
from bnrepro.records import schema
from bnrepro.records.fingerprint import NUMERICAL_LIBRARIES
from bnrepro.records.grid import expand, recorded_on
from bnrepro.study.factors import DatasetName, RunSpec
from bnrepro.study.params import HEADLINE_STUDY, PAPER_STUDY, Params

# studies whose layers are compared
LAYERS_OF = ("depth", "paper", "learning_rate", "dropout", "momentum", "updates", "noise")

_REMEDY = "run `dvc repro`"

Record = dict[str, Any]


@np.errstate(all="ignore")  # looks into a run that is about to diverge may be infinite, and their differences nothing
def summarize(params: Params, dataset: DatasetName) -> None:
    """Write a dataset's tables, `claims.json`, `metrics.json` and `provenance.json` from the runs of its studies.

    Raises:
        BadInput: a study's stage has not run, or not with these params; a record is damaged; the headline's study does
            not apply to the dataset.
    """
    studies = params.studies_of(dataset)
    if HEADLINE_STUDY not in studies:
        raise BadInput(f"studies.{HEADLINE_STUDY}.datasets lacks {dataset}; the headline figure draws it")
    found = {study: _records(params, dataset, study) for study in studies}
    further = {study: curves.further(grid) for study, grid in studies.items()}
    of_study = {study: curves.from_records(found[study], study, further[study]) for study in found}
    every = _together(list(of_study.values()))
    finals = _together([curves.finals(found[study], study, further[study]) for study in found])
    seen = {
        study: layers.looks(found[study], study, further[study], partial(_arrays, dataset, study)) for study in found
    }
    looks = _together(list(seen.values()))
    arrivals = {study: _arrivals(table, params.training[dataset].targets) for study, table in of_study.items()}
    first = _together(list(arrivals.values()))
    first = first[first["mode"].isin(steps_to_target.MODES)]
    speedup = steps_to_target.speedup(first)
    by_target = steps_to_target.first_steps(of_study[HEADLINE_STUDY], steps_to_target.FINE_TARGETS)
    final = curves.final_accuracy(finals)
    tables = {
        "steps_to_target": steps_to_target.summary(first),
        "speedup": speedup,
        "speedup_by_target": steps_to_target.speedup(by_target),
        "finals": finals,
        "final_accuracy": final,
    }
    evidence = _evidence(params, dataset, every, finals, looks)
    if deep := found.get(jacobians.STUDY):
        read = partial(_parameters, dataset, jacobians.STUDY)
        singular_values = jacobians.table(deep, further[jacobians.STUDY], datasets.load(dataset), read)
        evidence, tables["jacobians"] = replace(evidence, jacobians=singular_values), jacobians.summary(singular_values)
    if best_accuracy.STUDY in found:
        tables["best_accuracy"] = best_accuracy.table(every, params.training[dataset].learning_rate)
    tables["best_against_best"] = best_against_best.by_target(evidence)
    tables["dropout"] = dropout.turns(evidence)
    tables["noise"] = cause.rates(evidence)
    measured = metrics.headline(speedup, tables["steps_to_target"], params.training[dataset].targets[0])
    claimed = ledger.judge(evidence)
    if dataset == reference.DATASET and found.get(PAPER_STUDY):
        tables |= _beside_the_paper(params, dataset, found[PAPER_STUDY], evidence)
        claimed += ledger.judge_paper(evidence)
    if found.get(inception.STUDY):
        tables["figure_3"] = inception_tables.figure_3(evidence)
        tables["figure_2_by_target"] = inception_tables.by_target(evidence)
        tables["inception_rates"] = inception_tables.rates(evidence)
        claimed += ledger.judge_figure_2(evidence)
    if found.get(depths.STUDY):
        tables["gradient_flow"] = deep_tables.gradient_flow(evidence)
        tables["deep_accuracy"] = deep_tables.accuracy(evidence)
    with paths.replacing(paths.tables(dataset)) as folder:
        for study, table in of_study.items():
            trained = curves.tabulated(table[table["step"] > 0])
            paths.write_text(folder / "curves" / f"{study}.csv", curves.thinned_csv(trained))
            paths.write_text(folder / "first_steps" / f"{study}.csv", curves.to_csv(arrivals[study]))
        for study in set(LAYERS_OF) & seen.keys():
            shown = seen[study]
            if study == HEADLINE_STUDY:  # it has all implementations, whose layers would crowd its looks out
                shown = shown[shown["implementation"] == "keras"]
            paths.write_text(folder / "layers" / f"{study}.csv", curves.thinned_csv(shown))
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


def _arrivals(table: pd.DataFrame, targets: Sequence[float]) -> pd.DataFrame:
    held_out = steps_to_target.HELD_OUT if "validation_accuracy" in table else {}
    return steps_to_target.first_steps(table, targets, steps_to_target.MODES | held_out)


def _arrays(dataset: DatasetName, study: str, record: Record) -> dict[str, np.ndarray]:
    return schema.read_layers(paths.runs(dataset, study) / record["fingerprint"])


def _parameters(dataset: DatasetName, study: str, record: Record) -> Parameters:
    return schema.read_parameters(paths.runs(dataset, study) / record["fingerprint"])


def _evidence(
    params: Params, dataset: DatasetName, every: pd.DataFrame, finals: pd.DataFrame, looks: pd.DataFrame
) -> Evidence:
    """What the claims are judged by."""
    # What no run has is a column all the same, so that a rule finds nothing in it.
    every, finals = (
        table.reindex(columns=list(dict.fromkeys([*table, "dropout", needed])))
        for table, needed in ((every, "validation_accuracy"), (finals, "folded_difference"))
    )
    training, images = params.training[dataset], params.data[dataset].test
    settings = ledger.settings(params, dataset)
    return Evidence(every, finals, looks, training.targets, images, training.first_seed, settings)


def _beside_the_paper(
    params: Params, dataset: DatasetName, found: list[Record], evidence: Evidence
) -> dict[str, pd.DataFrame]:
    """The tables that compare with the paper's figure.

    Args:
        found: the records of study `paper`.
    """
    tables = {
        "calibration": against_paper.calibration(evidence.curves),
        "paper": figure_1.comparison(evidence),
        "null": figure_1.null(evidence),
        "specifications": specifications.table(evidence, params.usual(dataset)),
    }
    if all(record["diverged_at"] is None for record in found):
        inputs = sigmoid_inputs.last_layer(found, partial(_arrays, dataset, PAPER_STUDY))
        tables["sigmoid_inputs"] = sigmoid_inputs.typical(inputs)
        tables["sigmoid_inputs_over_units"] = sigmoid_inputs.over_units(inputs)
    return tables


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
    grids = {
        name: study.model_dump(exclude_none=True, exclude={"datasets", "of"})
        for name, study in params.studies_of(dataset).items()
    }
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
