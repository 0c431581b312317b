"""What can be wrong with MLflow, for real: training does not mind, and publishing says so in a line or mends it."""

import http.server
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests import pipeline

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning"),  # MLflow's, of SQLAlchemy
]

RUNS = 4
LATER = r"MLflow could not be reached \(.*(?:{}).*\); publish later with `bnrepro publish`"
ASIDE = "mlflow.db is {}: it is now mlflow.db.moved, and made anew"


def few(tree: dict) -> None:
    pipeline.small(tree)
    tree["studies"]["depth"] |= {"implementation": ["keras"]}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    clone = pipeline.clone(tmp_path_factory.mktemp("prepared"), few)
    for command in ("fetch", "prepare"):
        clone.run("bnrepro", command, "digits")
    return clone


@pytest.fixture(scope="module")
def trained(prepared, tmp_path_factory):
    """A clone with runs of which MLflow knows nothing, since its server was down."""
    clone = copy(prepared, tmp_path_factory.mktemp("trained") / "clone")
    assert_training_minds_not(clone, LATER.format("refused"), MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    return clone


@pytest.fixture
def untrained_clone(prepared, tmp_path):
    return copy(prepared, tmp_path / "clone")


@pytest.fixture
def clone(trained, tmp_path):
    return copy(trained, tmp_path / "clone")


def copy(clone: pipeline.Clone, folder: Path) -> pipeline.Clone:
    shutil.copytree(clone.folder, folder)
    return pipeline.Clone(folder)


def database(clone: pipeline.Clone) -> Path:
    return clone.folder / "mlflow.db"


def assert_training_minds_not(clone: pipeline.Clone, *said: str, middle=None, runs: int = RUNS, **environment) -> None:
    """Train, do something in the middle, and see that MLflow is worth these lines, and half a minute at most."""
    lines = []
    with clone.start("bnrepro", "train", "digits", "depth", "--workers", "1", **environment) as process:
        if middle:
            middle(process)
        for line in process.stdout:
            lines += [line.rstrip()]
            if f"{runs}/{runs} runs" in line:
                trained = time.monotonic()
    assert process.returncode == 0, "\n".join(lines)
    assert time.monotonic() - trained < 35
    assert len(clone.records()) == runs
    others = [line for line in lines if not line.startswith(("digits depth (study 1 of ", "  "))]
    assert len(others) == len(said), "\n".join(lines)
    assert all(re.fullmatch(pattern, line) for pattern, line in zip(said, others, strict=True)), "\n".join(lines)


def assert_publishing_fails(clone: pipeline.Clone, *said: str, **environment) -> None:
    started = time.monotonic()
    done = clone.run("bnrepro", "publish", check=False, **environment)
    assert time.monotonic() - started < 60
    assert (done.returncode, done.stdout) == (1, ""), done
    assert re.fullmatch(r"Error: MLflow could not be reached \(.*\); .*, then publish again with .*\n", done.stderr)
    assert all(words in done.stderr for words in said), done.stderr


def assert_publishing_completes(clone: pipeline.Clone, count: int = RUNS, said: str = "", **environment) -> None:
    """Publish; a second time adds nothing."""
    done = clone.run("bnrepro", "publish", **environment)
    assert (done.stdout, done.stderr) == (f"{count} runs newly published\n", said)
    again = clone.run("bnrepro", "publish", **environment)
    assert (again.stdout, again.stderr) == ("0 runs newly published\n", "")


def shown(path: Path) -> list[tuple[str, str]]:
    """Kind and status of every run in a database that is not deleted."""
    query = """SELECT value, status FROM runs JOIN tags USING (run_uuid)
               WHERE key = 'bnrepro.kind' AND lifecycle_stage = 'active'"""
    with closing(sqlite3.connect(path)) as connection:
        return sorted(connection.execute(query).fetchall())


# The clone's own database


@pytest.fixture(scope="module")
def revisions() -> list[str]:
    """The schemas that MLflow has had, the newest first."""
    import mlflow
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(Path(mlflow.__file__).parent / "store" / "db_migrations"))
    return [script.revision for script in scripts.walk_revisions()]


def write_database(path: Path, revision: str) -> None:
    """An empty database of a schema that MLflow had, made by its own migrations."""
    import sqlalchemy
    from alembic import command
    from mlflow.store.db.utils import _get_alembic_config
    from mlflow.store.tracking.dbmodels.initial_models import Base

    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    config = _get_alembic_config(str(engine.url))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory) -> Path:
    """As MLflow makes it now."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("database") / "mlflow.db"
    MlflowClient(tracking_uri=f"sqlite:///{path}")
    return path


@contextmanager
def locked(path: Path, how: str):
    """Another process holds a database: EXCLUSIVE keeps everybody out, IMMEDIATE those who write."""
    code = f"""
import sqlite3
connection = sqlite3.connect({str(path)!r}, isolation_level=None)
connection.execute("BEGIN {how}")
print("held", flush=True)
input()
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    try:
        yield
    finally:
        process.communicate("\n")


LOCKS = pytest.mark.parametrize("lock", ["EXCLUSIVE", "IMMEDIATE"])


