"""Accidents in training: what was finished is kept, what was in flight is trained anew, and nothing else is left."""

import contextlib
import os
import signal
import time

import pandas as pd
import pytest

from tests import pipeline, processes

pytestmark = pytest.mark.slow


@pytest.fixture
def clone(tmp_path):
    made = pipeline.clone(tmp_path, pipeline.longer)
    for command in ("fetch", "prepare"):
        made.run("bnrepro", command, "digits")
    return made


def train(clone):
    return clone.start("bnrepro", "train", "digits", "depth")


def finish(clone):
    """Start again; returns the fingerprints that were trained only now."""
    before = clone.records()
    clone.run("bnrepro", "train", "digits", "depth")
    assert len(clone.records()) == 12
    assert clone.partial() == []
    return clone.records() - before


def test_a_kill_loses_only_what_was_in_flight(clone):
    process = train(clone)
    clone.wait_for_records(3, process)
    workers = processes.children(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    processes.wait_until_gone(workers, 10)
    kept = clone.records()
    stamps = clone.stamps()
    assert 3 <= len(kept) < 12
    assert not (clone.folder / "data/runs/digits/depth").exists()
    assert len(finish(clone)) == 12 - len(kept)
    assert clone.stamps() | stamps == clone.stamps(), "a finished run was trained again"


def test_a_killed_worker_costs_a_retry_and_not_the_stage(clone):
    process = train(clone)
    clone.wait_for_records(2, process)
    os.kill(processes.workers_of(process.pid)[-1], signal.SIGKILL)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert len(clone.records()) == 12
    assert "Traceback" not in output


@pytest.mark.parametrize("records", [0, 1])
def test_ctrl_c_ends_with_130_and_no_workers(clone, records):
    process = train(clone)
    processes.wait_until(lambda: processes.workers_of(process.pid))
    clone.wait_for_records(records, process)
    workers = processes.children(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in output
    processes.wait_until_gone(workers, 5)
    finish(clone)


def test_a_worker_leaves_ctrl_c_to_its_parent(clone):
    """Whatever it is doing: it hears it from its first moment to its last, several times a run."""
    process = train(clone)
    heard = 0
    while process.poll() is None:
        for worker in processes.workers_of(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGINT)
                heard += 1
        time.sleep(0.05)
    output, _ = process.communicate()
    assert heard > 24
    assert process.returncode == 0, output
    assert "Traceback" not in output
    assert len(clone.records()) == 12


def test_two_trainings_at_once_train_every_run_once(clone):
    first = train(clone)
    clone.wait_for_records(1, first)
    second = train(clone)
    output = [process.communicate(timeout=240)[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), output
    assert "waiting for it to end" in output[1]
    assert "12 of them in the store, 0 to train" in output[1]


def test_a_diverging_run_is_a_result_and_the_stage_goes_on(clone):
    clone.params(lambda tree: tree["studies"]["depth"].update(learning_rate=[0.5, 1e38]))
    clone.run("bnrepro", "train", "digits", "depth")
    clone.run("bnrepro", "summarize", "digits")
    finals = pd.read_csv(clone.folder / "reports/digits/tables/final_accuracy.csv", keep_default_na=False)
    absurd = finals[finals["learning_rate"] == 1e38].set_index("normalization")
    assert absurd.loc["none", "diverged"] == 6
    clone.run("bnrepro", "plot", "digits")
    clone.run("bnrepro", "report", "digits")


def test_no_noise_of_tensorflow_reaches_the_user(clone):
    clone.params(lambda tree: tree["studies"]["depth"].update(implementation=["core_estimator"]))
    clone.params(lambda tree: tree["training"]["digits"].update(steps=100, evaluate_every=50, seeds=1))
    done = clone.run("bnrepro", "train", "digits", "depth")
    assert done.stderr == ""
    assert "12 runs" not in done.stdout
    assert all(line.startswith(("digits depth (study 1 of ", "  ")) for line in done.stdout.splitlines()), done.stdout
