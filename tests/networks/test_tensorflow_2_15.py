"""The networks on TensorFlow 2.15.1, the last release with estimators of its own: the same training, the same results.

Plain `Model.fit` and `Estimator.train` make there, in an environment of its own, the steps that our loops make here.
"""

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from bnrepro.study.factors import RunSpec
from bnrepro.training.recording import Result
from tests.networks import plain
from tests.networks.specs import FLOAT32, PLAIN, TOLERANCE, assert_same, run_spec

ROOT = Path(__file__).parents[2]
LOCK = Path(__file__).with_name("tensorflow_2_15.lock")
There = dict[tuple[str, str, int], tuple[plain.Task, plain.Evaluated]]

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("case", PLAIN, ids=lambda case: "-".join(map(str, case)))]


@pytest.fixture(scope="session")
def python_of_2_15(pytestconfig: pytest.Config) -> Path:
    """Its interpreter. The environment, 1.6 GB, stays in pytest's cache until the lock changes."""
    folder = pytestconfig.cache.mkdir("tensorflow-2.15.1")
    python, installed = folder / "bin" / "python", folder / LOCK.name
    if not installed.exists() or installed.read_bytes() != LOCK.read_bytes():
        subprocess.run([python_3_11(), "-m", "venv", "--clear", folder], check=True)
        uv = shutil.which("uv")
        install = [uv, "pip", "install", "--python", python] if uv else [python, "-m", "pip", "install"]
        subprocess.run([*install, "--quiet", "--require-hashes", "--requirement", LOCK], check=True)
        shutil.copyfile(LOCK, installed)
    return python


def python_3_11() -> str:
    """A Python of the release that TensorFlow 2.15.1's wheels end with. A name on PATH may be a mere stub."""
    check = "import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))"
    for python in (sys.executable, *(f"{folder}/python3.11" for folder in os.get_exec_path())):
        with suppress(OSError):
            if subprocess.run([python, "-c", check], capture_output=True).returncode == 0:
                return python
    pytest.skip("TensorFlow 2.15.1 needs Python 3.11 with venv, and there is none on PATH")


@pytest.fixture(scope="session")
def there(
    python_of_2_15: Path,
    plain_task: Callable[[RunSpec, Path], plain.Task],
    tmp_path_factory: pytest.TempPathFactory,
) -> There:
    """What was trained there, and what came of it. Its checkpoints are in the tasks' folders."""
    folder = tmp_path_factory.mktemp("there")
    tasks = [plain_task(run_spec(*case), folder / "-".join(map(str, case))) for case in PLAIN]
    file = folder / "tasks"
    file.write_bytes(pickle.dumps(tasks))
    # One thread and oneDNN's kernels for AVX2, as in this process. Keras 2 is that TensorFlow's own.
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "TF_USE_LEGACY_KERAS": "0"}
    command = [python_of_2_15, "-W", "ignore", "-m", "tests.networks.plain", file]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    version, evaluated = pickle.loads(file.read_bytes())
    assert version == "2.15.1"
    return {case: (task, plain.Evaluated(**found)) for case, task, found in zip(PLAIN, tasks, evaluated, strict=True)}


def test_runs_reach_the_same_parameters(
    there: There, trained: Callable[[RunSpec], Result], case: tuple[str, str, int]
) -> None:
    _, expected = there[case]
    assert_same(trained(run_spec(*case)).parameters, expected.parameters)


@pytest.mark.filterwarnings("ignore:.*(tf.layers|set_learning_phase|state_updates):UserWarning")
def test_its_checkpoints_are_read_and_evaluated_alike(there: There, case: tuple[str, str, int]) -> None:
    task, expected = there[case]
    found = plain.evaluate(task)
    assert found.steps == expected.steps
    np.testing.assert_equal(found.parameters, expected.parameters)
    np.testing.assert_allclose(found.logits, expected.logits, rtol=0, atol=TOLERANCE)
    assert found.accuracy == pytest.approx(expected.accuracy, abs=FLOAT32)
    assert found.loss == pytest.approx(expected.loss, rel=1e-5)