@LOCKS
def test_training_goes_on_beside_a_lock(untrained_clone, empty_database, lock):
    shutil.copyfile(empty_database, database(untrained_clone))
    with locked(database(untrained_clone), lock):
        assert_training_minds_not(untrained_clone, LATER.format("locked|it took more than 30 s"))
    assert_publishing_completes(untrained_clone)
    assert shown(database(untrained_clone)) == [("run", "FINISHED")] * RUNS + [("series", "FINISHED")] * 2


@LOCKS
def test_publishing_says_that_the_database_is_locked(clone, empty_database, lock):
    shutil.copyfile(empty_database, database(clone))
    with locked(database(clone), lock):
        assert_publishing_fails(clone, "database is locked", f"end what holds {database(clone)}")
    assert_publishing_completes(clone)


def test_a_database_that_is_deleted_under_training_comes_back(untrained_clone, empty_database):
    shutil.copyfile(empty_database, database(untrained_clone))

    def delete(process):
        untrained_clone.wait_for_records(1, process)
        database(untrained_clone).unlink()

    assert_training_minds_not(untrained_clone, middle=delete)
    done = untrained_clone.run("bnrepro", "publish")
    assert int(done.stdout.split()[0]) in range(RUNS + 1)
    assert_publishing_completes(untrained_clone, 0)
    assert shown(database(untrained_clone)) == [("run", "FINISHED")] * RUNS + [("series", "FINISHED")] * 2


@pytest.mark.parametrize("back", [1, 30])
def test_a_database_of_an_older_mlflow_is_put_aside(clone, revisions, back):
    write_database(database(clone), revisions[back])
    assert_put_aside(clone, "of another version of MLflow")


def test_a_database_of_a_newer_mlflow_is_put_aside(clone, empty_database):
    shutil.copyfile(empty_database, database(clone))
    with closing(sqlite3.connect(database(clone))) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    assert_put_aside(clone, "of another version of MLflow")


@pytest.mark.parametrize("content", ["garbage", "empty", "torn"])
def test_a_file_that_is_no_database_is_put_aside(clone, empty_database, content):
    whole = empty_database.read_bytes()
    contents = {"garbage": b"no database", "empty": b"", "torn": whole[:2000] + bytes(len(whole) - 2000)}
    database(clone).write_bytes(contents[content])
    assert_put_aside(clone, "no database of MLflow's")


def assert_put_aside(clone: pipeline.Clone, what: str) -> None:
    """Under a name that is free, unchanged; and all is published into a new one."""
    before = database(clone).read_bytes()
    earlier = clone.folder / "mlflow.db.moved"
    earlier.write_text("put aside earlier")
    assert_publishing_completes(clone, said=ASIDE.format(what).replace(".moved", ".moved2") + "\n")
    assert (clone.folder / "mlflow.db.moved2").read_bytes() == before
    assert earlier.read_text() == "put aside earlier"
    assert shown(database(clone)) == [("run", "FINISHED")] * RUNS + [("series", "FINISHED")] * 2


def test_training_puts_an_old_database_aside_too(untrained_clone, revisions):
    write_database(database(untrained_clone), revisions[1])
    assert_training_minds_not(untrained_clone, ASIDE.format("of another version of MLflow"))
    assert_publishing_completes(untrained_clone, 0)


# A server


class Answers(http.server.BaseHTTPRequestHandler):
    """A page that is no MLflow's."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>Welcome</html>")

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hanging():
    """The address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def another():
    """The address of a server of something else."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_training_does_not_wait_for_a_server_that_hangs(untrained_clone, hanging):
    said = LATER.format("timed out|it took more than 30 s")
    assert_training_minds_not(untrained_clone, said, MLFLOW_TRACKING_URI=hanging)


@pytest.mark.parametrize("server", ["hanging", "another"])
def test_publishing_says_what_is_wrong_with_a_server(clone, request, server):
    address = request.getfixturevalue(server)
    assert_publishing_fails(clone, "see to what MLFLOW_TRACKING_URI names", MLFLOW_TRACKING_URI=address)
    assert_publishing_completes(clone)


class Server:
    """MLflow's own server, somebody else's, which can be killed and started again."""

    def __init__(self, folder: Path):
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.database = folder / "server.db"

    def start(self) -> None:
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--workers", "1", "--backend-store-uri", f"sqlite:///{self.database}"]
        environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        with (self.folder / "server.log").open("a") as log:
            self._process = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        end = time.monotonic() + 120
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "server.log").read_text()
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.2)

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/health", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "server"
    folder.mkdir()
    server = Server(folder)
    server.start()
    yield server
    server.kill()


def test_a_server_that_dies_under_training_is_completed_later(untrained_clone, server):
    untrained_clone.params(pipeline.longer)

    def kill(process):
        end = time.monotonic() + 120
        while ("run", "FINISHED") not in shown(server.database):
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < end, "no run was published"
            time.sleep(0.05)
        server.kill()

    said = LATER.format("refused|reset|closed|aborted|IncompleteRead")  # by where in a call the server died
    assert_training_minds_not(untrained_clone, said, middle=kill, runs=12, MLFLOW_TRACKING_URI=server.address)
    before = shown(server.database)
    server.start()
    missing = 12 - before.count(("run", "FINISHED"))
    assert missing > 0
    assert_publishing_completes(untrained_clone, missing, MLFLOW_TRACKING_URI=server.address)
    assert shown(server.database) == [("run", "FINISHED")] * 12 + [("series", "FINISHED")] * 2
