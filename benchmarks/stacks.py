"""How fast many runs train together: `python -m benchmarks --device DEVICE`. See `benchmarks.rates` for the network.

Each row has a process of its own: `python -m benchmarks.stacks DEVICE NUMERICS NORMALIZATION DEPTH RUNS`. 0 runs
stand for one that is trained by itself, by the loop that processors have.
"""

import json
import sys
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import numpy as np

from benchmarks import rates, table
from bnrepro import device, numerics
from bnrepro.study.factors import Resolved

RUNS = (0, 1, 4, 16, 64, 256)


def measure(
    on: Resolved, arithmetic: numerics.Numerics, runs: Sequence[int], depth: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Rates of stacks of so many runs, without and with batch normalization.

    Raises:
        Failed: a GPU is asked for, and there is none; or a measurement failed.
    """
    device.resolve(on)
    rows = []
    for number in dict.fromkeys(runs):
        say(f"{number} runs together" if number else "one run by itself")
        for normalization in ("none", "batch"):
            row = table.in_own_process("benchmarks.stacks", on, arithmetic, normalization, str(depth), str(number))
            rows.append({"runs": number, "normalization": normalization} | row)
    environment = table.environment(on)
    return {"environment": environment, "depth": depth, "batch_size": rates.BATCH, "numerics": arithmetic, "rows": rows}


def one(on: Resolved, arithmetic: numerics.Numerics, normalization: str, depth: int, runs: int) -> dict[str, Any]:
    """A row: see `as_markdown`."""
    numerics.use(arithmetic)
    device.use(on, False)
    from bnrepro.networks import dense
    from bnrepro.training.batches import mini_batches
    from bnrepro.training.stacked_loop import StackedLoop

    network, dataset, xla = rates.architecture(normalization, depth), rates.made_up_images(), arithmetic == "fast"
    watch = rates.Stopwatch()
    inside = None
    if runs:
        loop, inside = StackedLoop(dense.network(network), "sgd", dataset, rates.BLOCK, rates.BATCH, xla), []

        def observe_last(*_: Any) -> None:
            inside.append(loop.seconds)
            watch.observe()

        steps = (rates.REPEATS + 1) * rates.BLOCK
        rows = [mini_batches(seed, np.arange(60_000), rates.BATCH, steps) for seed in range(runs)]
        observers = [*[lambda *_: None] * (runs - 1), observe_last]
        starts = [rates.start(rates.initial(network, seed), rows[seed], observers[seed], seed) for seed in range(runs)]
        loop.train(starts)
    else:
        alone = rates.compiled_loop(network, dataset, xla)
        alone.train(rates.start(rates.initial(network), rates.batches(), watch.observe))
    measured = watch.measured()
    return {
        "steps_per_second": [max(1, runs) * rate for rate in measured["steps_per_second"]],
        "start_seconds": measured["start_seconds"],
        "loop_seconds": None if inside is None else np.diff(inside).tolist(),
        "evaluation_seconds": rates.evaluation_seconds(network, dataset, xla),
    }


def as_markdown(result: dict[str, Any]) -> str:
    """The table: medians over blocks of 500 steps, the sum over runs."""
    heading = [
        f"runs together, {result['numerics']}, depth {result['depth']}",
        "without, steps/s of all runs",
        "with",
        "over the first row, without / with",
        "outside the compiled loop, without / with",
        "evaluation every 500 steps, share of training",
        "start, s",
    ]
    by_runs: dict[int, list[dict[str, Any]]] = {}
    for row in result["rows"]:
        by_runs.setdefault(row["runs"], []).append(row)
    first = [median(row["steps_per_second"]) for row in next(iter(by_runs.values()))]
    lines = [table.row(heading), table.row(["---"] * len(heading))]
    for runs, pair in by_runs.items():
        medians = [median(row["steps_per_second"]) for row in pair]
        cells = [
            str(runs) if runs else "one by itself",
            *[f"{value:,.0f}" for value in medians],
            " / ".join(f"{value / reference:.2f}" for value, reference in zip(medians, first, strict=True)),
            " / ".join(_share(_outside(row)) for row in pair),
            " / ".join(_share(_evaluating(row)) for row in pair),
            " / ".join(f"{row['start_seconds']:.1f}" for row in pair),
        ]
        lines.append(table.row(cells))
    return "\n".join([*lines, "", table.where(result["environment"])])


def _outside(row: dict[str, Any]) -> float | None:
    """The share of a block's time that is not the compiled program's: mini-batches put together, parameters read."""
    if row["loop_seconds"] is None:
        return None
    blocks = [row["runs"] * rates.BLOCK / rate for rate in row["steps_per_second"]]
    return median(1 - inside / block for inside, block in zip(row["loop_seconds"], blocks, strict=True))


def _evaluating(row: dict[str, Any]) -> float:
    return median(row["evaluation_seconds"]) * median(row["steps_per_second"]) / rates.BLOCK


def _share(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f}%"


if __name__ == "__main__":
    on, arithmetic, normalization, depth, runs = sys.argv[1:]
    if on == "cpu":
        rates.keep_to_one_core()
    print(json.dumps(one(on, arithmetic, normalization, int(depth), int(runs))))  # type: ignore[arg-type]
