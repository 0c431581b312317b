"""Training on a Dask cluster: a real scheduler and workers on 127.0.0.1, each in a folder of its own, without data."""

import contextlib
import socket
import subprocess

import pytest

from tests import pipeline

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A project with digits prepared, and trained by local processes: what the cluster has to give too."""
    made = pipeline.clone(tmp_path_factory.mktemp("clone"), pipeline.longer)
    for command in (("fetch", "digits"), ("prepare", "digits"), ("train", "digits", "depth")):
        made.run("bnrepro", *command)
    return made


@pytest.fixture
def scheduler(clone, tmp_path):
    """The address of a scheduler that stops with the test."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["dask", "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show"]
    with running(clone, command, tmp_path / "scheduler"):
        yield f"tcp://127.0.0.1:{port}"


@contextlib.contextmanager
def running(clone, command, folder, **environment):
    """A process in a folder of its own, stopped at the end of the block."""
    folder.mkdir()
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=clone.environment(**environment), stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def worker(clone, scheduler, folder, *options, **environment):
    command = ["dask", "worker", scheduler, "--host", "127.0.0.1", "--no-nanny", "--no-dashboard", "--nthreads", "1"]
    return running(clone, [*command, *options], folder, **environment)


def trained(clone):
    """Every file of the stage's output, by name."""
    folder = clone.folder / "data" / "runs" / "digits" / "depth"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def forget(clone):
    before = trained(clone)
    clone.run("rm", "-r", ".bnrepro", "data/runs")
    return before


def test_a_worker_killed_in_the_middle_changes_no_byte(clone, scheduler, tmp_path):
    local = forget(clone)
    assert len(local) > 20
    with worker(clone, scheduler, tmp_path / "one") as doomed, worker(clone, scheduler, tmp_path / "two"):
        training = clone.start("bnrepro", "train", "digits", "depth", BNREPRO_SCHEDULER=scheduler)
        clone.wait_for_records(2, training)
        doomed.kill()
        output, _ = training.communicate(timeout=300)
    assert training.returncode == 0, output
    assert trained(clone) == local


def test_where_every_worker_dies_the_next_ones_go_on(clone, scheduler, tmp_path):
    """The data were on the dead ones alone."""
    local = forget(clone)
    with worker(clone, scheduler, tmp_path / "one") as doomed:
        training = clone.start("bnrepro", "train", "digits", "depth", "--scheduler", scheduler)
        clone.wait_for_records(2, training)
        doomed.kill()
        doomed.wait()
        with worker(clone, scheduler, tmp_path / "two"):
            output, _ = training.communicate(timeout=300)
    assert training.returncode == 0, output
    assert trained(clone) == local


def test_a_worker_in_a_hostile_environment_gives_the_same_bytes(clone, scheduler, tmp_path):
    local = forget(clone)
    hostile = {
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_NUM_INTRAOP_THREADS": "2",
        "TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit",
        "SLURM_JOB_ID": "1",
    }
    with worker(clone, scheduler, tmp_path / "one", **hostile):
        clone.run("bnrepro", "train", "digits", "depth", "--scheduler", scheduler)
    assert trained(clone) == local


def refused(clone, scheduler):
    """Training on a cluster that is not fit for it."""
    return clone.run("bnrepro", "train", "digits", "depth", check=False, BNREPRO_SCHEDULER=scheduler, BNREPRO_FRESH="1")


@pytest.mark.parametrize(
    ("environment", "options", "reason"),
    [
        ({"PYTHONOPTIMIZE": "1"}, (), "PYTHONOPTIMIZE=1 has acted since its start"),
        ({}, ("--nthreads", "2"), "threads of a worker"),
    ],
)
def test_a_worker_that_differs_is_refused_with_the_reason(clone, scheduler, tmp_path, environment, options, reason):
    with worker(clone, scheduler, tmp_path / "one", *options, **environment):
        done = refused(clone, scheduler)
    assert done.returncode == 1
    assert reason in done.stderr
    assert "none of the 1 workers" in done.stderr


def test_a_worker_with_other_sources_is_refused(clone, scheduler, tmp_path):
    package = tmp_path / "other"
    clone.run("cp", "-r", str(clone.folder / "src"), str(package))
    network = package / "bnrepro" / "networks" / "keras.py"
    assert 'metrics=["accuracy"]' in network.read_text()
    network.write_text(network.read_text().replace('metrics=["accuracy"]', "metrics=[]"))
    with worker(clone, scheduler, tmp_path / "one", PYTHONPATH=str(package)):
        done = refused(clone, scheduler)
    assert done.returncode == 1
    assert "the code of training" in done.stderr


def test_a_scheduler_that_is_not_there_is_named(clone):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        done = refused(clone, address)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"Error: no Dask scheduler at {address}")
