"""Raw files come in whole and verified or not at all; prepared ones are what the networks expect."""

import gzip
import hashlib
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets

from bnrepro import paths
from bnrepro.data import datasets
from bnrepro.errors import BadInput, Failed
from bnrepro.study.params import Data

DATA = Data(pixels="grey", test=500, validation=200)  # as the fixture `digits` has it


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def class_counts(labels: np.ndarray) -> np.ndarray:
    return np.bincount(labels, minlength=10)


# --- digits -----------------------------------------------------------------------------------------------------------


def test_digits_are_arrays_that_a_network_can_read(digits):
    assert digits.name == "digits"
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
        datasets.prepare("digits", DATA)
        seen.append(contents(project / "data"))
    assert seen[0] == seen[1]
    assert len(seen[0]) == 8  # two raw files, six prepared
    assert datasets.load("digits").digest == digits.digest


def test_the_digest_moves_with_whatever_was_prepared_differently(project, digits):
    datasets.fetch("digits")
    digests = {digits.digest}
    variants = [
        Data(pixels="grey", test=501, validation=200),
        Data(pixels="grey", test=500, validation=201),
    ]
    for data in variants:
        datasets.prepare("digits", data)
        digests.add(datasets.load("digits").digest)
    # what holds as many bytes of the same kind and differs in a single value
    labels = np.load(paths.prepared("digits") / "test_labels.npy")
    labels[0] = (labels[0] + 1) % 10
    np.save(paths.prepared("digits") / "test_labels.npy", labels)
    digests.add(datasets.load("digits").digest)
    assert len(digests) == 2 + len(variants)


def test_binary_digits_are_the_grey_ones_at_half_of_the_full_scale(digits):
    binary = digits.with_pixels("binary")
    assert digits.with_pixels("grey") is digits
    assert binary.levels == 1
    assert np.array_equal(binary.train_images, digits.train_images >= 8)
    assert np.array_equal(binary.test_images, digits.test_images >= 8)
    assert np.array_equal(binary.held_out, digits.held_out)
    assert binary.train_images.dtype == np.uint8


@pytest.mark.parametrize(("test", "validation"), [(10, 10), (10, 1777), (1777, 10), (780, 507)])
def test_every_split_that_params_allow_can_be_made(project, test, validation):
    datasets.fetch("digits")
    datasets.prepare("digits", Data(pixels="grey", test=test, validation=validation))
    assert len(datasets.load("digits").test_labels) == test


@pytest.mark.parametrize("file", ["images.npy", "labels.npy"])
def test_images_that_scikit_learn_changed_are_refused(project, monkeypatch, file):
    monkeypatch.setitem(datasets.DIGITS_FILES, file, "0" * 64)
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
    datasets.prepare("digits", DATA)
    file = paths.raw("digits") / "labels.npy" if step == "prepare" else paths.prepared("digits") / "held_out.npy"
    file.write_bytes(file.read_bytes()[:-1] if damaged is None else damaged)
    before = contents(paths.prepared("digits"))
    with pytest.raises(BadInput) as caught:
        datasets.prepare("digits", DATA) if step == "prepare" else datasets.load("digits")
    assert str(file) in caught.value.message
    assert len(caught.value.message.splitlines()) == 1
    assert contents(paths.prepared("digits")) == before


def test_a_dataset_that_was_not_prepared_says_what_to_do(project):
    for work in (lambda: datasets.load("digits"), lambda: datasets.prepare("digits", DATA)):
        with pytest.raises(BadInput, match=r"not found; list the dataset in params.yaml and run `dvc repro`"):
            work()


