"""Many runs at once: one loop over `concurrent.futures`, on this machine's cores or on a Dask cluster."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from types import TracebackType
from typing import Protocol

from bnrepro.datasets import Dataset
from bnrepro.errors import Failed, in_words
from bnrepro.runs.worker import Trained
from bnrepro.training.spec import RunSpec

ATTEMPTS = 3  # a run that was in flight when a worker died is tried again; one that dies every time is at fault itself
_TEND_EVERY_SECONDS = 2


class Pool(Protocol):
    """Workers to give runs to.

    Attributes:
        workers: how many there are.
        at_once: how many runs to hand over before one is back.
        lost: what a future raises whose run was lost with its worker.
    """

    @property
    def workers(self) -> int: ...
    @property
    def at_once(self) -> int: ...
    @property
    def lost(self) -> tuple[type[BaseException], ...]: ...

    def __enter__(self) -> "Pool": ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...

    def submit(self, spec: RunSpec, dataset: Dataset) -> "Future[Trained]":
        """Have a run trained."""

    def tend(self) -> None:
        """Called again and again while runs are waited for."""


def pool_opener(scheduler: str | None, workers: int) -> Callable[[int], Pool]:
    """How to get workers for a number of runs: from a Dask scheduler's address, or up to `workers` processes here."""

    def open_pool(runs: int) -> Pool:
        if scheduler is not None:
            from bnrepro.runs.cluster import ClusterPool

            return ClusterPool(scheduler)
        from bnrepro.runs.processes import LocalPool

        return LocalPool(min(workers, runs))

    return open_pool


def run_all(specs: Sequence[RunSpec], dataset: Dataset, pool: Pool) -> Iterator[tuple[RunSpec, Trained]]:
    """Train runs in parallel, started in the order given; yields each as it finishes.

    A worker that dies (killed, out of memory) costs the runs in flight a retry.

    Raises:
        Failed: a run raised an error, or was lost three times.
    """
    waiting, attempts = list(reversed(specs)), dict.fromkeys(specs, 0)
    in_flight: dict[Future[Trained], RunSpec] = {}
    while waiting or in_flight:
        while waiting and len(in_flight) < pool.at_once:
            spec = waiting.pop()
            in_flight[pool.submit(spec, dataset)] = spec
        pool.tend()
        for future in wait(in_flight, timeout=_TEND_EVERY_SECONDS, return_when=FIRST_COMPLETED).done:
            spec = in_flight.pop(future)
            try:
                trained = future.result()
            except pool.lost as error:
                attempts[spec] += 1
                if attempts[spec] == ATTEMPTS:
                    raise Failed(f"{spec}: its worker died {ATTEMPTS} times ({_one_line(error)})") from error
                waiting.append(spec)
            except OSError as error:
                raise Failed(f"{spec}: {in_words(error)}") from error
            except Exception as error:
                raise Failed(f"{spec}: {type(error).__name__}: {_one_line(error)}") from error
            else:
                yield spec, trained


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
