"""What a worker does, wherever it is: train one stack after another, in one process that imports TensorFlow once."""

import gc
import time
from dataclasses import dataclass
from functools import cache

from bnrepro import numerics
from bnrepro.data.dataset import Dataset
from bnrepro.execution.stacks import Stack
from bnrepro.records.machine import Machine, this_machine
from bnrepro.study.implementations import trains_in_stacks
from bnrepro.training.recording import Result


@dataclass(frozen=True)
class Trained:
    """A finished run, the machine that made it, and the seconds that it kept the worker: of a stack, its share."""

    result: Result
    machine: Machine
    seconds: float


def train(stack: Stack, dataset: Dataset) -> list[Trained]:
    """Train a run, or the runs of a stack together, and leave nothing of them behind."""
    numerics.use(stack[0].numerics)  # before TensorFlow is imported
    _warm_up()
    began = time.perf_counter()
    try:
        results = _results(stack, dataset)
        machine = this_machine(stack[0].device)
    finally:
        _forget_graphs()
    seconds = (time.perf_counter() - began) / len(stack)
    return [Trained(result, machine, seconds) for result in results]


def _results(stack: Stack, dataset: Dataset) -> list[Result]:
    if len(stack) > 1 or trains_in_stacks(stack[0]):
        from bnrepro.training.stack import run_stack

        return run_stack(stack, dataset)
    from bnrepro.training.run import run

    return [run(stack[0], dataset)]


@cache
def _warm_up() -> None:
    """Import what all runs need, and spare the collections after every run the walk through it: 0.15 s each."""
    from bnrepro.training import compiled_loop, estimator_loop  # noqa: F401

    gc.freeze()


def _forget_graphs() -> None:
    """Free a run's graphs, to which TensorFlow holds on: the gradients that Keras' optimizers register have them."""
    from tensorflow.python.framework import ops

    registered = ops.gradient_registry._registry
    for name in [name for name in registered if name.startswith("CustomGradient-")]:
        del registered[name]
    gc.collect()  # graphs refer to themselves
