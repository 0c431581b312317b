"""IDX files are read as their description has them."""

import gzip

import numpy as np
import pytest

from bnrepro.data import idx
from bnrepro.errors import Failed

VALUES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def packed(values: np.ndarray, kind: int = 0x08, counts: tuple[int, ...] | None = None) -> bytes:
    """An IDX file, by its description: 0, 0, the kind, the number of counts, the counts, the values."""
    counts = values.shape if counts is None else counts
    header = bytes([0, 0, kind, len(counts)]) + b"".join(count.to_bytes(4, "big") for count in counts)
    return gzip.compress(header + values.tobytes(), mtime=0)


def test_an_idx_file_is_read_as_it_was_written(tmp_path):
    (tmp_path / "file.gz").write_bytes(packed(VALUES))
    read = idx.read(tmp_path / "file.gz", (2, 3, 4))
    assert read.dtype == np.uint8
    assert np.array_equal(read, VALUES)


@pytest.mark.parametrize(
    "content",
    [
        packed(VALUES, kind=0x0D),
        packed(VALUES, counts=(3, 2, 4)),
        packed(VALUES.reshape(6, 4)),
        packed(VALUES[:1], counts=(2, 3, 4)),
        packed(np.concatenate([VALUES, VALUES]), counts=(2, 3, 4)),
    ],
    ids=["floats", "counts", "dimensions", "too few values", "too many values"],
)
def test_another_array_than_described_is_refused(tmp_path, content):
    (tmp_path / "file.gz").write_bytes(content)
    with pytest.raises(Failed, match=r"file\.gz: not an IDX file of 2 x 3 x 4 unsigned bytes"):
        idx.read(tmp_path / "file.gz", (2, 3, 4))
