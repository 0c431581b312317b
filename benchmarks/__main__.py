"""How fast this machine trains: `python -m benchmarks`, in the root of the clone; `--help` lists the tables."""

import json
from pathlib import Path
from typing import Any, Literal

import click

from benchmarks import rates, stacks, table
from bnrepro import environment, paths
from bnrepro.errors import BadInput
from bnrepro.records import machine
from bnrepro.study import params


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--depth", type=click.IntRange(1, 100), default=3, show_default=True, help="Hidden layers.")
@click.option("--row", "rows", multiple=True, help="Only this row of the table; may be given several times.")
@click.option("--scaling", is_flag=True, help="Instead: how a stage grows with its runs and their steps.")
@click.option("--device", type=click.Choice(["cpu", "gpu"]), help="Instead: how fast runs train together on it.")
@click.option(
    "--runs",
    multiple=True,
    type=click.IntRange(0, 1000),
    help="Only so many together, 0: one by itself; may be given several times.",
)
@click.option("--tf32", is_flag=True, help="With --device gpu: let it round what it multiplies to ten bits.")
@click.option("--json", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write the same as data.")
def main(
    depth: int,
    rows: tuple[str, ...],
    scaling: bool,
    device: Literal["cpu", "gpu"] | None,
    runs: tuple[int, ...],
    tf32: bool,
    target: Path | None,
) -> None:
    """Measure how fast this machine trains."""
    if sum((bool(rows), scaling, bool(device))) > 1 or (runs and not device):
        raise click.UsageError("--row, --scaling and --device are tables of their own; --runs goes with --device")
    if tf32 and device != "gpu":
        raise click.UsageError("--tf32 goes with --device gpu")
    if unknown := set(rows) - set(rates.available()):
        known = "; ".join(rates.available())
        raise BadInput(f"--row {', '.join(sorted(unknown))}: not measured here; there are: {known}")
    result: Any
    if scaling:
        workers = machine.cores()
        result = table.scaling(params.load(), workers, _say)
        text = table.scaling_as_markdown(result, workers)
    elif device:
        arithmetic = "fast" if device == "gpu" else params.load().numerics
        result = stacks.measure(device, arithmetic, runs or stacks.RUNS, depth, tf32, _say)
        text = stacks.as_markdown(result)
    else:
        result = table.measure(rows or rates.available(), depth, _say)
        text = table.as_markdown(result)
    click.echo(text)
    if target:
        paths.write_text(target, json.dumps(result, indent=1) + "\n")


def _say(what: str) -> None:
    click.echo(f"{what} ...", err=True)


if __name__ == "__main__":
    environment.start_clean(paths.root())
    main(prog_name="python -m benchmarks")
