"""`bnrepro plan`: what a pipeline would train, before a long one is started."""

from collections.abc import Hashable, Mapping
from typing import Any

from bnrepro import device
from bnrepro.data import datasets
from bnrepro.errors import BadInput
from bnrepro.execution import stage
from bnrepro.execution.progress import duration
from bnrepro.records import grid
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import Params


def describe(params: Params, workers: int) -> str:
    """A line for each study of each dataset, and the sum. Runs that studies share are counted where they come first."""
    on_gpu = device.resolve(params.device) == "gpu"  # where runs train together, and shares of seconds do not add up
    lines, total = [], 0.0
    counted: set[Hashable] = set()
    for dataset in params.datasets:
        for name in params.studies:
            runs, estimates = _missing(params, dataset, name)
            missing = {key: seconds for key, seconds in estimates.items() if key not in counted}
            counted.update(missing)
            total += sum(missing.values())
            shared = f"{len(estimates) - len(missing)} of a study above, " if len(estimates) > len(missing) else ""
            stored = f"{runs - len(estimates)} in the store, {shared}{len(missing)} to train"
            takes = f", about {duration(sum(missing.values()) / workers)}" if missing and not on_gpu else ""
            lines.append(f"{dataset} {name}: {runs} runs, {stored}{takes}")
    if not total:
        return "\n".join([*lines, "Nothing to train."])
    if on_gpu:
        return "\n".join(lines)
    return "\n".join([*lines, f"In all about {duration(total / workers)} of training on {workers} cores."])


def _missing(params: Params, dataset: DatasetName, name: str) -> tuple[int, Mapping[Any, float]]:
    """How many runs a study has, and the seconds that each missing one takes."""
    try:
        planned = stage.plan(params, datasets.load(dataset), name)
    except BadInput:  # not prepared yet, so that nothing can have been trained on it
        estimate = stage.cost_estimate()
        specs = grid.expand(params, dataset, name)
        return len(specs), {spec: estimate(spec) for spec in specs}
    return len(planned.specs), planned.seconds
