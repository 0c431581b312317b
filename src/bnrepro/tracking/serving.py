"""MLflow's own UI over the clone's runs, for as long as somebody looks."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from contextlib import suppress

import click

from bnrepro import addresses, environment, paths
from bnrepro.errors import BadInput, Failed
from bnrepro.tracking import database, views

_HOST = "127.0.0.1"
_PATIENCE_SECONDS = 180  # it starts in ten, on a machine that is busy in a minute


def serve(port: int | None = None, browser: bool = False) -> str:
    """Run MLflow's own server over the default store, print its address, and stay until Ctrl-C; then it is gone too.

    Where MLFLOW_TRACKING_URI names a server, its address is printed without a password, and there is nothing to run.

    Args:
        port: any free one if None.
        browser: show the runs in a browser, where somebody sits before one.

    Returns:
        The address.

    Raises:
        BadInput: the port is taken.
        Failed: the server ended by itself, or did not answer.
    """
    uri = database.tracking_uri()
    if addresses.is_server(uri):
        click.echo(addresses.without_secrets(uri))
        return uri
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port or 0))
        except OSError as error:
            raise BadInput(f"{_HOST}:{port}: {error.strerror}") from error
        port = probe.getsockname()[1]
    address, experiments = f"http://{_HOST}:{port}", database.experiment_ids()
    log = paths.private() / "mlflow-server.log"
    command = [sys.executable, "-m", "mlflow", "server", "--host", _HOST, "--port", str(port), "--workers", "1"]
    command += ["--default-artifact-root", database.artifacts(), "--app-name", "bnrepro"]
    # The address may have a password: everybody sees a command line.
    variables = environment.cleaned(os.environ) | database.ENVIRONMENT | {"MLFLOW_BACKEND_STORE_URI": uri}
    click.echo("Starting MLflow's server ...")
    previous = {number: signal.signal(number, _leave) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    # In a session of its own: the terminal's Ctrl-C reaches this process alone, which then ends the whole group.
    with log.open("w") as file:
        server = subprocess.Popen(
            command,
            env=variables,
            cwd=paths.private(),
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + _PATIENCE_SECONDS
        while server.poll() is None and not _answers(port):
            if time.monotonic() > end:
                raise Failed(f"MLflow's server took more than {_PATIENCE_SECONDS} s to answer; {log} has what it said")
            time.sleep(0.2)
        if server.poll() is None:
            click.echo(f"MLflow is at {address} (Ctrl-C ends it)")
            pages = {name: f"{address}/{views.page(identifier)}" for name, identifier in experiments.items()}
            for dataset, page in pages.items():
                click.echo(f"The runs on {dataset}: {page}")
            if browser and pages:
                show(next(iter(pages.values())))
        server.wait()
        raise Failed(f"MLflow's server ended by itself; it said why in {log}")
    except KeyboardInterrupt:
        return address
    finally:
        for number in previous:  # a second Ctrl-C is not to leave the server behind
            signal.signal(number, signal.SIG_IGN)
        _end(server)
        for number, handler in previous.items():
            signal.signal(number, handler)


def show(page: str) -> None:
    """Open a page in the user's browser; nothing where a terminal or a screen is missing."""
    screen = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.stdout.isatty() and screen:
        webbrowser.open(page)


def _leave(*_: object) -> None:
    raise KeyboardInterrupt


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(_HOST, port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(server: subprocess.Popen) -> None:
    """End a process and all that it started."""
    for number, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, number)
        with suppress(subprocess.TimeoutExpired):
            server.wait(patience)
