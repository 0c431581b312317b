"""`bnrepro plan`: what a pipeline would train, before a long one is started."""

from collections.abc import Hashable, Mapping
from typing import Any

from bnrepro import device
from bnrepro.data import datasets
from bnrepro.errors import BadInput
from bnrepro.execution import stage
from bnrepro.execution.costs import Costs, study_seconds
from bnrepro.execution.progress import duration, estimate
from bnrepro.records import grid
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import Params


def describe(params: Params, workers: int) -> str:
    """A line for each study of each dataset, and the sum. Runs that studies share are counted where they come first."""
    on_gpu = device.resolve(params.device) == "gpu"  # where runs train together, and shares of seconds do not add up
    costs = Costs()
    lines, total, guess = [], 0.0, False
    counted: set[Hashable] = set()
    for dataset in params.datasets:
        for name in params.studies:
            runs, estimates, guessed = _missing(params, dataset, name, costs)
            if not runs:  # the study is for other datasets
                continue
            missing = {key: seconds for key, seconds in estimates.items() if key not in counted}
            counted.update(missing)
            seconds = study_seconds(missing.values(), workers)
            total, guess = total + seconds, guess or (guessed and bool(missing))
            shared = f"{len(estimates) - len(missing)} of a study above, " if len(estimates) > len(missing) else ""
            stored = f"{runs - len(estimates)} in the store, {shared}{len(missing)} to train"
            takes = f", about {duration(seconds)}" if missing and not on_gpu else ""
            lines.append(f"{dataset} {name}: {runs} runs, {stored}{takes}")
    if not total:
        return "\n".join([*lines, "Nothing to train."])
    if on_gpu:
        return "\n".join(lines)
    return "\n".join([*lines, f"Training on {workers} cores: {estimate(total, guess)}."])


def _missing(params: Params, dataset: DatasetName, name: str, costs: Costs) -> tuple[int, Mapping[Any, float], bool]:
    """How many runs a study has, the seconds that each missing one takes, and whether some of these are a guess."""
    try:
        planned = stage.plan(params, datasets.load(dataset), name, costs)
    except BadInput:  # not prepared yet, so that nothing can have been trained on it
        specs = grid.expand(params, dataset, name)
        return len(specs), {spec: costs.seconds(spec) for spec in specs}, not all(costs.known(spec) for spec in specs)
    return len(planned.specs), planned.seconds, planned.guessed