# --- mnist, the real files --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mnist(
    make_project: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory, mnist_mirror: str
) -> datasets.Dataset:
    """MNIST from a mirror that needs no network, fetched and prepared once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(make_project(tmp_path_factory.mktemp("mnist")))
        patch.setenv("BNREPRO_MIRROR", mnist_mirror)
        datasets.fetch("mnist")
        assert set(contents(paths.raw("mnist"))) == set(datasets.MNIST_FILES)
        datasets.prepare("mnist", Data(pixels="binary", test=10_000, validation=5_000))
        return datasets.load("mnist").with_pixels("binary")


def test_mnist_keeps_its_two_parts_and_becomes_black_and_white(mnist):
    for images, labels, count in (
        (mnist.train_images, mnist.train_labels, 60_000),
        (mnist.test_images, mnist.test_labels, 10_000),
    ):
        assert images.shape == (count, 784)
        assert images.dtype == np.uint8
        assert images.max() == 1
        assert 0 < images.mean() < 0.5  # ink is white, and there is less of it than of paper
        assert labels.shape == (count,)
        assert labels.dtype == np.int32
        assert np.array_equal(np.unique(labels), np.arange(10))
    assert mnist.levels == 1
    # published class counts of the test set, which a mixed-up split would not have
    assert class_counts(mnist.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert mnist.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]


def test_mnist_holds_out_5000_in_proportion(mnist):
    assert mnist.held_out.shape == (60_000,)
    assert mnist.held_out.sum() == 5000
    held_out = class_counts(mnist.train_labels[mnist.held_out])
    assert np.abs(held_out - class_counts(mnist.train_labels) / 12).max() <= 1


# --- downloads --------------------------------------------------------------------------------------------------------

# The path down to hash and file is the same for any bytes; real files would only be slower.
SMALL = {file: np.random.default_rng(index).bytes(5000) for index, file in enumerate(datasets.MNIST_FILES)}
FIRST = next(iter(SMALL))
LAST = list(SMALL)[-1]
TIMEOUT_SECONDS = 0.5


class Handler(BaseHTTPRequestHandler):
    """Answers /BEHAVIOUR/FILE: the first part of the path says how."""

    protocol_version = "HTTP/1.1"  # 1.0 knows no chunks

    def do_GET(self) -> None:
        _, behaviour, file = self.path.split("/")
        BEHAVIOURS[behaviour](self, SMALL[file], file)

    def answer(self, body: bytes, status: int = 200, promised: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(body) if promised is None else promised))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def answer_in_chunks(self, body: bytes) -> None:
        """A chunk and no end."""
        self.send_response(200)
        self.send_header("Connection", "close")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))

    def log_message(self, *_: object) -> None:
        pass


BEHAVIOURS: dict[str, Callable[[Handler, bytes, str], None]] = {
    "good": lambda self, body, _: self.answer(body),
    # Apache's AddEncoding says so of a .gz file, and would have a browser undo the compression
    "called-encoded": lambda self, body, _: self.answer(body, Content_Encoding="x-gzip"),
    "encodes-if-it-may": lambda self, body, _: (
        self.answer(gzip.compress(body), Content_Encoding="gzip")
        if "gzip" in self.headers.get("Accept-Encoding", "")
        else self.answer(body)
    ),
    "moved": lambda self, _, file: self.answer(b"", 302, Location=f"/good/{file}"),
    "wrong": lambda self, body, _: self.answer(bytes(len(body))),
    "truncated": lambda self, body, _: self.answer(body[:-1]),
    "empty": lambda self, body, _: self.answer(b""),
    "html": lambda self, body, _: self.answer(b"<html>404: there is no such file</html>", Content_Type="text/html"),
    "404": lambda self, body, _: self.answer(b"not found", 404),
    "503": lambda self, body, _: self.answer(b"try later", 503),
    "loop": lambda self, _, file: self.answer(b"", 302, Location=f"/loop/{file}"),
    "cut": lambda self, body, _: self.answer(body[:2000], promised=len(body)),
    "cut-chunks": lambda self, body, _: self.answer_in_chunks(body[:2000]),
    "hang-up": lambda self, body, _: setattr(self, "close_connection", True),
    "stall": lambda self, body, file: (
        (self.answer(body[:2000], promised=len(body)), time.sleep(2 * TIMEOUT_SECONDS))
        if file == FIRST
        else self.answer(body)
    ),
    "last-404": lambda self, body, file: self.answer(body, 404 if file == LAST else 200),
}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a server on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_address[1]}"
        http.shutdown()
        thread.join()


@pytest.fixture
def mirrors(project, server, monkeypatch) -> Callable[..., list[str]]:
    """Sets BNREPRO_MIRROR to the server's behaviours (or to whatever is named in full), for small files."""
    monkeypatch.setattr(datasets, "MNIST_FILES", {f: hashlib.sha256(body).hexdigest() for f, body in SMALL.items()})
    monkeypatch.setattr(datasets, "TIMEOUT_SECONDS", TIMEOUT_SECONDS)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # a developer's proxy has no way to this server

    def choose(*names: str) -> list[str]:
        chosen = [f"{server}/{name}" if name in BEHAVIOURS else name for name in names]
        monkeypatch.setenv("BNREPRO_MIRROR", " ".join(chosen))
        return chosen

    return choose


