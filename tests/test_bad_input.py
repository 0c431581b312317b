"""Bad input, through the commands themselves: what is read is used, or refused in one line, whatever happened to it.

Used is exit status 0, with every output there; refused is exit status 2, one line on stderr that names the file, and
every output as it was. Nothing else may come, no warning either, and nothing half written may be left.
"""

import copy
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bnrepro.cli import main
from bnrepro.records.grid import expand
from bnrepro.study import params
from tests import mutations, pipeline
from tests.pipeline import ROOT


def examples(count: int) -> Callable[..., Any]:
    """As many examples, the same for everybody."""
    return settings(
        max_examples=count, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )


@dataclass
class Bench:
    """A project whose files are damaged one at a time, each put back before the next.

    Attributes:
        kept: its files as they were, by their path in it.
        tally: by kind of file and exit status, how many examples were tried.
    """

    folder: Path
    tally: Counter[tuple[str, int]]
    kept: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.kept = self.content()

    def content(self, *under: str) -> dict[str, bytes]:
        """Every file by name, the clone's locks apart."""
        folders = [self.folder / name for name in under] or [self.folder]
        found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        kept = [path for path in found if path.parent.name != ".bnrepro"]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in kept}

    def files(self, *patterns: str) -> list[str]:
        return sorted(name for name in self.kept if any(Path(name).match(pattern) for pattern in patterns))

    def run(self, kind: str, *command: str, names: str = "", outputs: str) -> int:
        """Run a command, hold what comes against the rule, and return its exit status."""
        before = self.content(outputs)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            done = CliRunner().invoke(main, command)
        self.tally[kind, done.exit_code] += 1
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code in (0, 2), done.stderr
        if done.exit_code:
            (line,) = done.stderr.splitlines()
            assert line.startswith("Error: ")
            assert names in line
            assert self.content(outputs) == before
        else:
            assert done.stderr == ""
            assert self.content(outputs).keys() >= before.keys()
        assert not list(self.folder.rglob("*.partial"))
        return done.exit_code

    def put_back(self, *names: str) -> None:
        now = self.content()
        for name in names:
            path = self.folder / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            path.unlink(missing_ok=True)
        for name in now.keys() - self.kept.keys():
            (self.folder / name).unlink(missing_ok=True)
        for name, content in self.kept.items():
            if now.get(name) != content or name in names:
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / name).write_bytes(content)


@pytest.fixture(scope="module")
def tally(request: pytest.FixtureRequest) -> Iterator[Counter[tuple[str, int]]]:
    """What was tried, told at the end."""
    counted: Counter[tuple[str, int]] = Counter()
    yield counted
    capture, told = map(request.config.pluginmanager.getplugin, ("capturemanager", "terminalreporter"))
    with capture.global_and_fixture_disabled():
        for kind in sorted({kind for kind, _ in counted}):
            told.write_line(f"\n{kind}: {counted[kind, 0]} used, {counted[kind, 2]} refused", flush=True)


def run_all(folder: Path, *commands: str) -> None:
    """As a user would."""
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "bnrepro", *command.split()],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def small(tree: dict[str, Any]) -> None:
    """Eight short runs, of which those at an absurd learning rate diverge."""
    pipeline.small(tree)
    tree["training"]["digits"] |= {"steps": 40, "evaluate_every": 10, "targets": [0.3, 0.5]}
    tree["studies"]["depth"] |= {"implementation": ["keras"], "learning_rate": [0.5, 1e38]}


@pytest.fixture(scope="module")
def digits_bench(tmp_path_factory, make_project, tally) -> Bench:
    """The whole pipeline on digits, run for real."""
    folder = make_project(tmp_path_factory.mktemp("bench"))
    tree = yaml.safe_load((folder / "params.yaml").read_text())
    small(tree)
    (folder / "params.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    run_all(
        folder,
        "fetch digits",
        "prepare digits",
        "train digits depth",
        "summarize digits",
        "plot digits",
        "report digits",
    )
    return Bench(folder, tally)


@pytest.fixture(autouse=True)
def no_figure_stays_open() -> Iterator[None]:
    yield
    close_figures()


def close_figures() -> None:
    import matplotlib.pyplot as plt

    plt.close("all")  # those of a command that went no further


def damaged(data: st.DataObject, bench: Bench, patterns: list[str]) -> str:
    """Damage one of the files; returns its name."""
    name = data.draw(st.sampled_from(bench.files(*patterns)))
    path = bench.folder / name
    if data.draw(st.integers(0, 19)) == 0:
        mutations.put_in_its_place(path, data.draw(st.sampled_from(mutations.NO_FILES)))
    else:
        path.write_bytes(data.draw(mutations.by_format(path, bench.kept[name])))
    return name


def used_or_refused(
    data: st.DataObject, bench: Bench, kind: str, patterns: list[str], *commands: str, outputs: str
) -> None:
    """Damage a file, and run commands until one refuses it."""
    name = damaged(data, bench, patterns)
    try:
        for command in commands:
            if bench.run(kind, *command.split(), names=Path(name).name, outputs=outputs):
                break
    finally:
        close_figures()
        bench.put_back(name)


# --- params.yaml ------------------------------------------------------------------------------------------------------

