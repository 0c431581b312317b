"""Workers of a Dask cluster. They need this package and its libraries, and no shared disk.

A worker takes part once it was found equal to this process in all that decides a result, sources and versions, and its
environment was cleaned. What admits it is a Dask resource, set on the worker and asked for by every run: so a worker
that joins or restarts later gets nothing to do before it was looked at, and each does one run at a time.

Dask sends pickles: whoever reaches the scheduler can run code on every worker and here. `tls://` shuts out everybody
without the cluster's certificates, which Dask reads from its own configuration.
"""

import asyncio
import hashlib
import platform
import sys
import tempfile
import time
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bnrepro import environment
from bnrepro.data.dataset import Dataset
from bnrepro.errors import BadInput, Failed, in_words
from bnrepro.execution import worker
from bnrepro.execution.stacks import Stack
from bnrepro.execution.worker import Trained
from bnrepro.processor import this_processor
from bnrepro.records.fingerprint import numerical_versions, training_digest

CONNECT_SECONDS = 10
_LOOK_EVERY_SECONDS = 2

Identity = dict[str, str]


class ClusterPool:
    """The workers of the Dask scheduler at `address`, which `check_address` accepts. Dask moves a dead worker's run."""

    lost = (CancelledError,)  # where every worker that held the data died
    at_once = sys.maxsize

    def __init__(self, address: str):
        self._address = address
        self.lanes = (self,)  # Dask chooses the worker

    def __enter__(self) -> "ClusterPool":
        """Connect, and wait for the first worker.

        Raises:
            Failed: distributed is not installed; nothing answers at the address; there are workers and none is fit.
        """
        distributed = _distributed()
        try:
            asyncio.run(_identify(self._address))
            self._client = distributed.Client(self._address, timeout=CONNECT_SECONDS, set_as_default=False)
        except Exception as error:  # of the network, of TLS, of what another server answers, of another release of Dask
            raise Failed(f"no Dask scheduler at {self._address} ({_reason(error)})") from error
        try:
            self._identity = identity(threads=1)
            self._resource = f"bnrepro-{_digest(self._identity)}"
            self._executor = self._client.get_executor(pure=False, resources={self._resource: 1})
            self._data: dict[str, Any] = {}
            self._admitted: set[str] = set()
            self._refused: dict[str, str] = {}
            self._wait_for_a_worker()
        except BaseException:
            self._client.close()
            raise
        return self

    @property
    def workers(self) -> int:
        return len(self._admitted)

    def submit(self, stack: Stack, dataset: Dataset) -> "Future[list[Trained]]":
        return self._executor.submit(_train, stack, self._scattered(dataset))

    def tend(self) -> None:
        """Look at workers that have come since.

        Raises:
            Failed: the scheduler is gone.
        """
        if time.monotonic() - self._looked >= _LOOK_EVERY_SECONDS:
            self._look()

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(wait=False)
        self._client.close()

    def _look(self) -> None:
        """Admit or refuse workers that have come, and forget those that have gone.

        Raises:
            Failed: the scheduler is gone; or there are workers, and none was ever fit.
        """
        try:
            here = set(self._client.nthreads())
            new = sorted(here - self._admitted - self._refused.keys())
            answers = {}
            if new:
                answers = self._client.run(_admit, self._identity, self._resource, workers=new, on_error="return")
        except (OSError, RuntimeError) as error:  # a closed connection; a closed client
            raise Failed(f"the Dask scheduler at {self._address} does not answer any more ({error})") from error
        self._looked = time.monotonic()
        self._admitted &= here
        for address, answer in answers.items():
            if answer is None:
                self._admitted.add(address)
            elif not isinstance(answer, OSError):  # that one is gone again
                reason = answer if isinstance(answer, str) else f"{type(answer).__name__}: {answer}"
                self._refused[address] = reason
                print(f"Dask worker {address} is refused: {reason}", file=sys.stderr, flush=True)
        if not self._admitted and not self._data and self._refused.keys() & here == here and here:
            reasons = "; ".join(sorted(set(self._refused.values())))
            raise Failed(f"none of the {len(here)} workers at {self._address} is fit: {reasons}")

    def _wait_for_a_worker(self) -> None:
        self._look()
        if not self._admitted:
            print(f"Waiting for workers of the Dask scheduler at {self._address}.", flush=True)
        while not self._admitted:
            time.sleep(_LOOK_EVERY_SECONDS)
            self._look()

    def _scattered(self, dataset: Dataset) -> Any:
        """The dataset, on the workers: sent once, and again where every copy was lost."""
        name = f"bnrepro-{dataset.digest}"
        while name not in self._data or self._data[name].status != "finished":
            self._wait_for_a_worker()
            with suppress(KeyError, OSError):  # a worker that has just left
                self._data |= self._client.scatter({name: dataset}, workers=sorted(self._admitted), broadcast=True)
        return self._data[name]


