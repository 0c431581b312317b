"""`python -m tests.training.imported_by_a_run IMPLEMENTATION`: this package's files that training has imported."""

import sys

import numpy as np

from bnrepro.data.dataset import Dataset
from bnrepro.training.run import run
from tests.networks.specs import run_spec

if __name__ == "__main__":
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 17, (120, 64), np.uint8), rng.integers(0, 10, 120, np.int32)
    dataset = Dataset("digits", (8, 8, 1), 10, 16, images, labels, images, labels, np.zeros(120, bool), "")
    run(run_spec(sys.argv[1], "batch", steps=4, evaluate_every=2), dataset)
    imported = set(sys.modules)

    from bnrepro import source  # no part of the training

    print(*{file for file in map(source.file_of, imported) if file}, sep="\n")
