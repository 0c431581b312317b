"""The train stage: a study's runs, from the store where it has them, trained where it has not."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass

from bnrepro import paths
from bnrepro.data import datasets
from bnrepro.execution import executor
from bnrepro.execution.costs import Costs
from bnrepro.execution.stacks import stacked
from bnrepro.records import fingerprint, grid, store
from bnrepro.records.schema import INDEX
from bnrepro.study.factors import DatasetName, RunSpec
from bnrepro.study.params import Params


@dataclass(frozen=True)
class Plan:
    """What a study asks for.

    Attributes:
        specs: the study's runs by fingerprint, in the order of its grid.
        missing: fingerprints that have to be trained, the longest runs first.
        seconds: an estimate for each missing run, on one core.
        guessed: whether for some of them no run like it was timed on this processor.
    """

    specs: dict[str, RunSpec]
    missing: list[str]
    seconds: dict[str, float]
    guessed: bool


def plan(params: Params, dataset: datasets.Dataset, name: str, costs: Costs, fresh: bool = False) -> Plan:
    """What of a study the store has, and what has to be trained (all of it where `fresh`)."""
    specs = {fingerprint.fingerprint(spec, dataset.digest): spec for spec in grid.expand(params, dataset.name, name)}
    seconds = {key: costs.seconds(spec) for key, spec in specs.items() if fresh or not store.has(key)}
    missing = sorted(seconds, key=lambda key: -seconds[key])
    return Plan(specs, missing, seconds, guessed=not all(costs.known(specs[key]) for key in missing))


def train(
    params: Params,
    dataset_name: DatasetName,
    name: str,
    open_pool: Callable[[int], executor.Pool],
    started: Callable[[Plan, int], None],
    finished: Callable[[str, RunSpec, float], None],
) -> None:
    """Make `data/runs/<dataset>/<study>`: an index and every run's record, trained where the store has none.

    One training at a time holds a lock on the store. Every finished run is in the store before the next is waited for.

    Args:
        open_pool: gives the workers for a number of stacks of runs; not asked where nothing is missing.
        started: called with the plan and the number of workers before the first run.
        finished: called with every run as it is stored: fingerprint, spec, and steps/s in training.

    Raises:
        BadInput: the data are damaged.
    """
    dataset = datasets.load(dataset_name)
    fresh = os.environ.get("BNREPRO_FRESH") == "1"
    with store.locked():
        store.clean()
        planned = plan(params, dataset, name, Costs(), fresh)
        if planned.missing:
            with open_pool(len(stacked(planned.specs[key] for key in planned.missing))) as pool:
                started(planned, pool.workers)
                _train_missing(planned, dataset, pool, finished)
        else:
            started(planned, 0)
        with paths.replacing(paths.runs(dataset_name, name)) as folder:
            for key in planned.specs:
                store.copy(key, folder / key)
            index = {"dataset": dataset_name, "study": name, "runs": list(planned.specs)}
            (folder / INDEX).write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")


def _train_missing(
    planned: Plan, dataset: datasets.Dataset, pool: executor.Pool, finished: Callable[[str, RunSpec, float], None]
) -> None:
    fingerprints = {planned.specs[key]: key for key in planned.missing}
    for spec, trained in executor.run_all(list(fingerprints), dataset, pool):
        result = trained.result
        store.write(fingerprints[spec], spec, dataset, result, trained.machine, trained.seconds)
        steps = result.diverged_at or spec.steps
        finished(fingerprints[spec], spec, steps / max(result.training_seconds, 1e-9))
