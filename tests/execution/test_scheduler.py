"""Reaching a Dask scheduler, or saying in one line why not: real schedulers, with certificates and without."""

import contextlib
import http.server
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import dask
import pytest
from click.testing import CliRunner

from bnrepro.cli import main
from bnrepro.errors import BadInput, Failed
from bnrepro.execution import cluster
from tests import pipeline

DASK = str(Path(sys.executable).with_name("dask"))


@pytest.mark.parametrize(
    "address",
    [
        "inproc://127.0.0.1/1/1",
        "ucx://127.0.0.1:8786",
        "ws://127.0.0.1:8786",
        "http://127.0.0.1:8787/status",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:99999",
        "tcp://127.0.0.1:port",
        "tcp://127.0.0.1:8786/status",
        "tcp://:8786",
        "TCP://127.0.0.1:8786",
        "127.0.0.1:8786",
        "scheduler.json",
        "tcp://user:secret@127.0.0.1:8786",
    ],
)
def test_an_address_that_cannot_work_is_refused_at_once(project, address):
    done = CliRunner().invoke(main, ["train", "digits", "depth", "--scheduler", address])
    assert done.exit_code == 2
    assert done.stderr == (
        "Error: --scheduler, BNREPRO_SCHEDULER: give tcp://HOST:PORT, or tls://HOST:PORT with certificates\n"
    )


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:8786", "tcp://Node-7.example.org:1", "tcp://[::1]:8786"])
def test_others_pass(address):
    cluster.check_address(address)


def test_tls_needs_certificates(tmp_path):
    with pytest.raises(BadInput, match="needs certificates; name them in DASK_DISTRIBUTED__COMM__TLS__CA_FILE"):
        cluster.check_address("tls://127.0.0.1:8786")
    file = tmp_path / "no.pem"
    names = {f"distributed.comm.tls.{name}": str(file) for name in ("ca-file", "client.cert", "client.key")}
    with dask.config.set(names), pytest.raises(BadInput, match=r"no\.pem: No such file"):
        cluster.check_address("tls://127.0.0.1:8786")
    file.write_text("no certificate")
    with dask.config.set(names), pytest.raises(BadInput, match="certificates cannot be used"):
        cluster.check_address("tls://127.0.0.1:8786")


# --- what may be at an address ----------------------------------------------------------------------------------------


@pytest.fixture
def soon(monkeypatch):
    """Little patience, where nothing is waited for."""
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 2)


def refusal(address):
    """What is said where no scheduler answers."""
    began = time.monotonic()
    with pytest.raises(Failed) as error, cluster.ClusterPool(address):
        raise AssertionError("it was taken for a scheduler")
    assert time.monotonic() - began < 60
    assert error.value.message.startswith(f"no Dask scheduler at {address} (")
    assert "\n" not in error.value.message
    return error.value.message


@pytest.mark.usefixtures("soon")
def test_what_never_answers_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "did not answer" in refusal(f"tcp://127.0.0.1:{silent.getsockname()[1]}")


@pytest.mark.usefixtures("soon")
def test_where_nothing_listens_it_says_so():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert "Timed out trying to connect" in refusal(f"tcp://127.0.0.1:{free.getsockname()[1]}")


@pytest.mark.usefixtures("soon")
def test_a_web_server_is_no_scheduler():
    """A scheduler's dashboard has the next port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        refusal(f"tcp://127.0.0.1:{server.server_port}")
        server.shutdown()


@contextlib.contextmanager
def running(folder, *command):
    """`dask ...` in a folder, stopped at the end of the block."""
    with (folder / f"{command[0]}.log").open("w") as log:
        process = subprocess.Popen([DASK, *command], cwd=folder, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.kill()
            process.wait()


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@contextlib.contextmanager
def scheduler(folder, protocol):
    """The address of a scheduler that answers."""
    port = free_port()
    options = ("--host", "127.0.0.1", "--port", port, "--protocol", protocol, "--no-dashboard", "--no-show")
    with running(folder, "scheduler", *options):
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(port))):
                break
            time.sleep(0.1)
        yield f"{protocol}://127.0.0.1:{port}"


@contextlib.contextmanager
def certificates(folder, name, monkeypatch):
    """A certificate, made and named as docs/running.md says, for this process and those that it starts."""
    cert, key = str(folder / f"{name}.pem"), str(folder / f"{name}.key")
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=dask -keyout {key} -out {cert}"
    subprocess.run(command.split(), check=True, capture_output=True)
    with monkeypatch.context() as patch:
        patch.setenv("DASK_DISTRIBUTED__COMM__TLS__CA_FILE", cert)
        for role in ("SCHEDULER", "WORKER", "CLIENT"):
            patch.setenv(f"DASK_DISTRIBUTED__COMM__TLS__{role}__CERT", cert)
            patch.setenv(f"DASK_DISTRIBUTED__COMM__TLS__{role}__KEY", key)
        dask.config.refresh()
        yield
    dask.config.refresh()


@pytest.mark.parametrize("content", ["distributed:\n\tcomm: {}\n", "- distributed\n"])
def test_a_file_that_dask_cannot_read_is_told(project, content):
    """A user's own configuration is read on the way to any scheduler; `tls://` takes it before data are looked for."""
    (project / "dask.yaml").write_text(content)
    command = ("bnrepro", "train", "digits", "depth", "--scheduler", "tls://127.0.0.1:8786")
    done = pipeline.Clone(project).run(*command, check=False, DASK_CONFIG=str(project / "dask.yaml"))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Error: Dask cannot be configured: A dask config file at '{project / 'dask.yaml'}' is ")


@pytest.mark.slow
def test_tls_admits_those_with_the_certificate_alone(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)  # a worker that has it is refused
    with certificates(tmp_path, "ours", monkeypatch), scheduler(tmp_path, "tls") as address:
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard")
        with running(tmp_path, "worker", address, *options):
            cluster.check_address(address)
            with cluster.ClusterPool(address) as pool:
                assert pool.workers == 1
        plain = address.replace("tls://", "tcp://")
        with certificates(tmp_path, "another", monkeypatch):
            refusal(address)
            refusal(plain)


@pytest.mark.slow
def test_tls_is_not_given_up_for_a_scheduler_without(tmp_path, monkeypatch):
    with scheduler(tmp_path, "tcp") as address, certificates(tmp_path, "ours", monkeypatch):
        refusal(address.replace("tcp://", "tls://"))
        with dask.config.set({"distributed.comm.require-encryption": True}):
            assert "encryption required" in refusal(address)


@pytest.mark.slow
def test_a_worker_is_no_scheduler(tmp_path):
    port = free_port()
    options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--worker-port", port)
    with scheduler(tmp_path, "tcp") as address, running(tmp_path, "worker", address, *options):
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(port))):
                break
            time.sleep(0.1)
        assert "it is a Worker" in refusal(f"tcp://127.0.0.1:{port}")
