"""Datasets in MNIST's format: four gzipped IDX files, images and labels to train on and to test on."""

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bnrepro.data.fetching import download
from bnrepro.data.source import Source
from bnrepro.errors import Failed

if TYPE_CHECKING:
    import numpy as np

    from bnrepro.data.source import Part


@dataclass(frozen=True, kw_only=True, eq=False)
class Idx(Source):
    """A dataset whose files have the names and the format of MNIST's (http://yann.lecun.com/exdb/mnist/).

    Attributes:
        mirrors: URLs of folders that have the files.
    """

    mirrors: tuple[str, ...]

    def fetch(self, folder: Path) -> None:
        download(self.files, self.mirrors, folder)

    def read(self, folder: Path) -> "tuple[Part, Part]":
        return self._part(folder, "train", self.images), self._part(folder, "t10k", self.test_images)

    def _part(self, folder: Path, prefix: str, count: int) -> "Part":
        height, width, _ = self.shape
        images = read(folder / f"{prefix}-images-idx3-ubyte.gz", (count, height, width))
        return images, read(folder / f"{prefix}-labels-idx1-ubyte.gz", (count,))


def read(path: Path, shape: tuple[int, ...]) -> "np.ndarray":
    """The uint8 array of a gzipped IDX file of unsigned bytes.

    Raises:
        Failed: it does not hold an array of that shape.
    """
    import numpy as np

    header = np.array([0x0800 | len(shape), *shape], ">u4").tobytes()
    with gzip.open(path) as file:
        content = file.read()
    if not content.startswith(header) or len(content) != len(header) + np.prod(shape):
        raise Failed(f"{path}: not an IDX file of {' x '.join(map(str, shape))} unsigned bytes")
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(shape)
