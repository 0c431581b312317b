"""Many runs at once: a pool of warm, single-threaded workers, each of which imports TensorFlow once."""

import gc
import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache

from loky import ProcessPoolExecutor

from bnrepro import datasets
from bnrepro.errors import Failed
from bnrepro.params import DatasetName
from bnrepro.training.run import Result
from bnrepro.training.spec import RunSpec

ATTEMPTS = 3  # a run that was in flight when a worker died is tried again; one that dies every time is at fault itself


def run_all(specs: Sequence[RunSpec], workers: int) -> Iterator[tuple[RunSpec, Result]]:
    """Train runs in parallel, in the order given; yields each as it finishes.

    A worker that dies (killed, out of memory) costs the runs in flight a retry. Workers exit with this process.

    Raises:
        Failed: a run raised an error, or was lost three times.
    """
    waiting, attempts = list(reversed(specs)), dict.fromkeys(specs, 0)
    while waiting:
        pool = ProcessPoolExecutor(max_workers=workers, initializer=_start_worker, initargs=(os.getpid(),))
        in_flight: dict[Future[Result], RunSpec] = {}
        try:
            while waiting or in_flight:
                while waiting and len(in_flight) < workers:
                    spec = waiting.pop()
                    in_flight[pool.submit(_run, spec)] = spec
                for future in wait(in_flight, return_when=FIRST_COMPLETED).done:
                    yield in_flight[future], _result(future, in_flight[future])
                    del in_flight[future]
        except BrokenProcessPool as error:
            for spec in in_flight.values():
                attempts[spec] += 1
                if attempts[spec] == ATTEMPTS:
                    raise Failed(f"{spec}: its worker died {ATTEMPTS} times ({error})") from error
            waiting.extend(in_flight.values())
        finally:
            pool.shutdown(wait=True, kill_workers=True)


def _result(future: "Future[Result]", spec: RunSpec) -> Result:
    try:
        return future.result()
    except BrokenProcessPool:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise Failed(f"{spec}: {type(error).__name__}: {reason}") from error


def _start_worker(parent: int) -> None:
    threading.Thread(target=_exit_with, args=(parent,), daemon=True).start()


def _exit_with(parent: int) -> None:
    """A worker whose parent was killed is told by nobody."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _run(spec: RunSpec) -> Result:
    import tensorflow as tf

    from bnrepro.training.run import run

    try:
        return run(spec, _dataset(spec.dataset))
    finally:  # a worker sees many runs, and their graphs refer to themselves
        tf.keras.backend.clear_session()
        gc.collect()


@lru_cache(maxsize=1)
def _dataset(name: DatasetName) -> datasets.Dataset:
    return datasets.load(name)
