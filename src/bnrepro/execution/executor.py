"""Many runs at once: one loop over `concurrent.futures`, on this machine's cores or on a Dask cluster."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Protocol

from bnrepro.data.dataset import Dataset
from bnrepro.errors import BadInput, Failed, in_words
from bnrepro.execution.stacks import Stack, stacked
from bnrepro.execution.worker import Trained
from bnrepro.study.factors import RunSpec

ATTEMPTS = 3  # a run that was in flight when a worker died is tried again; one that dies every time is at fault itself
_TEND_EVERY_SECONDS = 2


class Pool(Protocol):
    """Workers to give stacks of runs to.

    Attributes:
        workers: how many there are.
        at_once: how many stacks to hand over before one is back.
        lost: what a future raises whose runs were lost with their worker.
    """

    @property
    def workers(self) -> int: ...
    @property
    def at_once(self) -> int: ...
    @property
    def lost(self) -> tuple[type[BaseException], ...]: ...

    def __enter__(self) -> "Pool": ...
    def __exit__(self, *_: object) -> None: ...

    def submit(self, stack: Stack, dataset: Dataset) -> "Future[list[Trained]]":
        """Have the runs of a stack trained."""

    def tend(self) -> None:
        """Called again and again while runs are waited for."""


def pool_opener(scheduler: str | None, workers: int) -> Callable[[int], Pool]:
    """How to get workers for a number of stacks: from a Dask scheduler's address, or up to `workers` processes here.

    Raises:
        BadInput: no scheduler can be reached at such an address.
    """
    if scheduler is not None:
        from bnrepro.execution import cluster

        cluster.check_address(scheduler)
        return lambda stacks: cluster.ClusterPool(scheduler)
    from bnrepro.execution.processes import LocalPool

    return lambda stacks: LocalPool(min(workers, stacks))


def run_all(specs: Sequence[RunSpec], dataset: Dataset, pool: Pool) -> Iterator[tuple[RunSpec, Trained]]:
    """Train runs in parallel, started in the order given; yields each as it finishes, those of a stack together.

    A worker that dies (killed, out of memory) costs the stacks in flight a retry.

    Raises:
        Failed: a run raised an error, or was lost three times.
    """
    stacks = stacked(specs)
    waiting, attempts = list(reversed(stacks)), dict.fromkeys(stacks, 0)
    in_flight: dict[Future[list[Trained]], Stack] = {}
    while waiting or in_flight:
        while waiting and len(in_flight) < pool.at_once:
            stack = waiting.pop()
            in_flight[pool.submit(stack, dataset)] = stack
        pool.tend()
        for future in wait(in_flight, timeout=_TEND_EVERY_SECONDS, return_when=FIRST_COMPLETED).done:
            stack = in_flight.pop(future)
            what = str(stack[0]) if len(stack) == 1 else f"{stack[0]} and {len(stack) - 1} runs like it"
            try:
                trained = future.result()
            except pool.lost as error:
                attempts[stack] += 1
                if attempts[stack] == ATTEMPTS:
                    raise Failed(f"{what}: its worker died {ATTEMPTS} times ({_one_line(error)})") from error
                waiting.append(stack)
            except OSError as error:
                raise Failed(f"{what}: {in_words(error)}") from error
            except BadInput:  # of the environment: every run would meet it
                raise
            except Exception as error:
                raise Failed(f"{what}: {type(error).__name__}: {_one_line(error)}") from error
            else:
                yield from zip(stack, trained, strict=True)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
