"""Files come from the first mirror that has them, whole and verified, or not at all."""

import gzip
import hashlib
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from bnrepro import paths
from bnrepro.audit import scratch
from bnrepro.data import datasets, fetching
from bnrepro.data.mnist import MNIST
from bnrepro.data.registry import SOURCES
from bnrepro.errors import BadInput, Failed
from tests.data.contents import contents

# The path down to hash and file is the same for any bytes; real files would only be slower.
SMALL = {file: np.random.default_rng(index).bytes(5000) for index, file in enumerate(MNIST.files)}
SHORT = replace(MNIST, files={file: (hashlib.sha256(body).hexdigest(), len(body)) for file, body in SMALL.items()})
FIRST = next(iter(SMALL))
LAST = list(SMALL)[-1]
TIMEOUT_SECONDS = 0.5
BEFORE_NEXT_BYTE = 0.1  # seconds: within the timeout, time and again
SLOW = {"trickle", "trickle-header", "slow-loop"}


class Handler(BaseHTTPRequestHandler):
    """Answers /BEHAVIOUR/FILE: the first part of the path says how."""

    protocol_version = "HTTP/1.1"  # 1.0 knows no chunks

    def do_GET(self) -> None:
        _, behaviour, file = self.path.partition("?")[0].split("/")
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

    def send_for_ever(self, piece: bytes, pause: float = 0) -> None:
        """Until the other end hangs up."""
        self.close_connection = True
        try:
            while True:
                self.wfile.write(piece)
                time.sleep(pause)
        except OSError:
            pass

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
    # without a length, and with a wrong one
    "endless": lambda self, body, _: (
        self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"),
        self.send_for_ever(bytes(2**16)),
    ),
    "endless-chunks": lambda self, body, _: (
        self.answer_in_chunks(body),
        self.send_for_ever(b"10000\r\n" + bytes(2**16) + b"\r\n"),
    ),
    "huge": lambda self, body, _: (self.answer(body, promised=2**40), self.send_for_ever(bytes(2**16))),
    "trickle": lambda self, body, _: (
        self.answer(b"", promised=len(body)),
        self.send_for_ever(b"x", BEFORE_NEXT_BYTE),
    ),
    "trickle-header": lambda self, body, _: (
        self.wfile.write(b"HTTP/1.1 200 OK\r\nServer: "),
        self.send_for_ever(b"x", BEFORE_NEXT_BYTE),
    ),
    "slow-loop": lambda self, _, file: (
        time.sleep(TIMEOUT_SECONDS / 2),
        self.answer(b"", 302, Location=f"/slow-loop/{file}"),
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
    monkeypatch.setitem(SOURCES, "mnist", SHORT)
    monkeypatch.setattr(fetching, "TIMEOUT_SECONDS", TIMEOUT_SECONDS)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # a developer's proxy has no way to this server

    def choose(*names: str) -> list[str]:
        if SLOW & set(names):
            monkeypatch.setattr(fetching, "FILE_TIMEOUT_SECONDS", 2 * TIMEOUT_SECONDS)
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


def test_a_scheme_may_be_in_capitals_and_a_query_stays_behind_the_file(project, mirrors, server):
    mirrors(f"{server.replace('http', 'HTTP')}/good?key=a%2Fb")
    datasets.fetch("mnist")
    assert contents(paths.raw("mnist")) == SMALL


@pytest.fixture
def folder(tmp_path_factory) -> Path:
    """A mirror on this disk, in a place that takes some care to name."""
    made = tmp_path_factory.mktemp("home") / "my data"
    made.mkdir()
    for file, body in SMALL.items():
        (made / file).write_bytes(body)
    return made


WAYS = {  # to name it
    "alone": "{folder}",
    "from home": "~/my data",
    "quoted": "'{folder}'",
    "as for a shell": r"/no/such/folder {home}/my\ data",
    "in quotes beside another": "404 '{home}/my data'",
    "from home in quotes": "/no/such/folder '~/my data'",
    "file": "'file://{folder}'",
    "file with %": "file://{home}/my%20data/",
    "file in capitals": "FILE://localhost{home}/my%20data",
    "file with a slash": "file:{home}/my%20data",
    "relative": "'{relative}'",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_folder_is_found_however_it_is_named(project, mirrors, folder, monkeypatch, way):
    mirrors()
    monkeypatch.setenv("HOME", str(folder.parent))
    relative = os.path.relpath(folder, project)
    named = WAYS[way].format(folder=folder, home=folder.parent, relative=relative)
    monkeypatch.setenv("BNREPRO_MIRROR", named)
    datasets.fetch("mnist")
    assert contents(paths.raw("mnist")) == SMALL
    with scratch.project():  # where `bnrepro verify` fetches what a clone lacks
        datasets.fetch("mnist")
        assert contents(paths.raw("mnist")) == SMALL
    assert os.environ["BNREPRO_MIRROR"] == named


def test_a_quotation_that_does_not_end_is_told(project, mirrors, monkeypatch):
    mirrors()
    monkeypatch.setenv("BNREPRO_MIRROR", "'/my data /another")
    with pytest.raises(BadInput, match="BNREPRO_MIRROR: no closing quotation; quote a folder with blanks whole"):
        datasets.fetch("mnist")


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
    "endless": "it sends more than 5,000 bytes",
    "endless-chunks": "it sends more than 5,000 bytes",
    "huge": "it sends more than 5,000 bytes",
    "trickle": "too slow, under 10 kB/s",
    "trickle-header": "too slow, under 10 kB/s",
    "slow-loop": "too slow, under 10 kB/s",
    "/no/such/folder": "No such file or directory",
    "http://[": "InvalidURL",
    "HTTP://[": "InvalidURL",
    "ftp://127.0.0.1/mnist": "a folder or a URL with http, https or file is needed",
    "file://a/folder": "a file URL has three slashes",
    "file://[": "a file URL has three slashes",
    "file:///no/such/folder": "No such file or directory",
    "~/no/such/folder": "No such file or directory",
}


def refusal(project: Path, chosen: list[str], file: str = FIRST) -> str:
    """The one line of a fetch that fails at `file` after all mirrors."""
    with pytest.raises(Failed) as caught:
        datasets.fetch("mnist")
    message = caught.value.message
    chosen = [os.path.expanduser(mirror) for mirror in chosen]
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


@pytest.mark.parametrize("behaviour", ["404", "html"])
def test_a_password_in_a_mirror_is_not_shown(project, mirrors, server, behaviour):
    with_a_blank = "'http://user:pass word@127.0.0.1:9'"
    named = f"{server}/{behaviour}".replace("://", "://user:pass%2Fword@")
    mirrors(named, "http://user:pass/word@127.0.0.1:9", with_a_blank)
    with pytest.raises(Failed, match=r"://\*\*\*@127") as caught:
        datasets.fetch("mnist")
    assert "pass" not in caught.value.message
    assert "word" not in caught.value.message


@pytest.fixture
def tls_server(server, tmp_path_factory) -> Iterator[str]:
    """The URL of a server whose certificate no authority has signed."""
    made = tmp_path_factory.mktemp("certificate")
    key, certificate = made / "key.pem", made / "certificate.pem"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -keyout {key} -out {certificate}"
    subprocess.run(command.split(), check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as https:
        https.socket = context.wrap_socket(https.socket, server_side=True)
        https.handle_error = lambda *_: None  # the client's refusal
        thread = threading.Thread(target=https.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"https://127.0.0.1:{https.server_address[1]}/good"
        https.shutdown()
        thread.join()


def test_a_certificate_that_nobody_trusts_is_told_with_the_variable_that_helps(
    project, mirrors, tls_server, monkeypatch, tmp_path
):
    """As behind a network that reads TLS; and a variable that names no file."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    line = refusal(project, mirrors(tls_server))
    assert "its certificate is not trusted; REQUESTS_CA_BUNDLE can name" in line
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    assert f"invalid path: {tmp_path / 'missing.pem'}" in refusal(project, mirrors(tls_server))


@pytest.mark.parametrize("proxy", ["http://user:pass@127.0.0.1:{port}", "user:pass@@:bad"])
def test_a_proxy_that_does_not_work_is_told_without_its_password(project, mirrors, monkeypatch, proxy):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", proxy.format(port=held.getsockname()[1]))
        line = refusal(project, mirrors("https://mirror.invalid/mnist"))
    assert "the proxy that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names does not let through" in line
    assert "pass" not in line


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
    monkeypatch.setitem(SOURCES, "mnist", replace(SHORT, mirrors=(f"{server}/503/", f"{server}/good/")))
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
