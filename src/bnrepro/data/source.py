"""What a dataset is: its images and classes, where it comes from, and its words for readers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    Part = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, kw_only=True, eq=False)
class Source(ABC):
    """A dataset as its publisher has it. Whatever the package says of a dataset comes from here.

    Attributes:
        name: in params.yaml, on the command line and in paths.
        title: for readers.
        about: what the images show, who made them, and where to read of them; it follows the title and a colon.
        caution: what the ledger adds to the size of one test image, if anything.
        make: the command that makes its report from nothing, where the Makefile has one.
        shape: height, width and channels of an image.
        levels: the largest pixel value; the smallest is 0.
        classes: their names, in the order of the labels 0, 1, ...
        images: how many there are, its own test set apart.
        test_images: how many its own test set has; 0: there is none, and `prepare` sets some of `images` apart.
        files: SHA-256 (hex) and bytes of each raw file, by name.
    """

    name: str
    title: str
    about: str
    caution: str = ""
    make: str = ""
    shape: tuple[int, int, int]
    levels: int
    classes: tuple[str, ...]
    images: int
    test_images: int = 0
    files: Mapping[str, tuple[str, int]]

    @property
    def total(self) -> int:
        """All images."""
        return self.images + self.test_images

    @property
    def pixels(self) -> int:
        """Values of an image, over all channels."""
        return prod(self.shape)

    @abstractmethod
    def fetch(self, folder: Path) -> None:
        """Write the raw files into a folder.

        Raises:
            Failed: they cannot be obtained.
        """

    @abstractmethod
    def read(self, folder: Path) -> "tuple[Part, Part | None]":
        """Read the raw files from a folder; their SHA-256 are known to be right.

        Returns:
            Images (uint8 [n, height, width] or [n, height, width, channels]) and labels (integers [n]): those to train
            on, and its own test set; without one, all images and None.
        """