@pytest.mark.parametrize("behaviour", ["good", "called-encoded", "encodes-if-it-may", "moved"])
def test_a_server_that_has_the_files_serves_them(project, mirrors, behaviour):
    mirrors(behaviour)
    datasets.fetch("mnist")
    assert contents(project / "data") == {f"raw/mnist/{file}": body for file, body in SMALL.items()}
    (project / "as-the-umask-says").touch()
    modes = {path.stat().st_mode for path in paths.raw("mnist").iterdir()}
    assert modes == {(project / "as-the-umask-says").stat().st_mode}


def test_a_mirror_may_end_in_a_slash(project, mirrors, server):
    mirrors(f"{server}/good/")
    datasets.fetch("mnist")
    assert contents(paths.raw("mnist")) == SMALL


FAILURES = {  # behaviour: what the user is told of it
    "wrong": "wrong SHA-256",
    "truncated": "wrong SHA-256",
    "empty": "wrong SHA-256",
    "html": "wrong SHA-256",
    "404": "HTTP status 404",
    "503": "HTTP status 503",
    "loop": "HTTP status 302",
    "cut": "broke off",
    "cut-chunks": "broke off",
    "hang-up": "unreachable",
    "stall": "unreachable",
    "/no/such/folder": "No such file or directory",
    "http://[": "InvalidURL",
}


def refusal(project: Path, chosen: list[str], file: str = FIRST) -> str:
    """The one line of a fetch that fails at `file` after all mirrors."""
    with pytest.raises(Failed) as caught:
        datasets.fetch("mnist")
    message = caught.value.message
    assert caught.value.exit_code == 1
    assert len(message.splitlines()) == 1
    assert message.startswith(file)
    assert all(mirror in message for mirror in chosen)
    return message


@pytest.mark.parametrize("behaviour", FAILURES)
def test_a_failure_is_one_line_and_leaves_nothing(project, mirrors, behaviour):
    assert FAILURES[behaviour] in refusal(project, mirrors(behaviour))
    assert list((project / "data" / "raw").iterdir()) == []


@pytest.mark.parametrize("behaviour", FAILURES)
def test_the_next_mirror_is_tried(project, mirrors, behaviour):
    mirrors(behaviour, "good")
    datasets.fetch("mnist")
    assert contents(project / "data") == {f"raw/mnist/{file}": body for file, body in SMALL.items()}


def test_a_port_where_nobody_listens(project, mirrors):
    with socket.socket() as held:  # bound and not listening: nobody else can take the port meanwhile
        held.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{held.getsockname()[1]}/mnist"
        assert "unreachable" in refusal(project, mirrors(nobody))
    assert list((project / "data" / "raw").iterdir()) == []


def test_every_mirror_is_named_with_its_own_failure(project, mirrors):
    message = refusal(project, mirrors("404", "html", "/no/such/folder"))
    parts = message.split("; ")
    assert "404: HTTP status 404" in parts[0]
    assert "html: not the file expected" in parts[1]
    assert "/no/such/folder: No such file" in parts[2]


def test_without_the_variable_the_public_mirrors_are_tried(project, mirrors, server, monkeypatch):
    mirrors()
    monkeypatch.setattr(datasets, "MIRRORS", (f"{server}/503/", f"{server}/good/"))
    datasets.fetch("mnist")
    assert contents(paths.raw("mnist")) == SMALL


