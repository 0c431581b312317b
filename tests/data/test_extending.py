"""docs/extending.md, "A dataset": its lines are followed, with made-up images."""

import gzip
import hashlib
import re

import numpy as np
import pytest
import yaml

from tests import pipeline

PAGE = (pipeline.ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## A dataset\n")[2].partition("\n## ")[0]
BLOCKS = dict(re.findall(r"^```(\w+)\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL))


def idx_file(array: np.ndarray) -> bytes:
    header = np.array([0x0800 | array.ndim, *array.shape], ">u4").tobytes()
    return gzip.compress(header + array.tobytes(), compresslevel=1)


@pytest.fixture
def mirror(tmp_path):
    """A folder with files of the described form, among them one of another dataset's mirror."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    for prefix, count in (("train", 60_000), ("t10k", 10_000)):
        labels = np.arange(count, dtype=np.uint8) % 10
        images = np.broadcast_to(labels[:, np.newaxis, np.newaxis], (count, 28, 28))
        (folder / f"{prefix}-images-idx3-ubyte.gz").write_bytes(idx_file(images))
        (folder / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(idx_file(labels))
    return folder


def test_a_dataset_is_added_as_the_page_says(tmp_path, mirror):
    clone = pipeline.clone(tmp_path / "clone", change=None)
    module = BLOCKS["python"]
    for file in mirror.iterdir():
        module = module.replace(
            f'"{file.name}": ("SHA-256 of this file", 0)',
            f'"{file.name}": {(hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_size)}',
        )
    (clone.folder / "src" / "bnrepro" / "data" / "kmnist.py").write_text(module)
    patch = tmp_path / "registry.diff"
    patch.write_text(BLOCKS["diff"])
    clone.run("git", "apply", str(patch))
    sections = yaml.safe_load(BLOCKS["yaml"])
    clone.params(lambda tree: [tree[name].update(section) for name, section in sections.items()])

    changed = clone.run("git", "status", "--porcelain").stdout.split()[1::2]
    assert changed == ["params.yaml", "src/bnrepro/data/registry.py", "src/bnrepro/data/kmnist.py"]
    clone.run("bnrepro", "check")
    clone.run("bash", "-euc", BLOCKS["sh"], BNREPRO_MIRROR=str(mirror))
    prepared = clone.folder / "data" / "prepared" / "kmnist"
    labels = np.load(prepared / "train_labels.npy")
    assert np.load(prepared / "held_out.npy").sum() == 5_000
    assert np.array_equal(np.load(prepared / "train_images.npy"), np.repeat(labels[:, np.newaxis], 784, axis=1))
