"""fetch, check and prepare the data; load what was prepared."""

import gzip
import hashlib
import logging
import os
import shutil
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pooch

from bnrepro import paths, reading
from bnrepro.data.dataset import CLASSES, Dataset
from bnrepro.errors import BadInput, Failed
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import IMAGES, Data

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
MNIST_FILES = {  # file: SHA-256
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
DIGITS_FILES = {
    "images.npy": "88e52eb3e11cb9cc0130dc8fc4b6256aa919b3275fec17e6c2f880e1ae8d34ae",
    "labels.npy": "03ec0343bca84958ae3df825f252a3680415fa07fccb1ed1125ed521c13169e5",
}
FORM = {"digits": (64, 16), "mnist": (784, 255)}  # pixels of an image, and their largest value
SPLIT_SEED = 0  # one split for all: what varies between seeds is the training, not the data
TIMEOUT_SECONDS = 30
_REMEDY = "list the dataset in params.yaml and run `dvc repro`"


# --- fetch ------------------------------------------------------------------------------------------------------------


def fetch(name: DatasetName) -> None:
    """Obtain the raw files of a dataset, each checked against its SHA-256, into `data/raw/<name>`.

    `BNREPRO_MIRROR` (folders or URLs, separated by blanks, tried in order; a relative folder counts from the clone)
    takes the place of the public mirrors.

    Raises:
        Failed: no mirror had a file with the right SHA-256. Nothing is left behind.
    """
    with paths.replacing(paths.raw(name)) as folder:
        if name == "digits":
            _write_digits(folder)
        else:
            mirrors = os.environ.get("BNREPRO_MIRROR", "").split() or MIRRORS
            for file, sha256 in MNIST_FILES.items():
                _retrieve(file, sha256, mirrors, folder)


def _write_digits(folder: Path) -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    np.save(folder / "images.npy", digits.images.astype(np.uint8))
    np.save(folder / "labels.npy", digits.target.astype(np.uint8))
    for file, sha256 in DIGITS_FILES.items():
        if (found := pooch.file_hash(folder / file, alg="sha256")) != sha256:
            raise Failed(f"digits: scikit-learn's images changed: {file} has SHA-256 {found}, expected {sha256}")


def _forget_encoding(response: Any, **_: Any) -> None:
    response.raw.headers.pop("Content-Encoding", None)


# Some servers call a stored .gz file's own compression an encoding; requests would undo it, and the hash be another's.
_AS_STORED = {"headers": {"Accept-Encoding": "identity"}, "hooks": {"response": _forget_encoding}}


def _retrieve(file: str, sha256: str, mirrors: tuple[str, ...] | list[str], folder: Path) -> None:
    pooch.get_logger().setLevel(logging.ERROR)
    tried = []
    for mirror in mirrors:
        is_url = mirror.startswith(("http://", "https://"))
        source = f"{mirror.rstrip('/')}/{file}" if is_url else str(paths.home() / mirror / file)
        download = pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS, **_AS_STORED) if is_url else _copy
        try:
            with TemporaryDirectory(dir=folder) as downloads:  # where pooch keeps its files from everybody else
                found = pooch.retrieve(source, known_hash=sha256, fname=file, path=downloads, downloader=download)
                shutil.copyfile(found, folder / file)
            return
        except OSError as error:  # requests' errors are OSErrors too, and some of them ValueErrors as well
            tried.append(f"{mirror}: {_reason(error)}")
        except ValueError:  # pooch's word for a wrong hash; it has removed the file
            tried.append(f"{mirror}: not the file expected (wrong SHA-256)")
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


# --- prepare ----------------------------------------------------------------------------------------------------------


def prepare(name: DatasetName, data: Data) -> None:
    """Turn the raw files into arrays for training, in `data/prepared/<name>`.

    Pixels keep their grey levels; a run takes them as its study says. `digits` is split by scikit-learn, stratified and
    seeded; MNIST keeps its own 10,000 test images. The held-out images are chosen among the training images likewise.

    Raises:
        BadInput: a raw file is missing, or is not what its format says.
    """
    from sklearn.model_selection import train_test_split

    if name == "digits":
        images, labels = (_load_array(paths.raw(name) / file) for file in DIGITS_FILES)
        for file, sha256 in DIGITS_FILES.items():
            if pooch.file_hash(paths.raw(name) / file, alg="sha256") != sha256:
                raise BadInput(f"{paths.raw(name) / file}: not the file that was fetched; {_REMEDY}")
        train, test = train_test_split(
            np.arange(len(labels)), test_size=data.test, stratify=labels, random_state=SPLIT_SEED
        )
        arrays = {"train": (images[train], labels[train]), "test": (images[test], labels[test])}
    else:
        arrays = {part: _read_mnist(paths.raw(name), prefix) for part, prefix in (("train", "train"), ("test", "t10k"))}
    train_labels = arrays["train"][1]
    _, held_out = train_test_split(
        np.arange(len(train_labels)), test_size=data.validation, stratify=train_labels, random_state=SPLIT_SEED
    )
    with paths.replacing(paths.prepared(name)) as folder:
        for part, (images, labels) in arrays.items():
            np.save(folder / f"{part}_images.npy", np.ascontiguousarray(images.reshape(len(images), -1)))
            np.save(folder / f"{part}_labels.npy", labels.astype(np.int32))
        np.save(folder / "held_out.npy", np.isin(np.arange(len(train_labels)), held_out))
        np.save(folder / "levels.npy", np.int64(FORM[name][1]))


