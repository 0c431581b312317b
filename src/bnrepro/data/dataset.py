"""A dataset in memory, as runs train on it."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, eq=False)  # compared by identity: arrays have no single answer
class Dataset:
    """Images and labels, split.

    Attributes:
        name: which dataset.
        shape: height, width and channels of an image.
        classes: how many there are.
        levels: the largest pixel value; a network's input is `images / levels`, in [0, 1].
        train_images, test_images: uint8 [images, pixels], row by row and in each pixel channel by channel.
        train_labels, test_labels: int32 [images], 0 to classes - 1.
        held_out: bool [training images], those that are set apart where a study chooses by validation.
        digest: SHA-256 over all of that, in the levels that the images came with.
    """

    name: str
    shape: tuple[int, int, int]
    classes: int
    levels: int
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    held_out: np.ndarray
    digest: str

    @property
    def pixels(self) -> int:
        """Values of an image, over all channels."""
        return self.train_images.shape[1]

    def binarized(self) -> "Dataset":
        """The same images in black and white: 1 from half of the largest value on, else 0."""
        return replace(
            self,
            levels=1,
            train_images=_binary(self.train_images, self.levels),
            test_images=_binary(self.test_images, self.levels),
        )


def _binary(images: np.ndarray, levels: int) -> np.ndarray:
    return (images >= levels / 2).astype(np.uint8)
