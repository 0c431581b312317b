"""How `make` builds the environment, with stand-ins for Python and uv; and the comparison that CI relies on."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests import compare_reports

ROOT = Path(__file__).parents[1]
COMMITTED = ROOT / "reports" / "digits"
TOOLS = ("make", "sh", "awk", "cat", "chmod", "cksum", "cp", "dirname", "mkdir", "rm", "touch")
LOCK = r"""setuptools==84.0 \
    --hash=sha256:aa
tensorflow==2.21.0 \
    --hash=sha256:bb
uv==0.13.9 \
    --hash=sha256:cc
"""

# Runs what it is asked by the Python of the tests, which takes itself for another one.
PYTHON = """#!/bin/sh
if [ "$1" = -c ]; then
    exec {python} -IS -c 'import platform, sys
code, machine = sys.argv[1:]
{disguise}
sys.argv = ["-c", machine]
exec(code)' "$2" "$3"
fi
echo "{name} $*" >> {log}
case "$*" in
"-m venv"*) {venv} && mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
*uv.lock*)
    cat .venv/uv.lock >> {log}
    case "$*" in *--target*) to=.venv/uv/bin ;; *) to=$(dirname "$0") ;; esac
    mkdir -p "$to" && cp {uv} "$to/uv" ;;
*"-r requirements.lock"*) [ ! -e full ] ;;
esac
"""
UV = """#!/bin/sh
[ "$1" = --version ] || echo "uv $*" >> {log}
[ "$1" != venv ] || {{ [ ! -e offline ] && mkdir -p .venv/bin; }} || exit 2
case "$*" in
*"-r requirements.lock"*) [ ! -e full ] && [ ! -e offline ] ;;
pip*) [ ! -e offline ] ;;
esac
"""


class Machine:
    """A project of two packages in a folder, and a PATH with what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder / "project", folder / "log"
        self.bin, self.uv = folder / "bin", folder / "uv"
        self.folder.mkdir()
        self.bin.mkdir()
        for name in ("Makefile", "environment.sh", "pyproject.toml"):
            shutil.copyfile(ROOT / name, self.folder / name)
        for name in ("requirements.lock", "requirements-gpu.lock"):
            (self.folder / name).write_text(LOCK)
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool))
        self.program(self.uv, UV.format(log=self.log))
        self.system("Linux", "x86_64")
        self.program(self.bin / "getconf", "#!/bin/sh\n")

    def program(self, path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o755)

    def system(self, system: str, machine: str) -> None:
        names = f'#!/bin/sh\ncase $1 in -s) echo "{system}" ;; *) echo "{machine}" ;; esac\n'
        self.program(self.bin / "uname", names)

    def python(self, name: str, version: str, disguise: str = "", venv: str = "true") -> None:
        lines = [
            f"sys.version_info = ({version.replace('.', ', ')}, 1)",
            'platform.machine = lambda: "x86_64"',
            disguise,
        ]
        fields = {"name": name, "disguise": "\n".join(lines), "venv": venv, "log": self.log, "uv": self.uv}
        self.program(self.bin / name, PYTHON.format(python=sys.executable, **fields))

    def make(self, *words: str) -> subprocess.CompletedProcess[str]:
        self.log.write_text("")
        environment = {"PATH": str(self.bin)}
        command = ["make", "environment", *words]
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)

    def calls(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def refusal(done):
    """The one line that says why, and what to do."""
    assert done.returncode == 2
    line, *others = done.stderr.splitlines()
    assert all(other.startswith("make: ***") for other in others)
    return line


WITHOUT_VENV = 'sys.modules["ensurepip"] = None'  # as Debian has it
OTHERS = [
    WITHOUT_VENV,
    'sys.implementation.name = "pypy"',
    "sys.maxsize = 2**31 - 1",
    'platform.machine = lambda: "arm64"',
]


@pytest.mark.parametrize(
    ("pythons", "taken"),
    [
        ("3.10 3.11 3.12 3.13", "python3.11"),
        ("3.10 3.12 3.13", "python3.12"),
        ("3.10 3.13", "python3.13"),
        ("3.9 3.10 3.14", "python3.10"),
    ],
)
def test_any_python_of_the_four_does(machine, pythons, taken):
    for version in pythons.split():
        machine.python(f"python{version}", version)
    done = machine.make()
    assert done.returncode == 0, done.stderr
    first, *others = machine.calls()
    assert first == f"{taken} -m venv .venv"
    assert [call for call in others if "--require-hashes" in call][-1].endswith("-r requirements.lock")
    assert others[-1].endswith("-e .")


def test_a_python_without_a_version_in_its_name_does_too(machine):
    machine.python("python3", "3.12")
    assert machine.make().returncode == 0
    assert machine.calls()[0] == "python3 -m venv .venv"


@pytest.mark.parametrize("disguise", OTHERS)
def test_a_python_that_would_not_do_is_passed_over(machine, disguise):
    machine.python("python3.11", "3.11", disguise)
    machine.python("python3.13", "3.13")
    assert machine.make().returncode == 0
    assert machine.calls()[0] == "python3.13 -m venv .venv"


def test_the_shim_of_a_python_that_is_not_there_is_passed_over(machine):
    machine.program(machine.bin / "python3.11", "#!/bin/sh\necho 'version 3.11 is not installed' >&2\nexit 127\n")
    machine.python("python3.13", "3.13")
    done = machine.make()
    assert (done.returncode, done.stderr) == (0, "")
    assert machine.calls()[0] == "python3.13 -m venv .venv"


def test_a_python_can_be_named(machine):
    machine.python("python3.11", "3.11")
    machine.python("my python", "3.13")
    done = machine.make(f"PYTHON={machine.bin / 'my python'}")
    assert done.returncode == 0, done.stderr
    assert machine.calls()[0] == "my python -m venv .venv"


def test_a_python_that_is_named_and_would_not_do_is_refused(machine):
    machine.python("python3.11", "3.11")
    machine.python("python3.9", "3.9")
    assert refusal(machine.make("PYTHON=python3.9")).startswith("PYTHON=python3.9: it has to be")
    assert machine.calls() == []


def test_uv_brings_a_python_where_none_is_found(machine):
    machine.python("python3.14", "3.14")
    (machine.bin / "uv").symlink_to(machine.uv)
    done = machine.make()
    assert done.returncode == 0, done.stderr
    first, *others = machine.calls()
    assert first.startswith("uv venv")
    assert first.endswith("--python 3.11 .venv")
    assert all(call.startswith("uv pip install") for call in others)
    assert len(others) == 3


@pytest.mark.parametrize("venv", ["true", "false"])
def test_a_locked_uv_is_fetched_where_there_is_none(machine, venv):
    machine.python("python3.9", "3.9", venv=venv)
    done = machine.make()
    assert done.returncode == 0, done.stderr
    calls = machine.calls()
    fetched = next(number for number, call in enumerate(calls) if call.endswith("--require-hashes -r .venv/uv.lock"))
    assert ("--target .venv/uv" in calls[fetched]) == (venv == "false")
    assert calls[fetched + 1 : fetched + 3] == ["uv==0.13.9 \\", "    --hash=sha256:cc"]
    assert calls[fetched + 3].startswith("uv venv")
    assert not (machine.folder / ".venv" / "uv").exists()


@pytest.mark.parametrize("offline", [False, True])
def test_the_locked_uv_installs_or_where_it_has_no_index_pip_does(machine, offline):
    machine.python("python3.11", "3.11")
    if offline:
        (machine.folder / "offline").touch()
    done = machine.make()
    assert (done.returncode, done.stderr) == (0, "")
    (installed,) = (call for call in machine.calls() if call.endswith("-r requirements.lock"))
    assert installed.startswith("python3.11 -m pip install" if offline else "uv pip install")


def test_one_line_says_what_to_install_where_there_is_nothing(machine):
    assert refusal(machine.make()).startswith("Python 3.10 to 3.13 with venv is needed: install one")


def test_the_same_line_where_uv_can_bring_nothing(machine):
    (machine.bin / "uv").symlink_to(machine.uv)
    (machine.folder / "offline").touch()
    assert refusal(machine.make()).startswith("Python 3.10 to 3.13 with venv is needed: install one")


@pytest.mark.parametrize(
    "system", [("Linux", "i686"), ("Linux", "armv7l"), ("Darwin", "x86_64"), ("MINGW64_NT-10.0", "x86_64")]
)
def test_other_systems_are_refused(machine, system):
    machine.python("python3.11", "3.11")
    machine.system(*system)
    assert refusal(machine.make()).endswith(f"this is {' '.join(system)}")
    assert machine.calls() == []


def test_a_linux_without_the_gnu_c_library_is_refused(machine):
    machine.python("python3.11", "3.11")
    machine.program(machine.bin / "getconf", "#!/bin/sh\nexit 1\n")
    assert "GNU C library" in refusal(machine.make())


def test_half_an_environment_does_not_count(machine):
    machine.python("python3.11", "3.11")
    (machine.folder / "full").touch()
    assert machine.make().returncode == 2
    assert not any(call.endswith("-e .") for call in machine.calls())
    (machine.folder / "full").unlink()
    assert machine.make().returncode == 0
    assert machine.calls()[0] == "python3.11 -m venv .venv"


def test_an_environment_is_made_once_and_again_for_another_lock(machine):
    machine.python("python3.11", "3.11")
    for calls in (True, False):
        assert machine.make().returncode == 0
        assert bool(machine.calls()) == calls
    lock = machine.folder / "requirements.lock"
    lock.write_text(LOCK.replace("aa", "dd"))
    os.utime(lock, (0, 0))  # as an archive may unpack it
    assert machine.make().returncode == 0
    assert machine.calls()[0] == "python3.11 -m venv .venv"


def test_the_environment_in_use_does_not_make_the_next_one(machine):
    machine.python("python3.12", "3.12")
    assert machine.make().returncode == 0
    shutil.copy(machine.bin / "python3.12", machine.folder / ".venv" / "bin" / "python3.11")
    (machine.folder / "requirements.lock").write_text(LOCK.replace("aa", "dd"))
    assert machine.make().returncode == 0
    assert machine.calls()[0] == "python3.12 -m venv .venv"


def test_the_extra_is_installed_where_it_is_asked_for(machine):
    machine.python("python3.11", "3.11")
    assert machine.make().returncode == 0
    assert not any("requirements-gpu.lock" in call for call in machine.calls())
    assert machine.make("EXTRA=gpu").returncode == 0
    (call,) = machine.calls()
    assert call.endswith("--require-hashes --no-deps -r requirements-gpu.lock")
    assert machine.make("EXTRA=gpu").returncode == 0
    assert machine.calls() == []


@pytest.mark.parametrize("extra", ["tpu", "gpu tpu"])
def test_another_extra_is_refused(machine, extra):
    assert f"EXTRA={extra}: there is gpu" in machine.make(f"EXTRA={extra}").stderr


def test_a_mac_gets_no_libraries_of_cuda(machine):
    machine.system("Darwin", "arm64")
    machine.python("python3.11", "3.11", 'platform.machine = lambda: "arm64"')
    assert machine.make().returncode == 0
    assert refusal(machine.make("EXTRA=gpu")) == "EXTRA=gpu: CUDA's libraries are for Linux"


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
    [
        ("final_accuracy", "0.966667", "0.964667", "0.866667"),
        ("steps_to_target", ",1236.67,", ",1286.67,", ",2236.67,"),
    ],
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
