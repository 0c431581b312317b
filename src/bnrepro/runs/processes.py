"""Workers on this machine: warm, single-threaded processes."""

import os
import threading
import time
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache

from loky import ProcessPoolExecutor

from bnrepro import datasets
from bnrepro.params import DatasetName
from bnrepro.runs import worker
from bnrepro.runs.worker import Trained
from bnrepro.training.spec import RunSpec


class LocalPool:
    """Processes that exit with this one. One that dies takes all with it; the next run starts them anew."""

    lost = (BrokenProcessPool,)

    def __init__(self, workers: int):
        self.workers = workers
        self.at_once = 2 * workers  # so that no worker waits for this process to file a run

    def __enter__(self) -> "LocalPool":
        self._executor = self._start()
        return self

    def submit(self, spec: RunSpec, dataset: datasets.Dataset) -> "Future[Trained]":
        try:
            return self._executor.submit(_train, spec, dataset.name)
        except BrokenProcessPool:
            self._stop()
            self._executor = self._start()
            return self._executor.submit(_train, spec, dataset.name)

    def tend(self) -> None:
        """Nothing to look after."""

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self.workers, initializer=_watch_parent, initargs=(os.getpid(),))

    def _stop(self) -> None:
        self._executor.shutdown(wait=True, kill_workers=True)


def _watch_parent(parent: int) -> None:
    threading.Thread(target=_exit_with, args=(parent,), daemon=True).start()


def _exit_with(parent: int) -> None:
    """A worker whose parent was killed is told by nobody."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _train(spec: RunSpec, dataset: DatasetName) -> Trained:
    return worker.train(spec, _dataset(dataset))


@lru_cache(maxsize=1)
def _dataset(name: DatasetName) -> datasets.Dataset:
    return datasets.load(name)
