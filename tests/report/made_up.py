"""A dataset's report folder of made-up runs: its verdicts, tables and figures, as the report stage finds them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from bnrepro import paths
from bnrepro.analysis import curves, steps_to_target
from bnrepro.claims import ledger
from bnrepro.figures import registry
from bnrepro.study import params
from bnrepro.study.factors import RunSpec
from bnrepro.study.params import Params
from tests.claims.lesson import NEVER, Record, evidence, of_the_grids, on_digits

DATASET = "digits"
SHIPPED = params.load(Path(__file__).parents[2] / "params.yaml")


def changed(network: dict | None = None, training: dict | None = None, studies: dict | None = None) -> Params:
    """The shipped parameters with these fields changed, of the digits and of studies by name.

    Digits has the studies of the lesson that take too long for its report, too, and on grids that are not cut.
    """
    tree = on_digits(SHIPPED).model_dump(exclude_none=True)
    tree["network"] |= network or {}
    tree["training"][DATASET] |= training or {}
    for name, grid in (studies or {}).items():
        tree["studies"][name] = tree["studies"].get(name, {}) | grid
    return Params.model_validate(tree)


# All that the claims read, and no more of it than they need: judging takes its time by targets, rates and seeds.
FEW = changed(
    training={"targets": [0.9], "seeds": 3},
    studies={
        "depth": {"seeds": 3},
        "learning_rate": {"learning_rate_times": [0.1, 0.3333, 1, 5, 30], "seeds": 3},
        "initial_weights": {"initial_scheme": ["gaussian", "glorot_x4"], "learning_rate_times": [1, 5]},
        "noise": {"learning_rate_times": [1]},
    },
)
PROVENANCE = {
    "bnrepro": "0.1.0",
    "dataset": DATASET,
    "runs": 3,
    "records_digest": "a" * 64,
    "data_digest": "b" * 64,
    "source_digest": "c" * 64,
    "processor": "any x86-64-v3",
    "device": "cpu",
    "numerics": "portable",
    "versions": {"tensorflow": "2.21.0", "numpy": "2.4.6"},
    "studies": {"depth": {"params_digest": "d" * 64, "records": 3}},
}


def as_taught(spec: RunSpec) -> dict[str, Any]:
    """What a run measures: batch normalization saves iterations and makes inputs steadier.

    Plain sigmoid networks train up to depth 3.
    """
    arrives = 200 if spec.normalization != "none" else 500 if spec.depth <= 3 else NEVER
    moved = 0.5 if spec.normalization == "batch" else 1.0
    jumped = 2.0 if spec.noise in ("shifting", "drifting") else moved
    return {"steps": arrives, "jumped": jumped, "travelled": moved, "lag": 1 - (spec.momentum or 0)}


def runs(told: Callable[[RunSpec], dict[str, Any]]) -> list[list[Record]]:
    """By study, a record for every run on the digits, of few seeds, rates and targets."""
    return of_the_grids(FEW, told)


def judged(records: list[list[Record]]) -> list[dict[str, Any]]:
    found = evidence(*records, targets=FEW.training[DATASET].targets)
    return ledger.judge(replace(found, settings=ledger.settings(FEW, DATASET)))


def write(entries: list[dict[str, Any]], tables: dict[str, str]) -> None:
    """Write what the report is made from."""
    folder = paths.reports(DATASET)
    for name in ("tables", "figures"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    paths.claims(DATASET).write_text(json.dumps(entries), encoding="utf-8")
    paths.provenance(DATASET).write_text(json.dumps(PROVENANCE), encoding="utf-8")
    for name, text in tables.items():
        (folder / "tables" / f"{name}.csv").write_text(text, encoding="utf-8")
    for name in registry.with_modules():
        (folder / "figures" / f"{name}.svg").write_text("<svg><text>drawn</text></svg>", encoding="utf-8")


def tables(records: list[list[Record]]) -> dict[str, str]:
    """Those tables of the records that the report reads."""
    studies = {grid[0]["study"]: grid for grid in records if grid}
    further = {study: curves.further(FEW.studies[study]) for study in studies}
    every, finals = (
        pd.concat([build(studies[study], study, further[study]) for study in studies], ignore_index=True)
        for build in (curves.from_records, curves.finals)
    )
    first = steps_to_target.first_steps(every, FEW.training[DATASET].targets)
    found = {
        "steps_to_target": steps_to_target.summary(first),
        "speedup": steps_to_target.speedup(first),
        "final_accuracy": curves.final_accuracy(finals),
    }
    return {name: curves.to_csv(table) for name, table in found.items()}
