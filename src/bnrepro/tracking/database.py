"""Where MLflow keeps the runs: a server that the environment names, or a database of the clone's own.

The database can be made again from the records at any time, so one that does not fit is put aside. MLflow takes two
seconds to import, and is imported where it is used.
"""

import itertools
import logging
import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from bnrepro import addresses, paths
from bnrepro.data.registry import NAMES
from bnrepro.errors import BadInput, Failed

ENVIRONMENT = {
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # processes of which nothing here makes use
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # a dead server is noticed in seconds, where MLflow's seven take minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "PGCONNECT_TIMEOUT": "5",
}


def tracking_uri() -> str:
    """Where the runs go: what MLFLOW_TRACKING_URI names, or else the clone's own database.

    A relative file counts from the clone, in whichever folder a command is called.

    Raises:
        BadInput: MLFLOW_TRACKING_URI cannot be read as an address, or keeps nothing.
    """
    named = os.environ.get("MLFLOW_TRACKING_URI", "").strip()
    if not named:
        return _sqlite(_database())
    if not addresses.is_server(named):
        return _in_clone(named)
    try:
        _ = urlsplit(named).port
    except ValueError as error:  # which may quote half of a password
        raise BadInput(
            "MLFLOW_TRACKING_URI: not an address; write : / ? # @ in a password as %3A %2F %3F %23 %40"
        ) from error
    return named


def _in_clone(address: str) -> str:
    kind, separator, file = address.partition("://")
    if kind.partition("+")[0].lower() != "sqlite":
        if separator and kind.lower() != "file":
            return address
        raise BadInput(
            "MLFLOW_TRACKING_URI names a folder, and MLflow no longer stores runs in folders: name http://... or sqlite:///..."
        )
    file = os.path.expanduser(file.removeprefix("/"))
    if file in ("", ":memory:"):
        raise BadInput("MLFLOW_TRACKING_URI names a database in memory, which ends with its command: name a file")
    return f"{kind}:///{file if file.startswith(('/', 'file:')) else f'{_escaped(paths.home())}/{file}'}"


def connect() -> Any:
    """An MLflow client; the clone's own database is made first where there is none. Call it under the lock."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # it prints what it raises, as a traceback
    uri, database = tracking_uri(), _database()
    if uri == _sqlite(database):
        if database.exists() and (what := _unfit(database)):
            aside = _put_aside(database)
            click.echo(f"{database.name} is {what}: it is now {aside.name}, and made anew", err=True)
        if not database.exists():
            # A database whose making was cut short would never open again, nor would one beside another's journal.
            partial = paths.private() / f"{uuid.uuid4().hex}.partial.db"
            for leftover in [*database.parent.glob(f"{database.name}-*"), *_cut_short()]:
                leftover.unlink()
            MlflowClient(tracking_uri=_sqlite(partial))
            os.replace(partial, database)
    elif not addresses.is_server(uri):
        _reach(uri)
    return MlflowClient(tracking_uri=uri)


def locked() -> AbstractContextManager[None]:
    """Hold the lock of those who publish from this clone: two would make every run twice."""
    return paths.locked("publish", waiting="Another process is publishing to MLflow; waiting for it to end.")


def clear() -> None:
    """Remove a database whose making a kill cut short: who has nothing to publish would leave it for ever."""
    if _cut_short():
        with locked():
            for leftover in _cut_short():
                leftover.unlink()


def _cut_short() -> list[Path]:
    return list(paths.private().glob("*.partial.db*"))


def _reach(uri: str) -> None:
    """Look at a database once: MLflow would try for three minutes to reach it, and upgrade it without a word.

    Raises:
        BadInput: another version of MLflow keeps its runs there, and could not read it after an upgrade.
    """
    import sqlalchemy
    from mlflow.store.db.utils import _get_latest_schema_revision, _get_schema_version

    url = sqlalchemy.make_url(uri)
    if "@" in (url.host or ""):
        raise BadInput("MLFLOW_TRACKING_URI: write @ in a password as %40")
    engine = sqlalchemy.create_engine(url)
    found = _get_schema_version(engine)  # None: it is empty
    engine.dispose()
    if found not in (None, _get_latest_schema_revision()):
        raise BadInput(
            "MLFLOW_TRACKING_URI names a database of another version of MLflow: name its server, or another database"
        )


@contextmanager
def failing_in_a_line() -> Iterator[None]:
    """Turns what MLflow raises into Failed, with what can be done about it."""
    try:
        yield
    except click.ClickException:
        raise
    except Exception as error:
        raise Failed(f"MLflow could not be reached ({reason(error)}); {_remedy()}") from error


def reason(error: BaseException) -> str:
    """The innermost cause, on one line: MLflow, requests and SQLAlchemy each wrap it in a paragraph."""
    if isinstance(error, click.ClickException):
        return addresses.without_secrets(error.message)
    while cause := error.__cause__ or error.__context__:
        error = cause
    return addresses.without_secrets(" ".join(str(error).split()))[:200] or type(error).__name__


def _remedy() -> str:
    again = "then publish again with `bnrepro publish`"
    if tracking_uri() == _sqlite(_database()):
        return f"end what holds {_database()}, or move that file away (it is made anew), {again}"
    return f"see to what MLFLOW_TRACKING_URI names, {again}"


def _unfit(database: Path) -> str | None:
    """What a database is that cannot take the runs; None if it can."""
    from mlflow.store.db.utils import _get_latest_schema_revision  # what MLflow itself compares with, and gives up

    try:
        with closing(sqlite3.connect(database)) as connection:
            query = "SELECT name, artifact_location FROM experiments WHERE name LIKE 'bnrepro/%'"
            locations = connection.execute(query).fetchall()
            revisions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.DatabaseError as error:
        # The class itself stands for a damaged database or none; a lock, say, is of a subclass, and no reason to put
        # the file aside. (Error codes came with Python 3.11.)
        if type(error) is sqlite3.DatabaseError or "no such table" in str(error) or "no such column" in str(error):
            return "no database of MLflow's"
        raise
    if revisions != [(_get_latest_schema_revision(),)]:
        return "of another version of MLflow"
    # Artifact locations are absolute: after the clone was moved, they lead nowhere or into another clone.
    if any(location != artifacts(name.removeprefix("bnrepro/")) for name, location in locations):
        return "of another folder"
    return None


def _put_aside(database: Path) -> Path:
    """Rename a database to a name that is free: it is made anew, and yet may hold what somebody added to it."""
    names = (
        database.with_name(f"{database.name}.moved{number}") for number in itertools.chain([""], itertools.count(2))
    )
    aside = next(name for name in names if not name.exists())
    os.replace(database, aside)
    return aside


def _database() -> Path:
    return paths.home() / "mlflow.db"


def _sqlite(path: Path) -> str:
    return f"sqlite:///{_escaped(path)}"


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3F")


def artifacts(dataset: str = "") -> str:
    return (paths.home() / "mlartifacts" / dataset).as_uri()


def experiment_ids() -> dict[str, str]:
    """MLflow's id of each dataset's experiment."""
    with failing_in_a_line():
        found = {experiment.name: experiment.experiment_id for experiment in connect().search_experiments()}
    return {dataset: found[f"bnrepro/{dataset}"] for dataset in NAMES if f"bnrepro/{dataset}" in found}
