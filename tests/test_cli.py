"""The command line: what it lists, and how it ends when something is wrong."""

import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from bnrepro.cli import main
from tests.pipeline import BIN


def bnrepro(*arguments):
    return CliRunner().invoke(main, arguments)


def test_commands_are_listed_in_the_order_of_the_pipeline():
    names = ["check", "fetch", "prepare", "train", "summarize", "plot", "report"]
    names += ["plan", "merge-lock", "publish", "ui", "verify", "compare", "cite", "package"]
    assert list(main.commands) == names
    listed = bnrepro("--help").output
    assert sorted(names, key=lambda name: listed.index(f"\n  {name} ")) == names


def test_help_does_not_wait_for_tensorflow():
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "bnrepro", "--help"], check=True, capture_output=True)
    assert time.monotonic() - started < 2
    loaded = "import sys, bnrepro.cli; print({'tensorflow', 'mlflow', 'pandas', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("command", [["check"], ["fetch", "digits"], ["train", "digits", "depth"], ["plan"], ["ui"]])
def test_every_command_refuses_bad_params(project, command):
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("steps: 3000", "steps: 0"))
    done = bnrepro(*command)
    assert done.exit_code == 2
    assert done.stderr.startswith("Error: params.yaml: training.digits.steps: 0 (int) given; ")
    assert len(done.stderr.splitlines()) == 1


def test_check_writes_the_same_whatever_the_params(project):
    assert bnrepro("check").exit_code == 0
    first = (project / "data" / "checked").read_bytes()
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("steps: 3000", "steps: 6000"))
    assert bnrepro("check").exit_code == 0
    assert (project / "data" / "checked").read_bytes() == first


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (["fetch", "cifar"], 2),
        (["train", "digits", "width"], 2),
        (["train", "digits", "depth", "--workers", "0"], 2),
        (["train", "digits", "depth"], 2),  # nothing is prepared
        (["prepare", "digits"], 2),  # nothing is fetched
        (["summarize", "digits"], 2),
        (["plot", "digits"], 2),
        (["report", "digits"], 2),
    ],
)
def test_what_cannot_be_done_ends_in_a_line(project, command, status):
    done = bnrepro(*command)
    assert done.exit_code == status
    assert done.stderr.splitlines()[-1].startswith("Error: ")
    assert "Traceback" not in done.output


def test_an_accident_of_the_file_system_ends_in_a_line(project):
    (project / "data").write_text("in the way")
    done = bnrepro("check")
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1
    assert str(project / "data") in done.stderr


def test_the_command_is_installed():
    assert (BIN / "bnrepro").exists()


def test_workers_of_this_machine_and_of_a_cluster_exclude_each_other():
    done = bnrepro("train", "digits", "depth", "--workers", "2", "--scheduler", "tcp://127.0.0.1:8786")
    assert done.exit_code == 2
    assert "--workers is for this machine" in done.output
