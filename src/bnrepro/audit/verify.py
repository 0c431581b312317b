"""`bnrepro verify`: everything that can be checked here, the quick checks first."""

from collections.abc import Callable, Sequence

from bnrepro import paths
from bnrepro.audit import lock, outputs, retraining
from bnrepro.audit.finding import Finding
from bnrepro.data.registry import NAMES
from bnrepro.errors import BadInput
from bnrepro.execution import executor
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import Params


def reported() -> list[DatasetName]:
    """The datasets that the clone has a report of.

    Raises:
        BadInput: there is none.
    """
    found = [dataset for dataset in NAMES if paths.provenance(dataset).exists()]
    if not found:
        raise BadInput("reports/ has no report: nothing to verify; `dvc repro` makes one")
    return found


def verify(
    params: Params,
    datasets: Sequence[DatasetName],
    count: int | None,
    seed: int,
    open_pool: Callable[[int], executor.Pool],
    found: Callable[[Finding], None],
) -> None:
    """Check dvc.lock, and of each dataset the outputs and some runs.

    Args:
        count: runs of each dataset to train again, picked at random by `seed`; None: all.
        open_pool: gives the workers for a number of runs.
        found: called with each finding as it is made.

    Raises:
        BadInput: dvc.lock or dvc.yaml cannot be read.
        Failed: training itself failed.
    """
    for finding in lock.check(datasets):
        found(finding)
    for dataset in datasets:
        for finding in outputs.check(params, dataset):
            found(finding)
    for dataset in datasets:
        retraining.check(params, dataset, count, seed, open_pool, found)
