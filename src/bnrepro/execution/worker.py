"""What a worker does, wherever it is: train one stack after another, in one process that imports TensorFlow once."""

import gc
from dataclasses import dataclass
from functools import cache

from bnrepro import numerics
from bnrepro.data.dataset import Dataset
from bnrepro.execution.stacks import Stack
from bnrepro.records.machine import Machine, this_machine
from bnrepro.training.recording import Result


@dataclass(frozen=True)
class Trained:
    """A finished run, and the machine that made it."""

    result: Result
    machine: Machine


def train(stack: Stack, dataset: Dataset) -> list[Trained]:
    """Train a run, or the runs of a stack together, and leave nothing of them behind."""
    from bnrepro.training.run import run, run_together

    numerics.use(stack[0].numerics)  # before TensorFlow is imported
    _warm_up()
    try:
        results = [run(stack[0], dataset)] if len(stack) == 1 else run_together(stack, dataset)
        machine = this_machine(stack[0].device)
        return [Trained(result, machine) for result in results]
    finally:
        _forget_graphs()


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
