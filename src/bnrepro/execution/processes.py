"""Workers on this machine: warm, single-threaded processes."""

import os
import shutil
import signal
import warnings
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing import resource_tracker
from pathlib import Path

from loky import ProcessPoolExecutor

from bnrepro import paths
from bnrepro.data import datasets
from bnrepro.data.dataset import Dataset
from bnrepro.errors import Failed
from bnrepro.execution import watchdog, worker
from bnrepro.execution.stacks import Stack
from bnrepro.execution.worker import Trained
from bnrepro.study.factors import DatasetName

_SHM = Path("/dev/shm")


class LocalPool:
    """Processes that exit with this one, each a lane of its own.

    A terminal sends Ctrl-C to them too, but it is for this process to hear, which then kills them: wherever it met them
    (in a run, between two, starting) they would end with a traceback, or hand it back as the run's own error.

    Being killed, they can remove nothing, and TensorFlow writes a file for every function that it compiles. So their
    temporary files have a folder, which goes with the pool. One pool at a time has it: open it under the store's lock.
    """

    lost = (BrokenProcessPool,)

    def __init__(self, workers: int):
        self.workers = workers
        self.lanes: list[_Process] = []

    def __enter__(self) -> "LocalPool":
        # TensorFlow keeps what it compiles; a worker that grew by 300 MB is replaced between two runs, as it should be.
        warnings.filterwarnings("ignore", message="A worker was restarted", category=UserWarning)
        self._temporary = paths.temporary()
        self._temporary.mkdir(parents=True, exist_ok=True)
        for _ in range(self.workers):
            self.lanes.append(_Process(self._temporary))
        return self

    def tend(self) -> None:
        """Nothing to look after."""

    def __exit__(self, *_: object) -> None:
        for process in self.lanes:
            process.stop()
        shutil.rmtree(self._temporary, ignore_errors=True)


class _Process:
    """A process that trains; if it dies, what it has been given is lost, and the next run starts it anew."""

    at_once = 2  # so that it does not wait for the one here to file a run

    def __init__(self, temporary: Path):
        """Raises Failed where there is no room for what processes share."""
        self._temporary = temporary
        self._executor = self._start()

    def submit(self, stack: Stack, dataset: Dataset) -> "Future[list[Trained]]":
        with _ctrl_c_waits():  # the first run that an executor is given starts its process
            try:
                return self._executor.submit(_train, stack, dataset.name)
            except BrokenProcessPool:
                self.stop()
                self._executor = self._start()
                return self._executor.submit(_train, stack, dataset.name)

    def stop(self) -> None:
        self._executor.shutdown(wait=True, kill_workers=True)

    def _start(self) -> ProcessPoolExecutor:
        variables = {"TMPDIR": str(self._temporary)}
        parent = (os.getpid(),)
        try:
            return ProcessPoolExecutor(1, initializer=watchdog.end_with, initargs=parent, env=variables)
        except OSError as error:  # of a semaphore, which has no name to tell
            place = "; Python keeps semaphores in /dev/shm, which may be full or read-only" if _SHM.is_dir() else ""
            raise Failed(f"no worker can be started: {error.strerror or error}{place}") from error


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Ctrl-C takes effect at the end; threads and processes started within inherit that SIGINT is blocked."""
    resource_tracker.ensure_running()  # when it starts it unblocks SIGINT, whatever was before (Python 3.11)
    heard = []  # by another thread, for this one
    handler = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
        if heard:
            signal.raise_signal(signal.SIGINT)


def _train(stack: Stack, dataset: DatasetName) -> list[Trained]:
    return worker.train(stack, _dataset(dataset))


@lru_cache(maxsize=1)
def _dataset(name: DatasetName) -> Dataset:
    return datasets.load(name)
