"""Where MLflow keeps the runs: a server that the environment names, or a database of the clone's own.

The database can be made again from the records at any time, so one that does not fit is put aside. MLflow takes two
seconds to import, and is imported where it is used.
"""

import os
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from bnrepro import paths
from bnrepro.errors import Failed
from bnrepro.params import DATASETS

ENVIRONMENT = {
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # processes of which nothing here makes use
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # a dead server is noticed in seconds, where MLflow's seven take minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
}


def tracking_uri() -> str:
    """Where the runs go: MLFLOW_TRACKING_URI, or else the clone's own database."""
    return os.environ.get("MLFLOW_TRACKING_URI") or _sqlite(_database())


def connect() -> Any:
    """An MLflow client; the clone's own database is made first where there is none. Call it under the lock."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    uri, database = tracking_uri(), _database()
    if uri == _sqlite(database):
        if database.exists() and _is_from_elsewhere(database):
            os.replace(database, f"{database}.moved")
            click.echo("mlflow.db is of another folder: it is now mlflow.db.moved, and made anew", err=True)
        if not database.exists():
            # A database whose making was cut short would never open again, nor would one beside another's journal.
            partial = paths.private() / f"{uuid.uuid4().hex}.partial.db"
            for leftover in [*database.parent.glob(f"{database.name}-*"), *partial.parent.glob("*.partial.db*")]:
                leftover.unlink()
            MlflowClient(tracking_uri=_sqlite(partial))
            os.replace(partial, database)
    return MlflowClient(tracking_uri=uri)


def _is_from_elsewhere(database: Path) -> bool:
    """Artifact locations are absolute: after the clone was moved, they lead nowhere or into another clone."""
    query = "SELECT name, artifact_location FROM experiments WHERE name LIKE 'bnrepro/%'"
    try:
        with closing(sqlite3.connect(database)) as connection:
            rows = connection.execute(query).fetchall()
    except sqlite3.Error as error:
        busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
        remedy = "another program uses it; try again later" if busy else "move the file away, and it is made anew"
        raise Failed(f"{database}: {error}; {remedy}") from error
    return any(location != artifacts(name.removeprefix("bnrepro/")) for name, location in rows)


def _database() -> Path:
    return paths.home() / "mlflow.db"


def _sqlite(path: Path) -> str:
    return "sqlite:///" + str(path).replace("%", "%25").replace("?", "%3F")


def artifacts(dataset: str = "") -> str:
    return (paths.home() / "mlartifacts" / dataset).as_uri()


def is_server(uri: str) -> bool:
    return uri.startswith(("http://", "https://"))


def experiment_ids() -> dict[str, str]:
    """MLflow's id of each dataset's experiment."""
    names = {f"bnrepro/{dataset}": dataset for dataset in DATASETS}
    return {names[e.name]: e.experiment_id for e in connect().search_experiments() if e.name in names}
