"""What is prepared is what the networks expect, and what a dataset's description says."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets

from bnrepro import paths
from bnrepro.data import datasets
from bnrepro.data.dataset import Dataset
from bnrepro.data.registry import SOURCES
from bnrepro.errors import BadInput, Failed
from tests import pipeline
from tests.data.contents import contents

SPLIT = {"test": 500, "validation": 200}  # as the fixture `digits` has it


def class_counts(labels: np.ndarray) -> np.ndarray:
    return np.bincount(labels, minlength=10)


# --- digits -----------------------------------------------------------------------------------------------------------


def test_digits_are_arrays_that_a_network_can_read(digits):
    assert digits.name == "digits"
    assert digits.shape == (8, 8, 1)
    assert digits.classes == 10
    assert digits.levels == 16
    assert digits.pixels == 64
    for images, labels, count in (
        (digits.train_images, digits.train_labels, 1297),
        (digits.test_images, digits.test_labels, 500),
    ):
        assert images.shape == (count, 64)
        assert images.dtype == np.uint8
        assert images.flags.c_contiguous
        assert images.min() == 0
        assert images.max() == 16
        assert labels.shape == (count,)
        assert labels.dtype == np.int32
        assert np.array_equal(np.unique(labels), np.arange(10))
    assert digits.held_out.shape == (1297,)
    assert digits.held_out.dtype == bool
    assert digits.held_out.sum() == 200


def test_every_digit_lands_in_one_part_with_its_own_label(digits):
    # scikit-learn's 1,797 images are distinct, so an image is its own name
    original = sklearn.datasets.load_digits()
    label_of = {
        image.astype(np.uint8).tobytes(): label for image, label in zip(original.images, original.target, strict=True)
    }
    assert len(label_of) == 1797
    parts = [
        {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
        for images, labels in (
            (digits.train_images, digits.train_labels),
            (digits.test_images, digits.test_labels),
        )
    ]
    assert not parts[0].keys() & parts[1].keys()
    assert parts[0] | parts[1] == label_of


def test_digits_are_split_and_held_out_in_proportion(digits):
    total = class_counts(digits.train_labels) + class_counts(digits.test_labels)
    assert np.abs(class_counts(digits.test_labels) - total * 500 / 1797).max() <= 1
    held_out = class_counts(digits.train_labels[digits.held_out])
    assert np.abs(held_out - class_counts(digits.train_labels) * 200 / 1297).max() <= 1


def test_fetching_and_preparing_twice_gives_the_same_bytes(project, digits):
    seen = []
    for _ in range(2):
        datasets.fetch("digits")
        datasets.prepare("digits", **SPLIT)
        seen.append(contents(project / "data"))
    assert seen[0] == seen[1]
    assert len(seen[0]) == 8  # two raw files, six prepared
    assert datasets.load("digits").digest == digits.digest


def committed_digest(name: str) -> str:
    """That of the data which the committed results were made from."""
    provenance = pipeline.ROOT / "reports" / name / "provenance.json"
    return json.loads(provenance.read_text(encoding="utf-8"))["data_digest"]


def test_digits_are_those_of_the_committed_results(digits):
    assert digits.digest == committed_digest("digits")


def test_the_digest_moves_with_whatever_was_prepared_differently(project, digits):
    datasets.fetch("digits")
    digests = {digits.digest}
    for test, validation in ((501, 200), (500, 201)):
        datasets.prepare("digits", test, validation)
        digests.add(datasets.load("digits").digest)
    # what holds as many bytes of the same kind and differs in a single value
    labels = np.load(paths.prepared("digits") / "test_labels.npy")
    labels[0] = (labels[0] + 1) % 10
    np.save(paths.prepared("digits") / "test_labels.npy", labels)
    digests.add(datasets.load("digits").digest)
    assert len(digests) == 4


def test_binary_digits_are_the_grey_ones_at_half_of_the_full_scale(digits):
    binary = digits.binarized()
    assert binary.levels == 1
    assert np.array_equal(binary.train_images, digits.train_images >= 8)
    assert np.array_equal(binary.test_images, digits.test_images >= 8)
    assert np.array_equal(binary.held_out, digits.held_out)
    assert binary.train_images.dtype == np.uint8


@pytest.mark.parametrize(("test", "validation"), [(10, 10), (10, 1777), (1777, 10), (780, 507)])
def test_every_split_that_params_allow_can_be_made(project, test, validation):
    datasets.fetch("digits")
    datasets.prepare("digits", test, validation)
    assert len(datasets.load("digits").test_labels) == test


@pytest.mark.parametrize("file", ["images.npy", "labels.npy"])
def test_images_that_scikit_learn_changed_are_refused(project, monkeypatch, file):
    files = SOURCES["digits"].files | {file: ("0" * 64, 1)}
    monkeypatch.setitem(SOURCES, "digits", replace(SOURCES["digits"], files=files))
    with pytest.raises(Failed) as caught:
        datasets.fetch("digits")
    assert caught.value.exit_code == 1
    assert file in caught.value.message
    assert "0" * 64 in caught.value.message
    assert contents(project / "data") == {}


@pytest.mark.parametrize("damaged", [b"", b"\x93NUMPY", b"PK\x03\x04 a zip archive", b"<html>not found</html>", None])
@pytest.mark.parametrize("step", ["prepare", "load"])
def test_a_damaged_array_file_is_named(project, damaged, step):
    datasets.fetch("digits")
    datasets.prepare("digits", **SPLIT)
    file = paths.raw("digits") / "labels.npy" if step == "prepare" else paths.prepared("digits") / "held_out.npy"
    file.write_bytes(file.read_bytes()[:-1] if damaged is None else damaged)
    before = contents(paths.prepared("digits"))
    with pytest.raises(BadInput) as caught:
        datasets.prepare("digits", **SPLIT) if step == "prepare" else datasets.load("digits")
    assert str(file) in caught.value.message
    assert len(caught.value.message.splitlines()) == 1
    assert contents(paths.prepared("digits")) == before


def test_a_dataset_that_was_not_prepared_says_what_to_do(project):
    for work in (lambda: datasets.load("digits"), lambda: datasets.prepare("digits", **SPLIT)):
        with pytest.raises(BadInput, match=r"(not found|No such file or directory); list the dataset in params"):
            work()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"images": 1796}, "1297 images to train on and 500 to test on"),
        ({"images": 1796, "test_images": 1}, "1297 images to train on and 500 to test on"),
        ({"levels": 15}, "a pixel beyond 15"),
        ({"classes": ("0", "1")}, "a label beyond 1"),
        ({"shape": (8, 7, 1)}, r"train_images is uint8 \[1297, 64\], uint8 \[1297, 56\] expected"),
    ],
)
def test_a_description_that_is_wrong_is_noticed(project, monkeypatch, wrong, said):
    datasets.fetch("digits")
    monkeypatch.setitem(SOURCES, "digits", replace(SOURCES["digits"], **wrong))
    with pytest.raises(Failed, match=f"digits: .*{said}"):
        datasets.prepare("digits", **SPLIT)
    assert not paths.prepared("digits").exists()


# --- MNIST and what has its format, the real files --------------------------------------------------------------------


def obtained(name: str, folder: Path, mirror: str) -> Dataset:
    """A dataset from a mirror that needs no network, fetched and prepared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("BNREPRO_MIRROR", mirror)
        datasets.fetch(name)
        assert set(contents(paths.raw(name))) == set(SOURCES[name].files)
        datasets.prepare(name, test=10_000, validation=5_000)
        return datasets.load(name)


