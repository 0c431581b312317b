"""cpu, gpu and auto: what they stand for here, and what comes of them. What only a GPU can show is left out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bnrepro import device
from bnrepro.cli import main
from bnrepro.errors import Failed
from bnrepro.execution import planning
from bnrepro.records import fingerprint, grid
from bnrepro.study import params
from tests import compare_devices
from tests.pipeline import Clone

ROOT = Path(__file__).parents[1]

no_gpu = pytest.mark.usefixtures("without_gpu")


@pytest.fixture
def without_gpu():
    if device.gpu_is_seen():
        pytest.skip("there is a GPU here")


@no_gpu
def test_auto_takes_the_processor_where_there_is_no_gpu():
    assert device.resolve("auto") == "cpu"


def test_the_processor_is_taken_without_a_look(monkeypatch):
    monkeypatch.setattr(device, "gpu_is_seen", lambda: pytest.fail("looked for a GPU"))
    assert device.resolve("cpu") == "cpu"


@no_gpu
def test_a_gpu_that_is_not_there_is_told_with_the_remedy():
    with pytest.raises(Failed, match=r"nvidia-smi.*EXTRA=gpu"):
        device.resolve("gpu")
    with pytest.raises(Failed, match="sees no GPU"):
        device.gpu()


@no_gpu
def test_auto_gives_the_runs_of_the_processor():
    """So that nothing is trained again for it, and every result stays what it was."""
    given = params.load(ROOT / "params.yaml")
    auto = given.model_copy(update={"device": "auto", "tf32": True})
    for name in given.studies:
        assert grid.expand(auto, "digits", name) == grid.expand(given, "digits", name)


@pytest.mark.slow
@no_gpu
def test_a_pipeline_with_auto_trains_nothing_anew_and_gives_the_same_files(clone):
    files, stamps = clone.contents("data", "reports"), clone.stamps()
    clone.params(lambda tree: tree.update(device="auto"))
    said = clone.run("dvc", "repro").stdout
    assert "Running stage 'train@digits-depth'" in said
    assert clone.contents("data", "reports") == files
    assert clone.stamps() == stamps


def test_on_a_gpu_every_run_has_its_device_and_its_arithmetic(monkeypatch):
    monkeypatch.setattr(device, "gpu_is_seen", lambda: True)
    given = params.load(ROOT / "params.yaml").model_copy(update={"device": "auto"})
    specs = grid.expand(given, "digits", "depth")
    assert {(spec.device, spec.tf32, spec.numerics) for spec in specs} == {("gpu", False, "fast")}
    rough = grid.expand(given.model_copy(update={"tf32": True}), "digits", "depth")
    fingerprints = {fingerprint.fingerprint(spec, "data") for spec in (*specs, *rough)}
    assert len(fingerprints) == 2 * len(specs)


def using(*devices):
    """A process that uses one device after the other, as a worker does: its exit status, and what it says."""
    words = "; ".join(
        [
            "from bnrepro import device, numerics; numerics.use('portable')",
            *(f"device.use(*{words})" for words in devices),
        ]
    )
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_a_process_has_one_device():
    assert using(("cpu", None), ("cpu", None)) == (0, "")
    status, said = using(("cpu", None), ("gpu", False))
    assert status == 1
    assert "computed on device: cpu, tf32: None; gpu, tf32: False needs a process of its own" in said


@no_gpu
def test_a_worker_without_its_gpu_says_so():
    status, said = using(("gpu", False))
    assert status == 1
    assert "TensorFlow sees no GPU in this process" in said


@no_gpu
def test_a_stage_that_lacks_its_gpu_ends_in_a_line_and_leaves_nothing(project):
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("\ndevice: cpu", "\ndevice: gpu"))
    here = Clone(project)
    assert here.run("bnrepro", "check", check=False).returncode == 0  # it may run elsewhere
    for stage in ("fetch", "prepare"):
        here.run("bnrepro", stage, "digits")
    for command in (["train", "digits", "depth"], ["train", "digits", "depth", "--scheduler", "tcp://x:1"], ["plan"]):
        done = here.run("bnrepro", *command, check=False)
        assert done.returncode == 1
        assert done.stderr.startswith("Error: device: gpu, and TensorFlow sees none")
        assert len(done.stderr.splitlines()) == 1
    assert not (project / "data" / "runs").exists()


def test_runs_of_two_devices_are_compared(tmp_path):
    accuracies = {"cpu": [0.1, 0.92, 0.92, 0.96, 0.97], "gpu": [0.1, 0.89, 0.92, 0.96, 0.99]}
    for where, accuracy in accuracies.items():
        for depth in (1, 3):
            spec = {
                "dataset": "digits",
                "implementation": "keras",
                "depth": depth,
                "device": where,
                "evaluate_every": 10,
            }
            curve = {"step": [0, 10, 20, 30, 40], "accuracy": accuracy if depth == 1 else accuracies["cpu"]}
            folder = tmp_path / where / "ab" / f"ab{depth}"
            folder.mkdir(parents=True)
            (folder / "record.json").write_text(json.dumps({"spec": spec, "curve": curve}))
    (line,) = compare_devices.compare(*(compare_devices.records(tmp_path / where) for where in accuracies))
    assert line == (
        "digits keras: 2 runs; of 10 steps to a target 9 the same, 10 within one evaluation; "
        "final accuracies at most 0.0200 apart"
    )


def test_recorded_runs_are_of_the_device_that_is_asked_for_and_of_any_with_auto():
    """So that whoever has a GPU's runs, and no GPU, can summarize them."""
    given = params.load(ROOT / "params.yaml")
    asked = {
        (word, found): grid.recorded_on(given.model_copy(update={"device": word}), found)
        for word in ("cpu", "gpu", "auto")
        for found in ("cpu", "gpu")
    }
    assert {key for key, on in asked.items() if on == "gpu"} == {("gpu", "cpu"), ("gpu", "gpu"), ("auto", "gpu")}
    assert {spec.device for spec in grid.expand(given, "digits", "depth", "gpu")} == {"gpu"}


def test_a_cluster_is_for_processors(monkeypatch, project):
    monkeypatch.setattr(device, "gpu_is_seen", lambda: True)
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("\ndevice: cpu", "\ndevice: auto"))
    done = CliRunner().invoke(main, ["train", "digits", "depth", "--scheduler", "tcp://127.0.0.1:1"])
    assert done.exit_code == 2
    assert "the workers of a Dask cluster train with device: cpu" in done.output


def test_a_plan_for_a_gpu_promises_no_time(monkeypatch, project):
    given = params.load()
    monkeypatch.setattr(device, "gpu_is_seen", lambda: True)
    told = planning.describe(given.model_copy(update={"device": "gpu"}), workers=2)
    assert "digits depth: 48 runs, 0 in the store, 48 to train\n" in told
    assert "about" not in told
    assert "about" in planning.describe(given, workers=2)
