"""Which runs train together: on a GPU, those of a series of Keras models, as one program."""

from collections import defaultdict
from collections.abc import Iterable

from bnrepro.study.factors import RunSpec
from bnrepro.study.implementations import trains_in_stacks

Stack = tuple[RunSpec, ...]

LARGEST = 1024  # runs: from 256 to as many JAX gained a tenth on an H200; all are lost where a worker dies


def built_for(spec: RunSpec) -> RunSpec:
    """What the runs share that what is built for this one serves."""
    return spec.stack if trains_in_stacks(spec) else spec.program


def stacked(specs: Iterable[RunSpec]) -> list[Stack]:
    """Runs in stacks, in the order in which the first of each stands.

    Those of a stack differ in nothing but what `RunSpec.stack` leaves out. On a processor, where that is not faster
    (benchmarks/README.md), and for estimators, which have loops of their own, every run is a stack by itself.
    """
    alike: dict[object, list[RunSpec]] = defaultdict(list)
    for spec in specs:
        alike[spec.stack if trains_in_stacks(spec) else spec].append(spec)
    return [tuple(runs[start : start + LARGEST]) for runs in alike.values() for start in range(0, len(runs), LARGEST)]
