"""The table of rates, one row after another on one core, and how a stage grows with its work."""

import importlib.metadata
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from statistics import median
from typing import Any

from benchmarks import rates
from bnrepro import paths
from bnrepro.data import datasets
from bnrepro.errors import Failed
from bnrepro.execution import executor
from bnrepro.execution.processes import LocalPool
from bnrepro.records import grid
from bnrepro.records.machine import this_machine
from bnrepro.study.factors import Resolved
from bnrepro.study.params import Params

_LIBRARIES = ("tensorflow", "tf-keras", "numpy", "torch", "jax")


def measure(rows: Sequence[str], depth: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Rates of the named rows without and with batch normalization, in processes of their own, one after another."""
    measured = {}
    for name in rows:
        say(name)
        measured[name] = {
            normalization: in_own_process("benchmarks.rates", name, normalization, str(depth))
            for normalization in ("none", "batch")
        }
    return {"environment": environment(), "depth": depth, "batch_size": rates.BATCH, "rows": measured}


def environment(device: Resolved = "cpu") -> dict[str, Any]:
    """The machine, and the versions of what is compared on it."""
    versions = {}
    for name in _LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {**asdict(this_machine(device)), "versions": versions}


def in_own_process(module: str, *words: str) -> dict[str, Any]:
    """What a module prints as JSON when it is run.

    Raises:
        Failed: it ends with an error.
    """
    command = [sys.executable, "-W", "ignore", "-m", module, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{', '.join(words)}: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def as_markdown(result: dict[str, Any]) -> str:
    """The table: medians in steps/s, the cost of a step with batch normalization, and each rate over two references."""
    medians = {
        name: {normalization: median(by["steps_per_second"]) for normalization, by in measured.items()}
        for name, measured in result["rows"].items()
    }
    references = [name for name in ("Model.fit", "JAX, lax.scan") if name in medians]
    heading = [
        f"depth {result['depth']}, steps/s",
        "without",
        "with",
        "a step with, over one without",
        *[f"over {name}, without / with" for name in references],
        "start, s",
        "evaluation every 500 steps, share of training",
    ]
    lines = [row(heading), row(["---"] * len(heading))]
    for name, measured in result["rows"].items():
        without, with_ = medians[name]["none"], medians[name]["batch"]
        over = [f"{without / medians[r]['none']:.2f} / {with_ / medians[r]['batch']:.2f}" for r in references]
        start = " / ".join(f"{by['start_seconds']:.1f}" for by in measured.values())
        shares = [
            f"{100 * median(by['evaluation_seconds']) * median(by['steps_per_second']) / rates.BLOCK:.0f}%"
            for by in measured.values()
            if "evaluation_seconds" in by
        ]
        cells = [name, f"{without:,.0f}", f"{with_:,.0f}", f"{without / with_:.2f}", *over, start, " / ".join(shares)]
        lines.append(row(cells))
    return "\n".join([*lines, "", where(result["environment"])])


def scaling(given: Params, workers: int, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """How the wall time of a stage and the memory of its workers grow with the runs, and with the steps of each.

    Keras models and core estimators with batch normalization at depth 3, on digits.

    Raises:
        BadInput: digits were not prepared.
    """
    dataset = datasets.load("digits")
    like = [
        spec
        for spec in grid.expand(given, "digits", "depth")
        if (spec.normalization, spec.depth, spec.seed) == ("batch", 3, 0)
        and spec.implementation in ("keras", "core_estimator")
    ]
    measured = []
    for what, times in [("runs", n) for n in (1, 2, 4, 8)] + [("steps", n) for n in (2, 4, 8)]:
        say(f"{times}x the {what}")
        seeds, steps = (4 * times, 3000) if what == "runs" else (4, 3000 * times)
        specs = [replace(spec, seed=seed, steps=steps) for seed in range(seeds) for spec in like]
        work = {"times": times, "of": what, "runs": len(specs), "steps": steps}
        with paths.locked("train", waiting="A training is at work; waiting for it to end."):
            measured.append(work | _stage(specs, dataset, workers))
    return measured


def _stage(specs: list[Any], dataset: datasets.Dataset, workers: int) -> dict[str, Any]:
    import psutil

    began, seconds, memory = time.perf_counter(), 0.0, 0
    with LocalPool(workers) as pool:
        for _, trained in executor.run_all(specs, dataset, pool):
            seconds += trained.result.training_seconds + trained.result.evaluation_seconds
            memory = max(memory, *(process.memory_info().rss for process in psutil.Process().children()))
    wall = time.perf_counter() - began
    return {
        "wall_seconds": wall,
        "over_ideal": wall / (seconds / workers),
        "worker_mebibytes": memory / 2**20,
    }


def scaling_as_markdown(measured: list[dict[str, Any]], workers: int) -> str:
    """A table with a row for every amount of work."""
    ideal = f"over training and evaluation / {workers}"
    heading = ["work", "runs", "steps each", "wall, s", "over the first", ideal, "a worker's memory, MiB"]
    lines = [row(heading), row(["---"] * len(heading))]
    for entry in measured:
        cells = [
            f"{entry['times']}x the {entry['of']}",
            str(entry["runs"]),
            f"{entry['steps']:,}",
            f"{entry['wall_seconds']:.1f}",
            f"{entry['wall_seconds'] / measured[0]['wall_seconds']:.2f}",
            f"{entry['over_ideal']:.2f}",
            f"{entry['worker_mebibytes']:.0f}",
        ]
        lines.append(row(cells))
    return "\n".join(lines)


def where(environment: dict[str, Any]) -> str:
    """A line on what a table was measured on."""
    versions = ", ".join(f"{name} {version}" for name, version in environment["versions"].items())
    device = f"{environment['processor']} ({environment['vendor']} {environment['level']}), one core"
    if environment["cuda"]:
        device = f"{environment['device_name']}, driver {environment['driver']}, CUDA {environment['cuda']}"
    return f"{device}; Python {environment['python']}, {versions}."


def row(cells: Sequence[str]) -> str:
    """A row of a table in Markdown."""
    return "| " + " | ".join(cells) + " |"