ODD = st.sampled_from(
    [
        *(0, 1, 2, 3, 7, 10, 60, 999, 1000, 10**4, 10**6, 10**9, 10**30, -1, 0.1, 0.3333333, 0.5, 1.0, 1e-300, 5e-324),
        *(
            1e38,
            0.99,
            0.999999999,
            float("nan"),
            float("inf"),
            None,
            True,
            "",
            "1e-3",
            "keras",
            "digits",
            "mnist",
            "none",
        ),
        *("batch", "self", "relu", "omitted", "ö\u2028", [], {}, [1, 3], [0.1, 0.2, 0.30000004], list(range(1, 200))),
        *(["keras", "core_estimator"], ["digits", "mnist"], ["none", "batch", "layer", "weight", "self"]),
    ]
) | st.integers(1, 5000)


def accepted_params_can_be_planned(bench: Bench, content: bytes) -> None:
    path = bench.folder / "params.yaml"
    path.write_bytes(content)
    try:
        if bench.run("params.yaml", "check", names="params.yaml: ", outputs="data") == 0:
            assert bench.run("params.yaml, plan", "plan", outputs="data") == 0
            given_ = params.load(path)
            for dataset in given_.datasets:
                for study in given_.studies:
                    specs = expand(given_, dataset, study)
                    assert len(specs) <= given_.runs(dataset, study)
                    assert bool(specs) == (study in given_.studies_of(dataset))
    finally:
        bench.put_back("params.yaml")


def trees(bench: Bench) -> st.SearchStrategy[Any]:
    """The shipped params, on the grid of the tests or on their own."""
    own = yaml.safe_load(bench.kept["params.yaml"])
    both = copy.deepcopy(own)
    both["datasets"] = ["digits", "mnist"]
    shipped = yaml.safe_load((ROOT / "params.yaml").read_text())
    both["studies"] |= {name: shipped["studies"][name] | {"seeds": 1} for name in ("paper", "calibration", "dropout")}
    return mutations.tree_of(own, ODD) | mutations.tree_of(own, ODD) | mutations.tree_of(both, ODD)


@examples(60)
@given(st.data())
def test_params_that_are_accepted_can_be_planned(digits_bench, data):
    if data.draw(st.integers(0, 4)):
        content = yaml.safe_dump(data.draw(trees(digits_bench)), sort_keys=False, allow_unicode=True).encode()
    else:
        content = data.draw(mutations.bytes_of(digits_bench.kept["params.yaml"]))
    accepted_params_can_be_planned(digits_bench, content)


# --- data -------------------------------------------------------------------------------------------------------------


@examples(80)
@given(st.data())
def test_damaged_prepared_data_are_loaded_or_refused(digits_bench, data):
    """`plan` looks at what the store has of them, and plans without where there are none; a stage would refuse them."""
    from bnrepro.data import datasets
    from bnrepro.errors import BadInput

    name = damaged(data, digits_bench, ["data/prepared/digits/*"])
    try:
        assert digits_bench.run("data/prepared, plan", "plan", outputs="data") == 0
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(digits_bench.folder)
                datasets.load("digits")
            digits_bench.tally["data/prepared", 0] += 1
        except BadInput:
            digits_bench.run("data/prepared", "train", "digits", "depth", names="prepared/digits", outputs="data/runs")
    finally:
        digits_bench.put_back(name)


# --- tables and figures -----------------------------------------------------------------------------------------------


def test_infinite_looks_and_means_beside_their_interval_are_drawn(digits_bench):
    """The first as a run about to diverge leaves them, the second as rounding may."""
    try:
        for name, column, value in (("layers/depth", "travelled", "inf"), ("steps_to_target", "low", "1000")):
            path = digits_bench.folder / f"reports/digits/tables/{name}.csv"
            pd.read_csv(path, keep_default_na=False).assign(**{column: value}).to_csv(path, index=False)
        assert digits_bench.run("tables, plot", "plot", "digits", outputs="reports") == 0
    finally:
        digits_bench.put_back()


@examples(8)
@given(st.data())
def test_damaged_figures_are_used_or_refused(digits_bench, data):
    patterns = ["reports/digits/figures/*.svg"]
    used_or_refused(data, digits_bench, "figures", patterns, "report digits", outputs="reports")


# --- as a user sees it ------------------------------------------------------------------------------------------------

AS_A_USER = [
    ("params.yaml", b"datasets: [digits", "check"),
    ("data/prepared/digits/levels.npy", b"\x93NUMPY\x01\x00", "train digits depth"),
    ("data/raw/digits/labels.npy", b"PK\x03\x04", "prepare digits"),
    ("data/runs/digits/depth/index.json", b"[" * 100_000, "summarize digits"),
    ("reports/digits/tables/speedup.csv", b"\xff\xfe", "plot digits"),
    ("reports/digits/claims.json", b"[NaN]", "report digits"),
]


@pytest.mark.parametrize(
    ("name", "content", "command"), AS_A_USER, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_process_ends_with_2_and_one_line(digits_bench, name, content, command):
    (digits_bench.folder / name).write_bytes(content)
    before = digits_bench.content()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bnrepro", *command.split()],
            cwd=digits_bench.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert line.startswith("Error: ")
        assert Path(name).name in line
        assert digits_bench.content() == before
        digits_bench.tally["as a process", 2] += 1
    finally:
        digits_bench.put_back(name)
