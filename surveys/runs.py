"""The runs of a survey: in stacks on a GPU, one to a core on a processor, none of them twice."""

import json
import multiprocessing
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import ndtr

from bnrepro import numerics, paths, source
from bnrepro.data.dataset import Dataset
from bnrepro.execution import watchdog
from bnrepro.execution.stacks import LARGEST
from bnrepro.records.fingerprint import training_digest
from bnrepro.study.factors import RunSpec, settings

_KEPT = ("step", "accuracy", "population_accuracy", "loss")  # of a curve
_AT_ONCE = 1_000  # steps whose mini-batches are drawn together
_DRAWN = 2  # the stream of random numbers of mini-batches that are drawn; weights and epochs have others

_dataset: Dataset  # of a worker
Outcome = dict[str, Any]  # `curve` and `diverged_at`, as records have them


@dataclass(frozen=True)
class Run:
    """A run of a survey.

    Attributes:
        spec: what the pipeline knows of it.
        uniform: initial weights are uniform, of the deviation and in the order of the normal ones.
        drawn: every mini-batch is drawn from all images with replacement, and not from a shuffled epoch.
    """

    spec: RunSpec
    uniform: bool = False
    drawn: bool = False

    @property
    def key(self) -> str:
        """SHA-256 (hex) over all of it, and over the code that trains."""
        content = {"spec": settings(asdict(self.spec)), "uniform": self.uniform, "drawn": self.drawn}
        return source.digest({**content, "code": _code()})

    def begin(self, examples: int, start: Any, network: Any) -> Any:
        """How it starts, with so many images to train on (`bnrepro.training.stack.Begin`)."""
        initial, batches = start.initial, start.batches
        if self.uniform:
            normal = network.initial(1.0, self.spec.seed)
            initial = initial | {name: _uniform(initial[name], normal[name]) for name in network.kernels}
        if self.drawn:
            batches = _drawn(self.spec, examples)
        return replace(start, initial=initial, batches=batches)


def trained(
    runs: Sequence[Run], dataset: Dataset, workers: int, found: Path, say: Callable[[str], None]
) -> dict[Run, Outcome]:
    """Every run's outcome.

    Args:
        workers: processes; those of a GPU share it.
        found: a file of outcomes, a line of JSON each. What it has is not trained again.
    """
    known = _known(found)
    stacks = _stacks([run for run in runs if run.key not in known])
    say(f"{len(runs)} runs, {sum(map(len, stacks))} to train")
    found.parent.mkdir(parents=True, exist_ok=True)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, _prepare, (dataset, os.getpid())) as pool, found.open("a") as file:
        try:
            futures = [pool.submit(_train, stack) for stack in stacks]
            for number, future in enumerate(as_completed(futures), 1):
                for key, outcome in future.result():
                    known[key] = outcome
                    file.write(json.dumps({"key": key, **outcome}) + "\n")
                file.flush()
                say(f"{number} of {len(stacks)} stacks")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return {run: known[run.key] for run in runs}


def _known(found: Path) -> dict[str, Outcome]:
    """What a file of outcomes has, by the runs' keys. A line that a kill cut short is taken out."""
    if not found.exists():
        return {}
    whole = found.read_text()
    lines = whole[: whole.rfind("\n") + 1]
    paths.write_text(found, lines)
    outcomes = map(json.loads, lines.splitlines())
    return {outcome.pop("key"): outcome for outcome in outcomes}


def _stacks(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs that train together; on a processor, where that is not faster, each by itself. Those of a program follow."""
    alike: dict[RunSpec, list[Run]] = defaultdict(list)
    for run in runs:
        alike[run.spec.stack].append(run)
    size = LARGEST if runs and runs[0].spec.device == "gpu" else 1
    return [same[first : first + size] for same in alike.values() for first in range(0, len(same), size)]


def _prepare(dataset: Dataset, parent: int) -> None:
    """Keep one object for all stacks of a worker: what a stack builds serves others of the same data."""
    global _dataset
    watchdog.end_with(parent)
    _dataset = dataset


def _train(stack: list[Run]) -> list[tuple[str, Outcome]]:
    numerics.use(stack[0].spec.numerics)  # before TensorFlow is imported
    from bnrepro.training.stack import run_stack

    begin = [partial(run.begin, len(_dataset.train_labels)) for run in stack]
    results = run_stack([run.spec for run in stack], _dataset, begin)
    return [
        (run.key, {"curve": {name: result.curve[name] for name in _KEPT}, "diverged_at": result.diverged_at})
        for run, result in zip(stack, results, strict=True)
    ]


@cache
def _code() -> str:
    return training_digest()


def _uniform(kernel: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Uniform weights of a kernel's deviation, the k-th smallest where the kernel has its k-th smallest.

    Args:
        normal: the same weights at a deviation of 1.
    """
    deviation = np.linalg.norm(kernel) / np.linalg.norm(normal)
    return (deviation * np.sqrt(3) * (2 * ndtr(normal) - 1)).astype(np.float32)


def _drawn(spec: RunSpec, examples: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng([spec.seed, _DRAWN])
    for first in range(0, spec.steps, _AT_ONCE):
        yield from rng.integers(0, examples, (_AT_ONCE, spec.batch_size), np.int32)[: spec.steps - first]
