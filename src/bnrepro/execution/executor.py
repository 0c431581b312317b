"""Many runs at once: one loop over `concurrent.futures`, on this machine's cores or on a Dask cluster."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Protocol

from bnrepro.data.dataset import Dataset
from bnrepro.errors import BadInput, Failed, in_words
from bnrepro.execution.stacks import Stack, built_for, stacked
from bnrepro.execution.worker import Trained
from bnrepro.study.factors import RunSpec

ATTEMPTS = 3  # a run that was in flight when a worker died is tried again; one that dies every time is at fault itself
_TEND_EVERY_SECONDS = 2


class Lane(Protocol):
    """Takes stacks in the order in which they are to be trained: a process here, or all workers of a cluster.

    Attributes:
        at_once: how many stacks to hand over before one is back.
    """

    @property
    def at_once(self) -> int: ...

    def submit(self, stack: Stack, dataset: Dataset) -> "Future[list[Trained]]":
        """Have the runs of a stack trained."""


class Pool(Protocol):
    """Workers to give stacks of runs to.

    Attributes:
        workers: how many there are.
        lanes: the ways to them.
        lost: what a future raises whose runs were lost with their worker.
    """

    @property
    def workers(self) -> int: ...
    @property
    def lanes(self) -> Sequence[Lane]: ...
    @property
    def lost(self) -> tuple[type[BaseException], ...]: ...

    def __enter__(self) -> "Pool": ...
    def __exit__(self, *_: object) -> None: ...

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
    """Train runs in parallel; yields each as it finishes, those of a stack together.

    They are started in the order given, but that a lane keeps to a program while runs of it wait: to build one takes
    longer than many a run. A worker that dies (killed, out of memory) costs the stacks on its lane a retry.

    Raises:
        Failed: a run raised an error, or was lost three times.
    """
    stacks = stacked(specs)
    waiting, attempts = _Waiting(stacks), dict.fromkeys(stacks, 0)
    in_flight: dict[Future[list[Trained]], tuple[Lane, Stack]] = {}
    built: dict[Lane, RunSpec] = {}
    while waiting or in_flight:
        for lane in pool.lanes:
            free = lane.at_once - sum(lane is other for other, _ in in_flight.values())
            while free and waiting:
                stack = waiting.take(built.get(lane), built.values())
                built[lane] = built_for(stack[0])
                in_flight[lane.submit(stack, dataset)] = lane, stack
                free -= 1
        pool.tend()
        for future in wait(in_flight, timeout=_TEND_EVERY_SECONDS, return_when=FIRST_COMPLETED).done:
            _, stack = in_flight.pop(future)
            what = str(stack[0]) if len(stack) == 1 else f"{stack[0]} and {len(stack) - 1} runs like it"
            try:
                trained = future.result()
            except pool.lost as error:
                attempts[stack] += 1
                if attempts[stack] == ATTEMPTS:
                    raise Failed(f"{what}: its worker died {ATTEMPTS} times ({_one_line(error)})") from error
                waiting.put([stack])
            except OSError as error:
                raise Failed(f"{what}: {in_words(error)}") from error
            except BadInput:  # of the environment: every run would meet it
                raise
            except Exception as error:
                raise Failed(f"{what}: {type(error).__name__}: {_one_line(error)}") from error
            else:
                yield from zip(stack, trained, strict=True)


class _Waiting:
    """Stacks to be trained, by the program that they are runs of."""

    def __init__(self, stacks: Iterable[Stack]):
        self._stacks: dict[RunSpec, deque[Stack]] = {}
        self.put(stacks)

    def __bool__(self) -> bool:
        return bool(self._stacks)

    def put(self, stacks: Iterable[Stack]) -> None:
        for stack in stacks:
            self._stacks.setdefault(built_for(stack[0]), deque()).append(stack)

    def take(self, built: RunSpec | None, anywhere: Collection[RunSpec]) -> Stack:
        """The next stack for a lane.

        Args:
            built: the program that this lane has built last; its stacks come first.
            anywhere: what all lanes have built last. Where no program is left that is not among them, the lane helps
                with the one of which most stacks wait.
        """
        program = built
        if program not in self._stacks:
            untouched = (program for program in self._stacks if program not in anywhere)
            program = next(untouched, None) or max(self._stacks, key=lambda program: len(self._stacks[program]))
        stack = self._stacks[program].popleft()
        if not self._stacks[program]:
            del self._stacks[program]
        return stack


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
