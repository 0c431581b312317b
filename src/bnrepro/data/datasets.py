"""A dataset on its way into memory: fetch the raw files, prepare arrays of them, load these."""

import hashlib
from pathlib import Path

import numpy as np

from bnrepro import paths, reading
from bnrepro.data.dataset import Dataset
from bnrepro.data.registry import SOURCES
from bnrepro.data.source import Source
from bnrepro.errors import BadInput, Failed, in_words

SPLIT_SEED = 0  # one split for all: what varies between seeds is the training, not the data
_FIELDS = ("train_images", "train_labels", "test_images", "test_labels", "held_out", "levels")
_REMEDY = "list the dataset in params.yaml and run `dvc repro`"


def fetch(name: str) -> None:
    """Obtain the raw files of a dataset, each checked against its SHA-256, into `data/raw/<name>`.

    Raises:
        Failed: a file cannot be obtained, or is another one than it was. Nothing is left behind.
    """
    source = SOURCES[name]
    with paths.replacing(paths.raw(name)) as folder:
        source.fetch(folder)
        for file, (sha256, _) in source.files.items():
            if (found := _sha256(folder / file)) != sha256:
                raise Failed(f"{name}: {file} is no longer what it was: SHA-256 {found}, expected {sha256}")


def prepare(name: str, test: int, validation: int) -> None:
    """Turn the raw files into arrays for training, in `data/prepared/<name>`.

    Pixels keep their levels. Where the dataset has no test set of its own, `test` images are set apart, stratified and
    seeded. `validation` images are chosen among the training images likewise.

    Raises:
        BadInput: a raw file is missing, or is not the one that was fetched.
        Failed: the files do not hold what the dataset's description says.
    """
    from sklearn.model_selection import train_test_split

    def split(labels: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
        return train_test_split(np.arange(len(labels)), test_size=size, stratify=labels, random_state=SPLIT_SEED)

    source, raw = SOURCES[name], paths.raw(name)
    for file, (sha256, _) in source.files.items():
        if _sha256(raw / file) != sha256:
            raise BadInput(f"{raw / file}: not the file that was fetched; {_REMEDY}")
    (images, labels), tested = source.read(raw)
    if tested is None:
        rows, test_rows = split(labels, test)
        images, labels, tested = images[rows], labels[rows], (images[test_rows], labels[test_rows])
    _, held_out = split(labels, validation)
    arrays = {
        "train_images": np.ascontiguousarray(images.reshape(len(images), -1)),
        "train_labels": labels.astype(np.int32),
        "test_images": np.ascontiguousarray(tested[0].reshape(len(tested[0]), -1)),
        "test_labels": tested[1].astype(np.int32),
        "held_out": np.isin(np.arange(len(labels)), held_out),
        "levels": np.array(source.levels, np.int64),
    }
    if problem := _unlike(source, arrays):
        raise Failed(f"{name}: {problem}")
    with paths.replacing(paths.prepared(name)) as folder:
        for field in _FIELDS:
            np.save(folder / f"{field}.npy", arrays[field])


def load(name: str) -> Dataset:
    """Read `data/prepared/<name>`.

    Raises:
        BadInput: it was not prepared, or a file is damaged.
    """
    source, folder = SOURCES[name], paths.prepared(name)
    arrays = {field: _load_array(folder / f"{field}.npy") for field in _FIELDS}
    if problem := _unlike(source, arrays):
        raise BadInput(f"{folder}: {problem}; {_REMEDY}")
    hashing = hashlib.sha256(f"{name} {source.shape} {len(source.classes)}".encode())
    for field, array in arrays.items():
        hashing.update(f"{field} {array.dtype.str} {array.shape}".encode())
        hashing.update(np.ascontiguousarray(array).data)
    levels = int(arrays.pop("levels"))
    digest = hashing.hexdigest()
    return Dataset(name=name, shape=source.shape, classes=len(source.classes), levels=levels, digest=digest, **arrays)


def _unlike(source: Source, arrays: dict[str, np.ndarray]) -> str | None:
    """In what prepared arrays differ from a dataset's description; None: in nothing."""
    train, test = (len(np.atleast_1d(arrays[f"{part}_labels"])) for part in ("train", "test"))
    expected = {
        "train_images": (np.uint8, (train, source.pixels)),
        "train_labels": (np.int32, (train,)),
        "test_images": (np.uint8, (test, source.pixels)),
        "test_labels": (np.int32, (test,)),
        "held_out": (np.bool_, (train,)),
        "levels": (np.int64, ()),
    }
    for field, (dtype, shape) in expected.items():
        if arrays[field].dtype != dtype or arrays[field].shape != shape:
            found = f"{arrays[field].dtype} {list(arrays[field].shape)}"
            return f"{field} is {found}, {np.dtype(dtype)} {list(shape)} expected"
    if train + test != source.total or source.test_images not in (0, test):
        return f"{train} images to train on and {test} to test on are not those of the dataset"
    if arrays["levels"] != source.levels:
        return f"pixels from 0 to {arrays['levels']}, to {source.levels} expected"
    for part in ("train", "test"):
        images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
        if images.max(initial=0) > source.levels or np.any(labels // len(source.classes)):
            return f"a pixel beyond {source.levels}, or a label beyond {len(source.classes) - 1}"
    return None


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise BadInput(f"{in_words(error)}; {_REMEDY}") from error


def _load_array(path: Path) -> np.ndarray:
    if not path.exists():
        raise BadInput(f"{path}: not found; {_REMEDY}")
    try:
        return reading.array(path)
    except reading.Unreadable as error:
        raise BadInput(f"{path}: not a NumPy array file ({error}); {_REMEDY}") from error
