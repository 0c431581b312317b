"""`python -m surveys NAME`, in the root of the clone: trains a survey, and writes its table; `--help`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import click
import pandas as pd

from bnrepro import device, environment, paths
from bnrepro.data import datasets
from bnrepro.records.fingerprint import numerical_versions
from bnrepro.records.machine import cores, this_machine
from bnrepro.study import params
from bnrepro.study.factors import Resolved
from surveys import depth, multiverse, runs, summaries

RESULTS = Path("surveys/results")
# By device, what the rules say (README.md).
SIZES: dict[Resolved, dict[str, int]] = {
    "cpu": {"depth": 32, "multiverse": 128},
    "gpu": {"depth": 64, "multiverse": len(multiverse.settings())},
}
_TELL = {"depth": summaries.of_depth, "multiverse": summaries.of_multiverse}
_DRAW = {"depth": summaries.draw_depth, "multiverse": summaries.draw_multiverse}
_FOUND = Path(".bnrepro/surveys")  # what was trained, so that nothing is trained twice


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name", type=click.Choice(["depth", "multiverse"]))
@click.option("--device", "on", type=click.Choice(["cpu", "gpu"]), default="cpu", show_default=True)
@click.option("--workers", type=click.IntRange(1), help="Processes; else the cores, and 2 on a GPU, which they share.")
@click.option("--size", type=click.IntRange(3), help="Seeds of `depth`, settings of `multiverse`: a trial; not kept.")
def main(name: Literal["depth", "multiverse"], on: Resolved, workers: int | None, size: int | None) -> None:
    """Train a survey on MNIST (`bnrepro fetch mnist`, `bnrepro prepare mnist` before), and write its table."""
    device.resolve(on)
    chosen = size or SIZES[on][name]
    given = params.load()
    found = _FOUND / f"{name}-{on}.jsonl"
    workers = workers or (2 if on == "gpu" else cores())

    def trained(wanted: list[runs.Run]) -> dict[runs.Run, runs.Outcome]:
        return runs.trained(wanted, datasets.load("mnist"), workers, found, lambda what: click.echo(what, err=True))

    if name == "depth":
        outcomes = trained(depth.runs(given, chosen, on))
        table = depth.table(outcomes, given.training["mnist"].targets)
    else:
        sample = multiverse.settings()[:chosen]
        seed_of = {setting: multiverse.FIRST_SEED + place for place, setting in enumerate(sample)}
        arms = {setting: multiverse.runs(setting, seed, given, on) for setting, seed in seed_of.items()}
        outcomes = trained([run for both in arms.values() for run in both.values()])
        found_of = {setting: {arm: outcomes[run] for arm, run in both.items()} for setting, both in arms.items()}
        table = multiverse.table(seed_of, found_of)
    if size is None:
        _write(name, table, on)
    click.echo(_TELL[name](table))


def _write(name: Literal["depth", "multiverse"], table: pd.DataFrame, on: Resolved) -> None:
    """The table, where it comes from, and what it says as text and as a figure."""
    RESULTS.mkdir(exist_ok=True)
    table.to_csv(RESULTS / f"{name}.csv", index=False, float_format="%.6g")
    machine = asdict(this_machine(on))
    where = {key: machine[key] for key in ("device_name", "driver", "cuda", "python")} | numerical_versions()
    paths.write_text(RESULTS / f"{name}.json", json.dumps(where, indent=1) + "\n")
    source = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in where.items() if value)
    paths.write_text(
        RESULTS / f"{name}.md",
        f"# Survey `{name}`\n\n![Ratios of steps]({name}.svg)\n\n{_TELL[name](table)}\n{source}.\n",
    )
    _DRAW[name](table, RESULTS / f"{name}.svg")


if __name__ == "__main__":
    environment.start_clean(paths.root())
    main(prog_name="python -m surveys")