def check_address(address: str) -> None:
    """Refuse an address at which no scheduler can be reached, whatever is there.

    Raises:
        BadInput: it is not `tcp://HOST:PORT` or `tls://HOST:PORT`; there are no certificates for `tls://`.
        Failed: distributed is not installed.
    """
    try:
        parts = urlsplit(address)
        well_formed = parts.hostname and parts.port and f"{parts.scheme}://{parts.netloc}" == address
    except ValueError:  # a port that is no number, or too large
        well_formed = False
    if not well_formed or "@" in address or parts.scheme not in ("tcp", "tls"):
        raise BadInput("--scheduler, BNREPRO_SCHEDULER: give tcp://HOST:PORT, or tls://HOST:PORT with certificates")
    if parts.scheme == "tls":
        distributed = _distributed()
        try:
            security = distributed.Security()
            for file in (security.tls_ca_file, security.tls_client_cert, security.tls_client_key):
                if file and "\n" not in file:  # OpenSSL does not say which one is missing
                    Path(file).open("rb").close()
            context = security.get_connection_args("client")["ssl_context"]
        except (OSError, ValueError) as error:
            raise BadInput(f"--scheduler {address}: Dask's certificates cannot be used ({_reason(error)})") from error
        if context is None:
            raise BadInput(
                f"--scheduler {address}: tls:// needs certificates; name them in DASK_DISTRIBUTED__COMM__TLS__CA_FILE, "
                "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT and DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY"
            )


def _distributed() -> Any:
    try:
        import distributed
    except ModuleNotFoundError as error:
        raise Failed("a Dask cluster needs the extra `cluster`: the package distributed") from error
    except (OSError, ValueError) as error:  # of a file that Dask reads while it is imported
        raise BadInput(f"Dask cannot be configured: {_reason(error)}") from error
    return distributed


async def _identify(address: str) -> None:
    """Ask what is at an address who it is. Dask's client would wait for ever for some answers, and log pages at others.

    Raises:
        Failed: no scheduler of Dask's.
        Exception: whatever Dask raises of a peer that it cannot connect to.
    """
    from distributed import Security
    from distributed.comm import connect

    async def ask() -> str:
        arguments = Security().get_connection_args("client")
        comm = await connect(address, timeout=CONNECT_SECONDS, **arguments)
        try:
            await comm.write({"op": "identity"})
            return (await comm.read())["type"]
        finally:
            comm.abort()

    kind = await asyncio.wait_for(ask(), CONNECT_SECONDS + 1)  # the one that Dask itself observes says more
    if kind != "Scheduler":
        raise Failed(f"it is a {kind}")


def _reason(error: BaseException) -> str:
    """What an error says, and what caused it."""
    if isinstance(error, asyncio.TimeoutError) and not str(error):
        return f"what is there did not answer like one within {CONNECT_SECONDS} s"
    said = in_words(error) if isinstance(error, OSError) else str(error)
    cause = f": {error.__cause__}" if error.__cause__ and str(error.__cause__) not in said else ""
    return " ".join(f"{said or type(error).__name__}{cause}".split())[:300]


def identity(threads: int) -> Identity:
    """All that decides a result, of this process: a worker has to be equal in it."""
    return {
        "the code of training": training_digest()[:12],
        **numerical_versions(),
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "AVX2": str(this_processor().has_avx2),
        "threads of a worker (`dask worker --nthreads 1 --nworkers ...`)": str(threads),
    }


async def _admit(expected: Identity, resource: str, dask_worker: Any) -> str | None:
    """On a worker: take part if equal, in an environment like this process's; else why not.

    Its temporary files go where its own are: Dask removes that folder when the worker ends, or when the next one starts
    after a kill.
    """
    found = identity(dask_worker.state.nthreads)
    different = [
        f"{name}: {found.get(name)}, here {value}" for name, value in expected.items() if found.get(name) != value
    ]
    if different:
        return "; ".join(different)
    if reason := environment.settle():
        return reason
    tempfile.tempdir = dask_worker.local_directory
    await dask_worker.set_resources(**{resource: 1})
    return None


def _train(stack: Stack, dataset: Dataset) -> list[Trained]:
    """On a worker: what Dask unpacks again is the same data in another object, for which all would be compiled anew."""
    if dataset.digest not in _kept:
        _kept.clear()
        _kept[dataset.digest] = dataset
    return worker.train(stack, _kept[dataset.digest])


_kept: dict[str, Dataset] = {}


def _digest(content: Identity) -> str:
    return hashlib.sha256(repr(sorted(content.items())).encode()).hexdigest()[:12]
