"""Digits: small enough for a study in minutes, and part of scikit-learn, so that nothing is downloaded."""

from pathlib import Path
from typing import TYPE_CHECKING

from bnrepro.data.source import Source

if TYPE_CHECKING:
    from bnrepro.data.source import Part


class _Digits(Source):
    def fetch(self, folder: Path) -> None:
        import numpy as np
        from sklearn.datasets import load_digits

        digits = load_digits()
        np.save(folder / "images.npy", digits.images.astype(np.uint8))
        np.save(folder / "labels.npy", digits.target.astype(np.uint8))

    def read(self, folder: Path) -> "tuple[Part, None]":
        import numpy as np

        return (np.load(folder / "images.npy"), np.load(folder / "labels.npy")), None


DIGITS = _Digits(
    name="digits",
    title="digits",
    about="handwritten digits (Alpaydin and Kaynak 1998, test set of the UCI repository's "
    "*Optical Recognition of Handwritten Digits*), as scikit-learn has them",
    caution="a loss of a few images stays undecided",
    make="make reproduce",
    shape=(8, 8, 1),
    levels=16,
    classes=tuple("0123456789"),
    images=1_797,
    files={
        "images.npy": ("88e52eb3e11cb9cc0130dc8fc4b6256aa919b3275fec17e6c2f880e1ae8d34ae", 115_136),
        "labels.npy": ("03ec0343bca84958ae3df825f252a3680415fa07fccb1ed1125ed521c13169e5", 1_925),
    },
)
