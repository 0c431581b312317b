"""A small pipeline for tests: the project's own code and stages in a clone of their own, on a grid of seconds."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import yaml

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent

# What DVC says of its own files, which are in part while it writes them: a kill or a full disk can leave them so.
_CUT_SHORT = {
    "dvc.lock' validation failed": "dvc.lock",
    "dvc.lock' is invalid": "dvc.lock",  # cut in the middle of a key
    "JSON structure is corrupted": ".dvc/tmp/rwlock",
}


@dataclass(frozen=True)
class Clone:
    """A git repository with the working tree's files, committed."""

    folder: Path

    def run(self, *command: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment in the clone, with the clone's own code."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment(**environment), capture_output=True, text=True, check=False
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def start(
        self, *command: str, stdout: IO[str] | int = subprocess.PIPE, **environment: str
    ) -> subprocess.Popen[str]:
        """Start a command in a process group of its own."""
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment(**environment),
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=_takes_ctrl_c,
        )

    def environment(self, **more: str) -> dict[str, str]:
        own = ("MLFLOW_", "BNREPRO_", "DVC_", "OPENBLAS_CORETYPE")  # with the last a worker of Dask is refused
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(own)}
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        return {**inherited, "PATH": path, "PYTHONPATH": str(self.folder / "src"), **more}

    def params(self, change) -> None:
        """Rewrite params.yaml by a function on its tree."""
        path = self.folder / "params.yaml"
        tree = yaml.safe_load(path.read_text())
        change(tree)
        path.write_text(yaml.safe_dump(tree, sort_keys=False))

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)

    def records(self) -> set[str]:
        """Fingerprints in the run store; not those under `partial`, which are being written."""
        return {path.parent.name for path in (self.folder / ".bnrepro" / "store").glob("??/*/record.json")}

    def wait_for_records(self, count: int, process: subprocess.Popen[str], seconds: float = 120) -> None:
        """Wait until that many runs are in the store, while a process trains them."""
        end = time.monotonic() + seconds
        while len(self.records()) < count:
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < end, "no run finished"
            time.sleep(0.05)

    def contents(self, *names: str) -> dict[str, bytes]:
        """Every file of these files and folders, by name."""
        found = {}
        for name in names:
            path = self.folder / name
            for file in [path] if path.is_file() else path.rglob("*"):
                if file.is_file():
                    found[str(file.relative_to(self.folder))] = file.read_bytes()
        return found

    def results(self) -> dict[str, bytes]:
        """All that a pipeline ends with."""
        return self.contents("data", "reports", "dvc.lock")

    def stamps(self) -> dict[str, int]:
        """When each run in the store was filed."""
        return {name: self.record(name).stat().st_mtime_ns for name in self.records()}

    def record(self, fingerprint: str) -> Path:
        return self.folder / ".bnrepro" / "store" / fingerprint[:2] / fingerprint / "record.json"

    def mend(self, said: str) -> list[str]:
        """Do as docs/running.md says where DVC does not understand its own files; returns those that were cut short."""
        found = [name for message, name in _CUT_SHORT.items() if message in said]
        for name in found:
            (self.folder / name).unlink()
        return found

    def partial(self) -> list[Path]:
        """What a kill left half written."""
        found = [path for path in self.folder.rglob("*.partial") if ".venv" not in path.parts]
        return found + list((self.folder / ".bnrepro" / "store" / "partial").glob("*"))


def _takes_ctrl_c() -> None:
    """As in a terminal; a shell that runs the tests in its background hands down that SIGINT is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def small(tree: dict) -> None:
    """The grid of the tests: eight short runs."""
    tree["datasets"] = ["digits"]
    tree["training"]["digits"] |= {"steps": 100, "evaluate_every": 10, "seeds": 2, "targets": [0.5, 0.8]}
    tree["training"]["digits"]["first_seed"] = 0  # not those that rules are judged on
    only(tree, "depth")
    tree["studies"]["depth"] |= {"implementation": ["keras", "core_estimator"], "depth": [1]}


def only(tree: dict, *studies: str) -> None:
    """Keep these studies alone, with seeds and evaluations as `training` has them."""
    own = ("steps", "evaluate_every", "evaluations", "seeds", "of")
    tree["studies"] = {
        study: {name: value for name, value in tree["studies"][study].items() if name not in own} for study in studies
    }


def paper(tree: dict) -> None:
    """MNIST over the first of the steps that the paper's curves show, with the studies of its figure."""
    tree["datasets"] = ["mnist"]
    only(tree, "depth", "calibration", "paper", "specifications", "momentum")
    tree["training"]["mnist"] |= {"steps": 5000, "seeds": 1, "first_seed": 0, "targets": [0.9, 0.96]}
    studies = tree["studies"]
    studies["depth"] |= {"implementation": ["keras"], "depth": [3]}
    studies["calibration"] |= {"pixels": ["binary"], "initial_stddev": [0.1], "learning_rate": [0.1, 0.2], "seeds": 2}
    studies["paper"]["seeds"] = 2
    studies["momentum"] |= {"momentum": [0.9, 0.99], "seeds": 1}
    studies["specifications"] |= {"initial_stddev": [0.06], "learning_rate": [0.12]}


def longer(tree: dict) -> None:
    """Runs of a second or so, enough of them to be in the middle of."""
    small(tree)
    tree["training"]["digits"] |= {"steps": 1500, "evaluate_every": 500, "seeds": 6}
    tree["studies"]["depth"] |= {"implementation": ["keras"], "normalization": ["none", "batch"]}


def clone(folder: Path, change=small) -> Clone:
    """A clone of the working tree as it is (what git tracks or would track), with params.yaml changed where asked."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("reports/") and name != "dvc.lock":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    made = Clone(folder)
    if change:
        made.params(change)
    made.run("git", "init", "--quiet")
    made.run("git", "config", "user.name", "Test")
    made.run("git", "config", "user.email", "test@example.org")
    made.commit("The project")
    return made
