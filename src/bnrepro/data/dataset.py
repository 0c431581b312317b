"""A dataset in memory, as runs train on it."""

from dataclasses import dataclass, replace

import numpy as np

from bnrepro.study.factors import DatasetName, Pixels

CLASSES = 10


@dataclass(frozen=True, eq=False)  # compared by identity: arrays have no single answer
class Dataset:
    """Images and labels, split.

    Attributes:
        name: which dataset.
        levels: the largest pixel value; a network's input is `images / levels`, in [0, 1].
        train_images, test_images: uint8 [images, pixels].
        train_labels, test_labels: int32 [images], 0 to 9.
        held_out: bool [training images], those that are set apart where a study chooses by validation.
        digest: SHA-256 over all of the above, in the grey levels that the images came with.
    """

    name: DatasetName
    levels: int
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    held_out: np.ndarray
    digest: str

    @property
    def pixels(self) -> int:
        return self.train_images.shape[1]

    def with_pixels(self, pixels: Pixels) -> "Dataset":
        """The same images `grey`, as prepared, or `binary`: 1 from half of the largest value on, else 0."""
        if pixels == "grey":
            return self
        return replace(
            self,
            levels=1,
            train_images=_binary(self.train_images, self.levels),
            test_images=_binary(self.test_images, self.levels),
        )


def _binary(images: np.ndarray, levels: int) -> np.ndarray:
    return (images >= levels / 2).astype(np.uint8)