def _read_mnist(folder: Path, prefix: str) -> tuple[np.ndarray, np.ndarray]:
    count = 60_000 if prefix == "train" else 10_000
    images = read_idx(folder / f"{prefix}-images-idx3-ubyte.gz", (count, 28, 28))
    labels = read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz", (count,))
    if labels.max() >= CLASSES:
        raise BadInput(f"{prefix}-labels-idx1-ubyte.gz: a label is {labels.max()}; allowed: 0 to {CLASSES - 1}")
    if np.bincount(labels, minlength=CLASSES).min() < 2:  # one to train on, and one to hold out
        raise BadInput(f"{prefix}-labels-idx1-ubyte.gz: a digit has fewer than two images")
    return images, labels


def read_idx(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Read a gzipped IDX file of unsigned bytes that is known to hold `shape`.

    Returns:
        uint8 array of that shape.

    Raises:
        BadInput: the file is missing, not gzip, or its magic number, its counts or its length differ. At most one byte
            more than expected is decompressed.
    """
    header = np.array([0x0800 | len(shape), *shape], ">u4").tobytes()
    size = int(np.prod(shape))
    try:
        with gzip.open(path) as file:
            content = file.read(len(header) + size + 1)
    except FileNotFoundError as error:
        raise BadInput(f"{path.name}: not found; run `dvc repro` or `bnrepro fetch mnist`") from error
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"{path.name}: damaged gzip file ({error})") from error
    if content[: len(header)] != header:
        raise BadInput(f"{path.name}: the header is not that of an IDX file of shape {shape}")
    if len(content) != len(header) + size:
        problem = "fewer" if len(content) < len(header) + size else "more"
        raise BadInput(f"{path.name}: {problem} bytes after the header than the {size} expected")
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(shape)


def _load_array(path: Path) -> np.ndarray:
    if not path.exists():
        raise BadInput(f"{path}: not found; {_REMEDY}")
    try:
        return reading.array(path)
    except reading.Unreadable as error:
        raise BadInput(f"{path}: not a NumPy array file ({error}); {_REMEDY}") from error


# --- load -------------------------------------------------------------------------------------------------------------


def load(name: DatasetName) -> Dataset:
    """Read `data/prepared/<name>`.

    Raises:
        BadInput: it was not prepared, or a file is damaged.
    """
    folder = paths.prepared(name)
    fields = ("train_images", "train_labels", "test_images", "test_labels", "held_out", "levels")
    arrays = {field: _load_array(folder / f"{field}.npy") for field in fields}
    hashing = hashlib.sha256(name.encode())
    for field, array in arrays.items():
        hashing.update(f"{field} {array.dtype.str} {array.shape}".encode())
        hashing.update(np.ascontiguousarray(array).data)
    _check_shapes(name, arrays)
    levels = int(arrays.pop("levels"))
    return Dataset(name=name, levels=levels, digest=hashing.hexdigest(), **arrays)


def _check_shapes(name: DatasetName, arrays: dict[str, np.ndarray]) -> None:
    """Refuse arrays that `prepare` does not make."""
    folder = paths.prepared(name)
    counts = {part: len(np.atleast_1d(arrays[f"{part}_labels"])) for part in ("train", "test")}
    pixels, levels = FORM[name]
    expected = {"levels": (np.int64, ()), "held_out": (np.bool_, (counts["train"],))}
    for part, count in counts.items():
        expected |= {f"{part}_labels": (np.int32, (count,)), f"{part}_images": (np.uint8, (count, pixels))}
    for field, (dtype, shape) in expected.items():
        if arrays[field].dtype != dtype or arrays[field].shape != shape:
            found = f"{arrays[field].dtype} {list(arrays[field].shape)}"
            raise BadInput(f"{folder / field}.npy: {found} found, {np.dtype(dtype)} {list(shape)} expected; {_REMEDY}")
    if sum(counts.values()) != IMAGES[name] or arrays["levels"] != levels:
        raise BadInput(f"{folder}: not the {IMAGES[name]} images in {levels} grey levels that {name} has; {_REMEDY}")
    for part in counts:
        if np.any(arrays[f"{part}_labels"] // CLASSES) or arrays[f"{part}_images"].max(initial=0) > levels:
            raise BadInput(f"{folder}: a label beyond {CLASSES - 1}, or a pixel beyond {levels}; {_REMEDY}")
