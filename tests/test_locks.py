"""The locks: every package for every platform and Python, by hash."""

import importlib.metadata
import itertools
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from uv import find_uv_bin

ROOT = Path(__file__).parents[1]
UV = find_uv_bin()  # looked up once: it is not safe in threads
LOCKS = ("requirements.lock", "requirements-gpu.lock")
# uv's name of a platform, and what markers call it
PLATFORMS = {
    "x86_64-manylinux_2_28": ("linux", "x86_64"),
    "aarch64-manylinux_2_28": ("linux", "aarch64"),
    "aarch64-apple-darwin": ("darwin", "arm64"),
}
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
ANYWHERE = list(itertools.product(PLATFORMS, PYTHONS))
# What has no wheel: pure Python of an old release, which the locked setuptools builds.
SOURCE = "antlr4-python3-runtime"


def entries(lock):
    """Requirement and hashes of each pin."""
    text = re.sub(r"^ *#.*\n", "", (ROOT / lock).read_text(), flags=re.MULTILINE)
    for entry in re.split(r"\n(?=\S)", text.replace("\\\n", "").strip()):
        pin, *hashes = entry.split("--hash=sha256:")
        yield Requirement(pin.strip()), [digest.strip() for digest in hashes]


def marks(platform, python):
    system, machine = PLATFORMS[platform]
    cpython = {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
    versions = {"python_version": python, "python_full_version": f"{python}.4"}
    return {"sys_platform": system, "platform_machine": machine, **cpython, **versions}


def locked(lock, platform, python):
    """What is installed there: versions by name."""
    here = marks(platform, python)
    pins = [pin for pin, _ in entries(lock) if pin.marker is None or pin.marker.evaluate(here)]
    versions = {pin.name: next(iter(pin.specifier)).version for pin in pins}
    assert len(versions) == len(pins)
    return versions


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_and_hashes_everything(lock):
    assert "://" not in (ROOT / lock).read_text()
    found = list(entries(lock))
    assert len(found) > 10
    for pin, hashes in found:
        assert [specifier.operator for specifier in pin.specifier] == ["=="]
        assert hashes
        assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in hashes)


@pytest.mark.parametrize(("platform", "python"), ANYWHERE)
def test_the_lock_has_what_the_project_asks_for(platform, python):
    versions = locked("requirements.lock", platform, python)
    for extra in ("", "cluster", "test", "lint", "build"):
        for line in importlib.metadata.requires("bnrepro"):
            asked = Requirement(line)
            if asked.marker is None or asked.marker.evaluate({**marks(platform, python), "extra": extra}):
                assert asked.specifier.contains(versions[canonicalize_name(asked.name)]), line


def test_three_pythons_get_the_same_versions():
    """So that records and figures have the same bytes; Python 3.10 has to do with older ones."""
    for platform in PLATFORMS:
        first, *others = (locked("requirements.lock", platform, python) for python in ("3.11", "3.12", "3.13"))
        assert all(other == first for other in others)


@pytest.mark.parametrize(("platform", "python"), ANYWHERE)
def test_the_lock_of_the_extra_has_what_this_tensorflow_asks_for_on_a_gpu(platform, python):
    """And nothing that the other lock has. There is no CUDA for a Mac."""
    versions = locked("requirements-gpu.lock", platform, python)
    lines = [line for line in importlib.metadata.requires("tensorflow") if "and-cuda" in line]
    asked = {requirement.name: requirement.specifier for requirement in map(Requirement, lines)}
    assert len(asked) > 10
    if platform == "aarch64-apple-darwin":
        assert versions == {}
        return
    assert versions.keys() == asked.keys()
    assert all(asked[name].contains(version) for name, version in versions.items())
    assert not versions.keys() & locked("requirements.lock", platform, python).keys()


def uv(*arguments):
    """The index is asked; no wheel is fetched."""
    if "UV_OFFLINE" in os.environ:
        pytest.skip("UV_OFFLINE is set")
    done = subprocess.run([UV, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.slow
@pytest.mark.parametrize("lock", LOCKS)
def test_there_is_a_wheel_of_everything_for_every_platform_and_python(lock, tmp_path):
    def found(platform, python):
        target = str(tmp_path / f"{platform}-{python}")
        where = ("--python-platform", platform, "--python-version", python, "--target", target)
        how = ("--dry-run", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-binary", SOURCE)
        done = uv("pip", "install", *how, *where, "-r", lock)
        return sorted(re.findall(r"^ \+ (\S+)==", done.stderr, re.MULTILINE))

    with ThreadPoolExecutor(8) as pool:  # they wait for the index most of the time
        wheels = dict(zip(ANYWHERE, pool.map(found, *zip(*ANYWHERE, strict=True)), strict=True))
    assert wheels == {where: sorted(locked(lock, *where)) for where in ANYWHERE}


@pytest.mark.slow
@pytest.mark.parametrize("lock", LOCKS)
def test_the_hashes_are_those_of_the_index(lock, tmp_path):
    """A dry run does not compare them. Files may have been added since, for Pythons to come."""
    pins, again = tmp_path / "pins.txt", tmp_path / "again.txt"
    pins.write_text("".join(f"{pin}\n" for pin, _ in entries(lock)))
    how = ("--universal", "--python-version", "3.10", "--no-deps", "--no-annotate", "--no-header", "--generate-hashes")
    uv("pip", "compile", *how, "--quiet", "--output-file", str(again), str(pins))
    now = {(pin.name, str(pin.specifier)): hashes for pin, hashes in entries(again)}
    for pin, hashes in entries(lock):
        assert set(hashes) <= set(now[pin.name, str(pin.specifier)]), pin
