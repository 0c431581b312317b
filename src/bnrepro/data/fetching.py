"""Downloads: files by their SHA-256, from the first mirror that has them."""

import errno
import logging
import os
import re
import shlex
import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO
from urllib.parse import unquote

from bnrepro import addresses, paths
from bnrepro.errors import BadInput, Failed

TIMEOUT_SECONDS = 30  # for a connection, and between two of a server's answers
FILE_TIMEOUT_SECONDS = 60  # for a file of a server; and then, by what has arrived,
MIN_BYTES_PER_SECOND = 10_000  # MNIST in 20 minutes
_VARIABLE = "BNREPRO_MIRROR"


def download(files: Mapping[str, tuple[str, int]], mirrors: Sequence[str], folder: Path) -> None:
    """Obtain files (name: SHA-256 and bytes) from mirrors, which are URLs or folders, tried in order for each file.

    Those that `BNREPRO_MIRROR` names take the place of `mirrors`. It may name one for each dataset: a file with another
    SHA-256 is passed over. A server that sends more than a file's bytes is left there.

    Raises:
        BadInput: BNREPRO_MIRROR cannot be read.
        Failed: no mirror had a file with the right SHA-256.
    """
    mirrors = named_mirrors() or mirrors
    for file, (sha256, size) in files.items():
        _retrieve(file, sha256, size, mirrors, folder)


def named_mirrors() -> list[str]:
    """The mirrors that `BNREPRO_MIRROR` names: URLs, their blanks encoded, and absolute folders.

    It names one folder, or several folders and URLs, separated by blanks and quoted as for a shell. A relative folder
    counts from the clone.

    Raises:
        BadInput: a quotation mark is not closed.
    """
    named = os.environ.get(_VARIABLE, "")
    if named.strip() and Path(single := _absolute(named)).is_dir():
        return [single]
    try:
        return [mirror.replace(" ", "%20") if _is_url(mirror) else _absolute(mirror) for mirror in shlex.split(named)]
    except ValueError as error:
        raise BadInput(f"{_VARIABLE}: {str(error).lower()}; quote a folder with blanks whole") from error


def _is_on_the_web(address: str) -> bool:
    return address.lower().startswith(("http://", "https://"))


def _is_url(mirror: str) -> bool:
    return "://" in mirror or mirror.lower().startswith("file:")


def _absolute(folder: str) -> str:
    return str(paths.home() / Path(os.path.expanduser(folder)))


def _retrieve(file: str, sha256: str, size: int, mirrors: Sequence[str], folder: Path) -> None:
    import pooch

    pooch.get_logger().setLevel(logging.ERROR)

    def copy(source: str, target: str, _: object) -> None:
        if _is_on_the_web(source):
            _download(source, target, size)
        else:
            shutil.copyfile(source, target)

    tried = []
    for mirror in mirrors:
        try:
            source = _source(mirror, file)
            with TemporaryDirectory(dir=folder) as downloads:  # where pooch keeps its files from everybody else
                found = pooch.retrieve(source, known_hash=sha256, fname=file, path=downloads, downloader=copy)
                shutil.copyfile(found, folder / file)  # a new file, as the umask says
            return
        except OSError as error:  # requests' errors are OSErrors too, and some of them ValueErrors as well
            tried.append(f"{addresses.without_secrets(mirror)}: {_reason(error)}")
        except ValueError:  # pooch's word for a wrong hash; it has removed the file
            tried.append(f"{addresses.without_secrets(mirror)}: not the file expected (wrong SHA-256)")
    raise Failed(f"{file} could not be obtained. Tried " + "; ".join(tried) + f". {_VARIABLE} can name another one.")


def _source(mirror: str, file: str) -> str:
    """Where a mirror has a file: a URL, or a path.

    Raises:
        OSError: what it names is neither a folder of this machine nor of a web server.
    """
    if _is_on_the_web(mirror):
        address, *query = mirror.partition("?")  # in which some servers want a key
        return "".join([address.rstrip("/"), "/", file, *query])
    if mirror.lower().startswith("file:"):
        url = re.fullmatch("(?i:file:(?://(?:localhost)?|(?!//)))(/.*)", mirror)
        if not url:
            raise OSError(errno.EINVAL, "a file URL has three slashes: file:///a/folder")
        mirror = unquote(url[1])
    elif "://" in mirror:
        raise OSError(errno.EINVAL, "a folder or a URL with http, https or file is needed")
    return str(Path(mirror) / file)


class _Limited:
    """A file that takes no more than `max_bytes`."""

    def __init__(self, file: BinaryIO, max_bytes: int):
        self._file, self._max_bytes, self.written = file, max_bytes, 0

    def write(self, content: bytes) -> None:
        self.written += len(content)
        if self.written > self._max_bytes:
            raise OSError(errno.EFBIG, f"it sends more than {self._max_bytes:,} bytes")
        self._file.write(content)

    def flush(self) -> None:
        self._file.flush()


def _download(url: str, target: str, max_bytes: int) -> None:
    """Download a file, unless the server takes too long.

    The timeout of requests begins anew with every byte, in headers and redirections too. So a thread downloads. After
    the limit we close its file and go on; as a daemon it does not delay the exit.
    """
    import pooch

    failures: list[Exception] = []
    responses: list[Any] = []

    def keep(response: Any, **_: Any) -> None:
        # Some servers call a stored .gz file's own compression an encoding; requests would undo it.
        response.raw.headers.pop("Content-Encoding", None)
        responses.append(response)

    def work() -> None:
        as_stored = {"headers": {"Accept-Encoding": "identity"}, "hooks": {"response": keep}}
        try:
            pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS, **as_stored)(url, file, None)
        except Exception as error:
            failures.append(error)
        finally:  # after an error pooch leaves its connection open
            for response in responses:
                response.close()

    started = time.monotonic()
    with open(target, "wb") as opened:
        file = _Limited(opened, max_bytes)
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        while thread.is_alive():
            if time.monotonic() - started > FILE_TIMEOUT_SECONDS + file.written / MIN_BYTES_PER_SECOND:
                raise TimeoutError(errno.ETIMEDOUT, f"too slow, under {MIN_BYTES_PER_SECOND // 1000} kB/s")
            thread.join(0.1)
    if failures:
        raise failures[0]


def _reason(error: OSError) -> str:
    """The innermost cause, in a few words: requests wraps it several times."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP status {response.status_code}"
    if error.strerror:
        return error.strerror
    kind = type(error).__name__
    if kind == "ChunkedEncodingError":  # requests' word, chunks or not
        return "the connection broke off"
    if kind in ("ProxyError", "InvalidProxyURL"):  # both quote the password
        return "the proxy that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names does not let through"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):  # a network that reads TLS signs what it sends on
        return "its certificate is not trusted; REQUESTS_CA_BUNDLE can name the file of another authority"
    if kind == "OSError":  # of that file
        return str(error)
    return f"unreachable ({kind})"
