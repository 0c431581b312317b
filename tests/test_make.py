"""The Makefile where the machine lacks something, and the comparison of reports that CI relies on."""

import json
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from tests import compare_reports

ROOT = Path(__file__).parents[1]
COMMITTED = ROOT / "reports" / "digits"


def test_one_line_says_what_to_install_where_python_is_missing(tmp_path):
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("make", "sh", "rm", "awk"):
        (tools / tool).symlink_to(shutil.which(tool))
    done = subprocess.run(
        ["make", "test"], cwd=tmp_path, env={"PATH": str(tools)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    first, *others = done.stderr.splitlines()
    assert first.startswith("Python 3.11 with venv is needed: install it")
    assert all(line.startswith("make: ***") for line in others)
    assert not (tmp_path / ".venv").exists()


def test_the_lock_names_no_index_and_hashes_everything():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    assert not [line for line in lines if "://" in line or line.startswith("-")]
    pins = [i for i, line in enumerate(lines) if line and line[0] not in " #"]
    assert all("==" in lines[i] and lines[i + 1].lstrip().startswith("--hash=sha256:") for i in pins)


@pytest.fixture
def made(tmp_path):
    shutil.copytree(COMMITTED, tmp_path / "made")
    return tmp_path / "made"


def on_another_processor(made):
    path = made / "provenance.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "processor": "AuthenticAMD x86-64-v3"}))


def test_equal_reports_are_equal(made):
    assert compare_reports.main(COMMITTED, made) == 0


@pytest.mark.parametrize("change", ["altered", "missing", "added"])
def test_a_single_byte_counts_on_the_same_kind_of_processor(made, change):
    path = made / "figures" / "iterations_to_target.svg"
    if change == "altered":
        path.write_bytes(path.read_bytes()[:-1])
    elif change == "missing":
        path.unlink()
    else:
        (made / "more.txt").touch()
    assert compare_reports.main(COMMITTED, made) == 1


@pytest.mark.parametrize(
    ("name", "committed", "near", "far"),
    [("final_accuracy", "0.9624", "0.9604", "0.8624"), ("steps_to_target", ",1210,", ",1260,", ",2210,")],
)
def test_elsewhere_numbers_may_differ_a_little_and_not_much(made, name, committed, near, far):
    on_another_processor(made)
    table = made / "tables" / f"{name}.csv"
    original = table.read_text()
    assert committed in original
    table.write_text(original.replace(committed, near))
    assert compare_reports.main(COMMITTED, made) == 0
    table.write_text(original.replace(committed, far))
    assert compare_reports.main(COMMITTED, made) == 1


@pytest.mark.parametrize(("column", "value"), [("reached", 0), ("mode", "other")])
def test_elsewhere_runs_have_to_arrive_too(made, column, value):
    on_another_processor(made)
    path = made / "tables" / "steps_to_target.csv"
    table = pd.read_csv(path, keep_default_na=False)
    table.loc[table["implementation"] == "canned_estimator", column] = value
    table.to_csv(path, index=False)
    assert compare_reports.main(COMMITTED, made) == 1
