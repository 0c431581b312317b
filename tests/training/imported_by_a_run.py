"""`python -m tests.training.imported_by_a_run SPEC`, a spec as JSON: the files of this package that its run imports."""

import json
import sys

import numpy as np

from bnrepro.data.dataset import Dataset
from bnrepro.study.factors import RunSpec
from bnrepro.training.run import run

if __name__ == "__main__":
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 17, (120, 64), np.uint8), rng.integers(0, 10, 120, np.int32)
    dataset = Dataset("digits", (8, 8, 1), 10, 16, images, labels, images, labels, np.zeros(120, bool), "")
    run(RunSpec(**json.loads(sys.argv[1])), dataset)
    imported = set(sys.modules)

    from bnrepro import source  # no part of the training

    print(*{file for file in map(source.file_of, imported) if file}, sep="\n")
