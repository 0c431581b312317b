"""The container's files: no Docker here, so that its steps are held against what they have to give."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
DEVCONTAINER = ROOT / ".devcontainer" / "devcontainer.json"


def said(instruction):
    """What follows an instruction of the Dockerfile, every time that it is there."""
    return re.findall(rf"^{instruction} (.+)$", DOCKERFILE, re.MULTILINE)


@pytest.fixture
def image(tmp_path):
    """The folder in the image before the environment is made."""
    for copied in said("COPY"):
        _, *names, into = copied.split()
        (tmp_path / into).mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copy2(ROOT / name, tmp_path / into)
    return tmp_path


def test_a_checkout_accepts_the_environment_of_the_image(image):
    """`make` would make it anew if its mark were another one, and could not: it is a volume."""

    def mark(folder):
        steps = ["make", "--always-make", "--dry-run", "environment"]
        done = subprocess.run(steps, cwd=folder, capture_output=True, text=True, check=True)
        return re.findall(r"^touch (.+)$", done.stdout, re.MULTILINE)

    assert mark(image) == mark(ROOT)


def test_the_image_runs_the_sources_of_the_checkout_that_covers_it(image):
    """The project can be built from what the image has of it, as a link to where a checkout's sources will be."""
    build = "from setuptools import build_meta; print(build_meta.build_editable('.'))"
    done = subprocess.run([sys.executable, "-c", build], cwd=image, capture_output=True, text=True, check=True)
    with zipfile.ZipFile(image / done.stdout.splitlines()[-1]) as wheel:
        (link,) = [name for name in wheel.namelist() if name.endswith(".pth")]
        assert wheel.read(link).decode().strip() == str(image / "src")


def test_the_builder_is_sent_what_it_copies():
    sent = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(sent) == sorted(name for copied in said("COPY") for name in copied.split()[1:-1])


def test_an_editor_opens_the_checkout_where_the_image_expects_it():
    opened = json.loads(DEVCONTAINER.read_text(encoding="utf-8"))
    (folder,) = said("WORKDIR")
    assert (DEVCONTAINER.parent / opened["build"]["dockerfile"]).resolve() == ROOT / "Dockerfile"
    assert (DEVCONTAINER.parent / opened["build"]["context"]).resolve() == ROOT
    assert opened["workspaceFolder"] == folder
    assert f"target={folder}," in opened["workspaceMount"]
    settings = opened["customizations"]["vscode"]["settings"]
    assert settings["python.defaultInterpreterPath"] == f"{folder}/.venv/bin/python"
    assert said("VOLUME") == [f"{folder}/.venv"]
    assert f"useradd --create-home --uid {said('USER')[0]} {opened['remoteUser']}" in DOCKERFILE
