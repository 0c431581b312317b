"""A study's grid, expanded to run specs."""

import itertools

from bnrepro import device
from bnrepro.study.factors import DatasetName, Resolved, RunSpec
from bnrepro.study.params import Params


def expand(params: Params, dataset: DatasetName, study: str, on: Resolved | None = None) -> list[RunSpec]:
    """The runs of a study on a dataset, seeds innermost. There are none where the study does not apply.

    Args:
        on: the device; None: what `device` stands for here.

    Raises:
        Failed: a GPU is asked for, and there is none here.
    """
    grid = params.studies_of(dataset).get(study)
    if grid is None:
        return []
    usual = params.usual(dataset)
    lists = grid.lists
    if grid.learning_rate_times:
        lists["learning_rate"] = [usual["learning_rate"] * times for times in grid.learning_rate_times]
    common = usual | grid.once | {"dataset": dataset, "device": on or device.resolve(params.device)}
    seeds = {name: params.seeds(dataset, study, name) for name in grid.implementation}
    specs: dict[RunSpec, None] = {}  # runs that do not differ, as by the momentum of averages that they lack, are one
    for values in itertools.product(*lists.values()):
        settings = common | dict(zip(lists, values, strict=True))
        for seed in seeds[settings["implementation"]]:
            specs[RunSpec(seed=seed, **settings)] = None
    return list(specs)


def recorded_on(params: Params, found: Resolved) -> Resolved:
    """The device that recorded runs have to be of: with `auto` that on which they were `found`."""
    return found if params.device == "auto" else params.device
