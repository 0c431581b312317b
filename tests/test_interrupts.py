"""Ctrl-C, and two pipelines at once: nobody is left behind, and nothing is spoilt."""

import os
import shutil
import signal

import pytest

from bnrepro import paths
from tests import processes

pytestmark = pytest.mark.slow
AT_WORK = "Another `bnrepro plot digits` is at work; waiting for it to end."


@pytest.fixture
def untrained(clone):
    """All but the runs."""
    for name in (".bnrepro/store", "data/runs", ".dvc/cache"):
        shutil.rmtree(clone.folder / name)
    (clone.folder / ".venv").mkdir()
    clone.run("make", "--touch", "environment")  # `make` is not to build another one
    return clone


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (("bnrepro", "train", "digits", "depth"), 130),
        (("dvc", "repro"), 255),  # DVC's own, for whatever goes wrong in a stage
        (("make", "reproduce"), -signal.SIGINT),  # a shell shows 130
    ],
)
def test_ctrl_c_leaves_nobody_behind(reproduced, untrained, command, status):
    process = untrained.start(*command)
    untrained.wait_for_records(1, process)
    started = processes.at_work_in(untrained.folder)
    workers = processes.workers_of(process.pid)
    assert workers
    os.killpg(process.pid, signal.SIGINT)
    processes.wait_until_gone(workers, 5)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == status, output
    assert "Interrupted; what was finished is kept." in output
    assert "Traceback" not in output
    processes.wait_until_gone([*started, *processes.at_work_in(untrained.folder)], 5)
    assert processes.zombies() == []
    stamps = untrained.stamps()
    untrained.run("dvc", "repro")
    assert untrained.stamps() | stamps == untrained.stamps()
    assert untrained.results() == reproduced.results()
    assert untrained.partial() == []


def test_two_pipelines_at_once_come_to_the_same_end(reproduced, untrained):
    first = untrained.start("dvc", "repro")
    untrained.wait_for_records(1, first)
    second = untrained.start("dvc", "repro")
    output = [process.communicate(timeout=240)[0] for process in (first, second)]
    assert first.returncode == 0, output[0]
    assert second.returncode == 0 or "is busy, it is being blocked by" in output[1], output[1]
    print(f"\nthe second dvc repro ended with {second.returncode}: {output[1].strip()[-300:]}")
    assert untrained.results() == reproduced.results()
    assert len(untrained.records()) == 8
    untrained.run("dvc", "repro")
    assert untrained.results() == reproduced.results()


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])  # of Debian's, the first waits for what it starts
def test_a_command_ends_with_its_dvc_and_waits_for_one_that_did_not(reproduced, clone, shell):
    """The lock stands for a command that has outlived its DVC."""
    log = clone.folder.parent / "said"
    with paths.locked("plot-digits", within=clone.folder / ".bnrepro"), log.open("w") as file:
        first = clone.start("dvc", "repro", "--force", "--single-item", "plot@digits", stdout=file, SHELL=shell)
        processes.wait_until(lambda: log.read_text().count(AT_WORK) == 1)
        orphan = processes.command_of(first.pid)
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        processes.wait_until_gone([orphan], 30)
        second = clone.start("dvc", "repro", stdout=file, SHELL=shell)
        processes.wait_until(lambda: log.read_text().count(AT_WORK) == 2)
        assert not (clone.folder / "reports" / "digits" / "figures").exists()
    assert second.wait(60) == 0, log.read_text()
    assert clone.results() == reproduced.results()
    assert clone.partial() == []