def test_files_come_from_different_mirrors_where_none_has_all(project, mirrors, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mirror")
    (folder / LAST).write_bytes(SMALL[LAST])
    mirrors("last-404", str(folder))
    datasets.fetch("mnist")
    assert contents(paths.raw("mnist")) == SMALL


def test_a_folder_with_a_damaged_file_is_no_mirror(project, mirrors, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mirror")
    for file, body in SMALL.items():
        (folder / file).write_bytes(body)
    (folder / LAST).write_bytes(SMALL[LAST][:-1])
    assert "wrong SHA-256" in refusal(project, mirrors(str(folder)), LAST)
    assert list((project / "data" / "raw").iterdir()) == []
    assert (folder / LAST).read_bytes() == SMALL[LAST][:-1]  # a mirror is read, never repaired or cleared


def test_what_was_there_survives_a_fetch_that_fails_at_the_last_file(project, mirrors):
    mirrors("good")
    datasets.fetch("mnist")
    refusal(project, mirrors("last-404"), LAST)
    assert contents(project / "data") == {f"raw/mnist/{file}": body for file, body in SMALL.items()}
    assert [path.name for path in (project / "data" / "raw").iterdir()] == ["mnist"]


# --- IDX files --------------------------------------------------------------------------------------------------------

VALUES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def idx(values: np.ndarray, kind: int = 0x08, counts: tuple[int, ...] | None = None) -> bytes:
    """An IDX file's bytes, by its description: 0, 0, the kind, the number of counts, the counts, the values."""
    counts = values.shape if counts is None else counts
    return bytes([0, 0, kind, len(counts)]) + b"".join(count.to_bytes(4, "big") for count in counts) + values.tobytes()


def test_an_idx_file_is_read_as_it_was_written(tmp_path):
    (tmp_path / "file.gz").write_bytes(gzip.compress(idx(VALUES)))
    read = datasets.read_idx(tmp_path / "file.gz", (2, 3, 4))
    assert read.dtype == np.uint8
    assert np.array_equal(read, VALUES)


GOOD = gzip.compress(idx(VALUES), mtime=0)
DAMAGED = {
    "kind": (gzip.compress(idx(VALUES, kind=0x0D)), "header"),
    "count": (gzip.compress(idx(VALUES, counts=(3, 2, 4))), "header"),
    "dimensions": (gzip.compress(idx(VALUES.reshape(6, 4))), "header"),
    "little-endian": (gzip.compress(idx(VALUES)[3::-1] + idx(VALUES)[4:]), "header"),
    "nothing in it": (gzip.compress(b""), "header"),
    "half a header": (gzip.compress(idx(VALUES)[:9]), "header"),
    "a byte missing": (gzip.compress(idx(VALUES)[:-1]), "fewer"),
    "a byte too many": (gzip.compress(idx(VALUES) + b"\0"), "more"),
    "not gzip": (idx(VALUES), "gzip"),
    "empty": (b"", "header"),
    "a page": (b"<html>not found</html>", "gzip"),
    "cut in the values": (GOOD[:25], "gzip"),
    "cut in the checksum": (GOOD[:-6], "gzip"),
    "wrong checksum": (GOOD[:-8] + bytes(4) + GOOD[-4:], "gzip"),
    "no such block type": (GOOD[:10] + b"\x07" + GOOD[11:], "gzip"),
    "garbage behind": (GOOD + b"garbage", "gzip"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_idx_file_is_named_with_its_damage(tmp_path, damage):
    content, told = DAMAGED[damage]
    (tmp_path / "file.gz").write_bytes(content)
    with pytest.raises(BadInput) as caught:
        datasets.read_idx(tmp_path / "file.gz", (2, 3, 4))
    assert caught.value.message.startswith("file.gz: ")
    assert told in caught.value.message.removeprefix("file.gz: ")
    assert len(caught.value.message.splitlines()) == 1


def test_a_missing_idx_file_says_what_to_do(tmp_path):
    with pytest.raises(BadInput, match=r"^file\.gz: not found; run `dvc repro`"):
        datasets.read_idx(tmp_path / "file.gz", (2, 3, 4))


def test_a_gzip_bomb_is_not_unpacked(tmp_path):
    packing = zlib.compressobj(level=9, wbits=31)  # 31: with gzip's frame
    megabyte = bytes(2**20)
    bomb = packing.compress(idx(VALUES)) + b"".join(packing.compress(megabyte) for _ in range(200)) + packing.flush()
    assert len(bomb) < 2**20
    (tmp_path / "bomb.gz").write_bytes(bomb)
    tracemalloc.start()
    try:
        with pytest.raises(BadInput, match="more"):
            datasets.read_idx(tmp_path / "bomb.gz", (2, 3, 4))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**20


def test_a_label_over_nine_is_refused(project):
    folder = paths.raw("mnist")
    folder.mkdir(parents=True)
    labels = np.zeros(60_000, np.uint8)
    labels[-1] = 10
    images = idx(np.zeros((60_000, 28, 28), np.uint8))
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(images, compresslevel=1))
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))
    with pytest.raises(BadInput, match=r"train-labels-idx1-ubyte\.gz: a label is 10; allowed: 0 to 9"):
        datasets.prepare("mnist", Data(pixels="binary", test=10_000, validation=5_000))
    assert not paths.prepared("mnist").exists()