@pytest.fixture(scope="module")
def mnist(make_project: Callable, tmp_path_factory: pytest.TempPathFactory, mnist_mirror: str) -> Dataset:
    return obtained("mnist", make_project(tmp_path_factory.mktemp("mnist")), mnist_mirror)


def test_mnist_keeps_its_two_parts(mnist):
    for images, labels, count in (
        (mnist.train_images, mnist.train_labels, 60_000),
        (mnist.test_images, mnist.test_labels, 10_000),
    ):
        assert images.shape == (count, 784)
        assert images.dtype == np.uint8
        assert images.max() == mnist.levels == 255
        assert 0 < images.mean() < 127  # ink is white, and there is less of it than of paper
        assert labels.shape == (count,)
        assert labels.dtype == np.int32
        assert np.array_equal(np.unique(labels), np.arange(10))
    # published class counts of the test set, which a mixed-up split would not have
    assert class_counts(mnist.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert mnist.digest == committed_digest("mnist")
    assert mnist.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]


def test_mnist_holds_out_5000_in_proportion(mnist):
    assert mnist.held_out.shape == (60_000,)
    assert mnist.held_out.sum() == 5000
    held_out = class_counts(mnist.train_labels[mnist.held_out])
    assert np.abs(held_out - class_counts(mnist.train_labels) / 12).max() <= 1


def test_a_mirror_for_each_dataset_serves_files_of_the_same_name(project, mnist_mirror, fashion_mnist_mirror, mnist):
    """The files have MNIST's names: those with another SHA-256 are passed over."""
    fashion = obtained("fashion_mnist", project, f"{mnist_mirror} {fashion_mnist_mirror}")
    assert class_counts(fashion.train_labels).tolist() == [6_000] * 10  # as published
    assert class_counts(fashion.test_labels).tolist() == [1_000] * 10
    assert fashion.train_labels[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    assert (fashion.shape, fashion.levels, fashion.classes) == (mnist.shape, mnist.levels, mnist.classes)
    # images, labels and names belong together: straps leave the most black, coats the least
    names = SOURCES["fashion_mnist"].classes
    ink = {name: fashion.test_images[fashion.test_labels == label].mean() for label, name in enumerate(names)}
    assert (min(ink, key=ink.__getitem__), max(ink, key=ink.__getitem__)) == ("sandal", "coat")
