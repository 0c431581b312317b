"""Downloads: files by their SHA-256, from the first mirror that has them."""

import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bnrepro import addresses, paths
from bnrepro.errors import Failed

TIMEOUT_SECONDS = 30


def download(files: Mapping[str, str], mirrors: Sequence[str], folder: Path) -> None:
    """Obtain files (name: SHA-256) from mirrors, which are URLs or folders, tried in order for each file.

    `BNREPRO_MIRROR` (folders or URLs, separated by blanks; a relative folder counts from the clone) takes the place of
    `mirrors`. It may name one for each dataset: a file with another SHA-256 is passed over.

    Raises:
        Failed: no mirror had a file with the right SHA-256.
    """
    mirrors = os.environ.get("BNREPRO_MIRROR", "").split() or mirrors
    for file, sha256 in files.items():
        _retrieve(file, sha256, mirrors, folder)


def _forget_encoding(response: Any, **_: Any) -> None:
    response.raw.headers.pop("Content-Encoding", None)


# Some servers call a stored .gz file's own compression an encoding; requests would undo it, and the hash be another's.
_AS_STORED = {"headers": {"Accept-Encoding": "identity"}, "hooks": {"response": _forget_encoding}}


def _retrieve(file: str, sha256: str, mirrors: Sequence[str], folder: Path) -> None:
    import pooch

    pooch.get_logger().setLevel(logging.ERROR)
    tried = []
    for mirror in mirrors:
        is_url = mirror.startswith(("http://", "https://"))
        source = f"{mirror.rstrip('/')}/{file}" if is_url else str(paths.home() / mirror / file)
        downloader = pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS, **_AS_STORED) if is_url else _copy
        try:
            with TemporaryDirectory(dir=folder) as downloads:  # where pooch keeps its files from everybody else
                found = pooch.retrieve(source, known_hash=sha256, fname=file, path=downloads, downloader=downloader)
                shutil.copyfile(found, folder / file)
            return
        except OSError as error:  # requests' errors are OSErrors too, and some of them ValueErrors as well
            tried.append(f"{addresses.without_secrets(mirror)}: {_reason(error)}")
        except ValueError:  # pooch's word for a wrong hash; it has removed the file
            tried.append(f"{addresses.without_secrets(mirror)}: not the file expected (wrong SHA-256)")
    raise Failed(f"{file} could not be obtained. Tried " + "; ".join(tried) + ". BNREPRO_MIRROR can name another one.")


def _copy(source: str, target: str, _: object) -> None:
    shutil.copyfile(source, target)


def _reason(error: OSError) -> str:
    """The innermost cause, in a few words: requests wraps it several times."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP status {response.status_code}"
    if error.strerror:
        return error.strerror
    if type(error).__name__ == "ChunkedEncodingError":  # requests' word, chunks or not
        return "the connection broke off"
    return f"unreachable ({type(error).__name__})"
