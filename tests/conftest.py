"""What the tests of several modules need: a project in a temporary folder, and the digits prepared once."""

import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bnrepro import numerics
from bnrepro.data import datasets
from bnrepro.data.fetching import named_mirrors
from tests import pipeline

numerics.use("portable")  # before any test computes something

REPOSITORY = Path(__file__).resolve().parent.parent


def pytest_configure(config: pytest.Config) -> None:
    # Dask leaves a socket of tests/execution/test_scheduler.py to the garbage collector, which finds it later.
    left = "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    config.addinivalue_line("filterwarnings", left)


@pytest.fixture(scope="session")
def make_project() -> Callable[[Path], Path]:
    """Makes a folder a project, by the repository's own params.yaml and dvc.yaml, and returns it."""

    def make(folder: Path) -> Path:
        for file in ("params.yaml", "dvc.yaml"):
            shutil.copyfile(REPOSITORY / file, folder / file)
        return folder

    return make


@pytest.fixture
def project(make_project: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without data, which is the working folder for the length of the test."""
    monkeypatch.chdir(make_project(tmp_path))
    return tmp_path


@pytest.fixture(scope="session")
def mnist_mirror() -> str:
    """Where MNIST's files are to be had without a network; tests that need them are skipped where they are not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPOSITORY)  # a relative folder is meant from there, and tests work elsewhere
        if named := named_mirrors():
            return shlex.join(named)
    if (beside := REPOSITORY.parent / "shared" / "data" / "mnist").is_dir():
        return str(beside)
    pytest.skip("no MNIST here: BNREPRO_MIRROR is not set and there is no ../shared/data/mnist")


@pytest.fixture(scope="session")
def fashion_mnist_mirror() -> str:
    """The same for Fashion-MNIST, whose files have MNIST's names."""
    if (beside := REPOSITORY.parent / "shared" / "data" / "fashion-mnist").is_dir():
        return str(beside)
    pytest.skip("no Fashion-MNIST here: there is no ../shared/data/fashion-mnist")


@pytest.fixture(scope="session")
def digits(make_project: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> datasets.Dataset:
    """The digits in 16 grey levels: 1,297 to train on, 200 of them held out, and 500 to test.

    Its arrays are read-only, since all tests share them.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(make_project(tmp_path_factory.mktemp("digits")))
        datasets.fetch("digits")
        # stated here, so that whoever tunes params.yaml need not mend tests
        datasets.prepare("digits", test=500, validation=200)
        dataset = datasets.load("digits")
    for value in vars(dataset).values():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return dataset


@pytest.fixture(scope="session")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> pipeline.Clone:
    """A clone after `dvc repro` of a small grid, committed. All tests share it; one that changes it takes `clone`."""
    made = pipeline.clone(tmp_path_factory.mktemp("reproduced"))
    made.run("dvc", "repro")
    made.commit("Results")
    return made


@pytest.fixture
def clone(reproduced: pipeline.Clone, tmp_path: Path) -> pipeline.Clone:
    """A copy of `reproduced` that a test may change."""
    shutil.copytree(reproduced.folder, tmp_path / "copy", symlinks=True)
    (tmp_path / "copy" / "mlflow.db").unlink()  # it belongs to the other folder
    return pipeline.Clone(tmp_path / "copy")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Chromium, to which nothing but this machine is there."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("no Chromium with its driver here (Debian: apt install chromium chromium-driver)")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "headless",
        "no-sandbox",  # which root cannot have
        "disable-gpu",
        "disable-background-networking",
        "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "window-size=1800,1200",
        f"user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    with pytest.MonkeyPatch.context() as monkeypatch:
        # Selenium's manager would go online for what is here; it is not asked, and could not start.
        monkeypatch.setenv("SE_MANAGER_PATH", "/nowhere")
        started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    started.get("about:blank")
    started.get_log("performance")  # of the page that the browser itself began with
    yield started
    started.quit()
