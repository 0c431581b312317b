"""How fast many runs train together: `python -m benchmarks --device DEVICE`. See `benchmarks.rates` for the network.

Each row has a process of its own: `python -m benchmarks.stacks DEVICE NUMERICS NORMALIZATION DEPTH RUNS KIND TF32`.
0 runs stand for one that is trained by itself, by the loop that processors have.
"""

import json
import sys
from collections.abc import Callable, Sequence
from statistics import harmonic_mean, median
from typing import Any

import numpy as np

from benchmarks import rates, table
from bnrepro import device, numerics
from bnrepro.data.dataset import Dataset
from bnrepro.networks.parameters import Architecture
from bnrepro.study.factors import Resolved

RUNS = (0, 1, 4, 16, 64, 256)
NAMES = {"stack": "{} together", "jax": "JAX, vmap of lax.scan, {} together"}


def measure(
    on: Resolved, arithmetic: numerics.Numerics, runs: Sequence[int], depth: int, tf32: bool, say: Callable[[str], None]
) -> dict[str, Any]:
    """Rates of stacks of so many runs, without and with batch normalization; and of JAX, where it is installed.

    Raises:
        Failed: a GPU is asked for, and there is none; or a measurement failed.
    """
    device.resolve(on)
    kinds = ["stack", *(["jax"] if "JAX, lax.scan" in rates.available() and not tf32 else [])]
    rows = []
    for number in dict.fromkeys(runs):
        for kind in kinds if number else kinds[:1]:
            name = NAMES[kind].format(number) if number else "one by itself"
            say(name)
            for normalization in ("none", "batch"):
                words = on, arithmetic, normalization, str(depth), str(number), kind, str(int(tf32))
                row = table.in_own_process("benchmarks.stacks", *words)
                rows.append({"name": name, "runs": number, "normalization": normalization} | row)
    environment = table.environment(on)
    what = {"depth": depth, "batch_size": rates.BATCH, "numerics": arithmetic, "tf32": tf32}
    return {"environment": environment, **what, "rows": rows}


def one(
    on: Resolved, arithmetic: numerics.Numerics, normalization: str, depth: int, runs: int, kind: str, tf32: bool
) -> dict[str, Any]:
    """A row: see `as_markdown`."""
    if kind == "jax":
        measured = rates.jax(normalization, depth, runs)
        return measured | {"steps_per_second": [runs * rate for rate in measured["steps_per_second"]]}
    numerics.use(arithmetic)
    device.use(on, tf32 if on == "gpu" else None)
    network, dataset, xla = rates.architecture(normalization, depth), rates.made_up_images(), arithmetic == "fast"
    if not runs:
        watch = rates.Stopwatch()
        alone = rates.compiled_loop(network, dataset, xla)
        alone.train(rates.start(rates.initial(network), rates.batches(), watch.observe))
        return {**watch.measured(), "evaluation_seconds": rates.evaluation_seconds(network, dataset, xla)}
    measured = _trained(network, dataset, runs, xla)
    return {**measured, "evaluation_seconds": _evaluated(network, dataset, runs, xla, on)}


def _trained(network: Architecture, dataset: Dataset, runs: int, xla: bool) -> dict[str, Any]:
    """Rates of blocks, all runs together. The host hands over a block before the last is done: their sum counts."""
    from bnrepro.networks import dense
    from bnrepro.training.batches import mini_batches
    from bnrepro.training.stacked_loop import StackedLoop

    watch, steps = rates.Stopwatch(), (rates.REPEATS + 1) * rates.BLOCK
    loop = StackedLoop(dense.network(network), "sgd", dataset, rates.BLOCK, rates.BATCH, xla)
    rows = [mini_batches(seed, np.arange(60_000), rates.BATCH, steps) for seed in range(runs)]
    starts = [rates.start(rates.initial(network, seed), rows[seed], watch.observe, seed) for seed in range(runs)]
    for progress in loop.blocks(starts):
        if progress.step in (rates.BLOCK, steps):
            progress.diverged.numpy()  # waits
        watch.observe()
    measured = watch.measured()
    return measured | {"steps_per_second": [runs * rate for rate in measured["steps_per_second"]]}


def _evaluated(network: Architecture, dataset: Dataset, runs: int, xla: bool, on: Resolved) -> list[float]:
    """What one evaluation of all runs takes, several times, with a look into their layers at every second one."""
    import tensorflow as tf

    from bnrepro.measurement.images import Images
    from bnrepro.measurement.stacked import StackedEvaluator, StackedProbe, runs_at_once
    from bnrepro.networks import dense
    from bnrepro.training.memory import budget
    from bnrepro.training.stacked_loop import together

    pure, images = dense.network(network), Images(dataset, np.arange(60_000))
    how = pure, images, xla, runs_at_once(pure, images, budget(on))
    evaluator, probe = StackedEvaluator(*how), StackedProbe(*how)
    parameters = together([rates.initial(network, seed) for seed in range(runs)])
    seeds, learning_rates = tf.range(runs, dtype=tf.int64), tf.fill([runs], rates.LEARNING_RATE)

    def two_evaluations() -> None:
        evaluator.measure_all(parameters)
        found = evaluator.measure_all(parameters), probe.look_at_all(parameters, seeds, 0, learning_rates)
        tf.nest.map_structure(lambda values: values.numpy(), found)

    return [taken / 2 for taken in rates.seconds(two_evaluations)]


def as_markdown(result: dict[str, Any]) -> str:
    """The table: all steps of seven blocks of 500 over their time. Every second block begins an epoch."""
    heading = [
        f"{result['numerics']}, depth {result['depth']}" + (", TF32" if result["tf32"] else ""),
        "without, steps/s of all runs",
        "with",
        "over the first row, without / with",
        "evaluation every 500 steps, share of training",
        "start, s",
    ]
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in result["rows"]:
        by_name.setdefault(row["name"], []).append(row)
    first = [harmonic_mean(row["steps_per_second"]) for row in next(iter(by_name.values()))]
    lines = [table.row(heading), table.row(["---"] * len(heading))]
    for name, pair in by_name.items():
        means = [harmonic_mean(row["steps_per_second"]) for row in pair]
        cells = [
            name,
            *[f"{value:,.0f}" for value in means],
            " / ".join(f"{value / reference:.2f}" for value, reference in zip(means, first, strict=True)),
            " / ".join(map(_evaluating, pair)) if "evaluation_seconds" in pair[0] else "",
            " / ".join(f"{row['start_seconds']:.1f}" for row in pair),
        ]
        lines.append(table.row(cells))
    return "\n".join([*lines, "", table.where(result["environment"])])


def _evaluating(row: dict[str, Any]) -> str:
    block = max(1, row["runs"]) * rates.BLOCK / harmonic_mean(row["steps_per_second"])
    return f"{100 * median(row['evaluation_seconds']) / block:.0f}%"


if __name__ == "__main__":
    on, arithmetic, normalization, depth, runs, kind, tf32 = sys.argv[1:]
    if on == "cpu":
        rates.keep_to_one_core()
    row = one(on, arithmetic, normalization, int(depth), int(runs), kind, tf32 == "1")  # type: ignore[arg-type]
    print(json.dumps(row))
