"""`bnrepro package`: an archive that validators accept, with git's files, the same bytes each time."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from datetime import datetime, timezone
from pathlib import Path

import pytest
from rocrate.vocabs import RO_CRATE
from uv import find_uv_bin

from bnrepro.data.registry import SOURCES
from tests import pipeline
from tests.pipeline import ROOT

pytestmark = pytest.mark.slow

LOCK = Path(__file__).with_name("roc_validator.lock")
PROFILES = ("ro-crate-1.1", "workflow-ro-crate", "process-run-crate", "workflow-run-crate")
# ro-crate-py has the terms of RO-Crate 1.3. Of those that an archive uses four were elsewhere in 1.1.
TERMS = RO_CRATE["@context"] | {
    "ComputationalWorkflow": "https://bioschemas.org/ComputationalWorkflow",
    "FormalParameter": "https://bioschemas.org/FormalParameter",
    "input": "https://bioschemas.org/ComputationalWorkflow#input",
    "output": "https://bioschemas.org/ComputationalWorkflow#output",
}
# What is recommended and not there: the authors of CITATION.cff have no address, those of the paper no affiliation, the
# workflow no address; and what the validator takes for software are types of the workflow.
MISSING = {
    ("The organization SHOULD have a URL.", "#the-bnrepro-authors"),
    *(
        (f"The author SHOULD have {what}.", name)
        for what in (
            "an organizational affiliation",
            "a Contextual Entity which specifies the organizational `affiliation`",
        )
        for name in ("#sergey-ioffe", "#christian-szegedy")
    ),
    ("The Application SHOULD have a url", "dvc.yaml"),
    ("The SoftwareApplication id SHOULD be an absolute URI", "http://schema.org/SoftwareSourceCode"),
    ("The SoftwareApplication id SHOULD be an absolute URI", "https://bioschemas.org/ComputationalWorkflow"),
}


@pytest.fixture(scope="module")
def committed(tmp_path_factory):
    """A clone with the committed results of all datasets."""
    made = pipeline.clone(tmp_path_factory.mktemp("committed"), change=None)
    shutil.copytree(ROOT / "reports", made.folder / "reports", ignore=shutil.ignore_patterns("explorer.html"))
    shutil.copy2(ROOT / "dvc.lock", made.folder)
    made.commit("Results")
    return made


@pytest.fixture(scope="module")
def archive(committed):
    """What is packed of it, by its default name."""
    said = committed.run("bnrepro", "package").stdout
    (made,) = committed.folder.glob("*.crate.zip")
    assert said == f"{made.name}: {made.stat().st_size / 1e6:.1f} MB\n"
    assert committed.run("git", "status", "--porcelain").stdout == ""
    return made


@pytest.fixture(scope="module")
def unpacked(archive, tmp_path_factory):
    return unpack(archive, tmp_path_factory.mktemp("unpacked") / "crate")


@pytest.fixture(scope="module")
def graph(unpacked):
    return entities(unpacked)


@pytest.fixture(scope="session")
def validator(pytestconfig):
    """The Python that has the validator, in an environment that stays in pytest's cache until the lock changes."""
    folder = pytestconfig.cache.mkdir("roc-validator")
    python, installed = folder / "bin" / "python", folder / LOCK.name
    if not installed.exists() or installed.read_bytes() != LOCK.read_bytes():
        if "UV_OFFLINE" in os.environ:
            pytest.skip("roc-validator is not installed, and UV_OFFLINE is set")
        subprocess.run([find_uv_bin(), "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
        how = ("--quiet", "--require-hashes", "--requirement", LOCK)
        subprocess.run([find_uv_bin(), "pip", "install", "--python", python, *how], check=True)
        shutil.copyfile(LOCK, installed)
    return python


def unpack(archive, folder):
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
    return folder


def entities(folder):
    graph = json.loads((folder / "ro-crate-metadata.json").read_text())["@graph"]
    assert len({entity["@id"] for entity in graph}) == len(graph)
    return {entity["@id"]: entity for entity in graph}


def issues(validator, folder, profile, severity="REQUIRED"):
    """What the validator has to say, without a network, and of what."""
    command = [validator, "-W", "ignore", ROOT / "tests" / "archive" / "validate.py", folder, profile, severity]
    done = subprocess.run(command, input=json.dumps({"@context": TERMS}), capture_output=True, text=True, check=True)
    return {(message, name.removeprefix("./")) for message, name in json.loads(done.stdout)}


def ids(value):
    """What a property refers to."""
    return [one["@id"] for one in (value if isinstance(value, list) else [value])]


@pytest.mark.parametrize("profile", PROFILES)
def test_it_is_valid(validator, unpacked, profile):
    assert issues(validator, unpacked, profile) == set()


def test_it_has_what_is_recommended(validator, unpacked):
    assert issues(validator, unpacked, "workflow-run-crate", "RECOMMENDED") == MISSING


def test_the_validator_finds_what_is_missing(validator, unpacked, tmp_path):
    """Without a network, and with the context from the cache."""
    shutil.copytree(unpacked, tmp_path / "crate")
    metadata = tmp_path / "crate" / "ro-crate-metadata.json"
    metadata.write_text(metadata.read_text().replace('"instrument"', '"tool"'))
    found = issues(validator, tmp_path / "crate", "workflow-run-crate")
    assert any("instrument" in message for message, _ in found)


def test_what_a_small_grid_made_is_valid_too(validator, clone, tmp_path):
    """One dataset, and claims that its runs do not test."""
    clone.run("bnrepro", "package", str(tmp_path / "own.zip"))
    folder = unpack(tmp_path / "own.zip", tmp_path / "unpacked")
    assert issues(validator, folder, "workflow-run-crate") == set()
    assert ids(entities(folder)["./"]["mentions"]) == ["#run/digits"]


def test_what_is_unpacked_makes_its_results_again(clone, tmp_path):
    """By the pipeline, without git and without a run."""
    clone.run("bnrepro", "package", str(tmp_path / "own.zip"))
    again = pipeline.Clone(unpack(tmp_path / "own.zip", tmp_path / "unpacked"))
    packed = again.contents("reports")
    shutil.rmtree(again.folder / "reports")
    again.run("dvc", "config", "--local", "core.no_scm", "true")  # as the Makefile does
    again.run("dvc", "repro", "--quiet")
    made = again.contents("reports")
    del made["reports/digits/explorer.html"]  # DVC keeps it
    assert made == packed


def test_it_has_gits_files_and_two_more(committed, archive):
    listed = committed.run("git", "ls-tree", "-r", "--format=%(objectmode) %(objectname) %(path)", "HEAD").stdout
    blobs = {name: (mode, digest) for mode, digest, name in (line.split(" ", 2) for line in listed.splitlines())}
    with zipfile.ZipFile(archive) as file:
        entries = {entry.filename: entry for entry in file.infolist()}
        packed = {name: (f"{entry.external_attr >> 16:o}", _blob(file.read(entry))) for name, entry in entries.items()}
    assert {name: packed[name] for name in blobs} == blobs
    assert packed.keys() - blobs.keys() == {"ro-crate-metadata.json", "rubric.json"}


def _blob(content):
    """What git calls this content."""
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest()


def test_the_same_commit_gives_the_same_bytes(committed, archive, tmp_path):
    """In another folder, at another time, by a user with other settings, in a clone that git has converted."""
    settings = {"GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": "tar.umask", "GIT_CONFIG_VALUE_0": "0077"}
    settings |= {"GIT_CONFIG_KEY_1": "core.autocrlf", "GIT_CONFIG_VALUE_1": "true"}
    committed.run("git", "clone", "--quiet", ".", str(tmp_path / "other"), **settings)
    other = pipeline.Clone(tmp_path / "other")
    other.run("bnrepro", "package", str(tmp_path / "again.zip"), **settings, TZ="Asia/Tokyo")
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()
    with zipfile.ZipFile(archive) as file:
        names = [entry.filename for entry in file.infolist()]
        stamps = {entry.date_time for entry in file.infolist()}
    seconds = int(committed.run("git", "log", "-1", "--format=%ct").stdout)
    made = datetime.fromtimestamp(seconds - seconds % 2, timezone.utc)
    assert stamps == {made.timetuple()[:6]}
    assert names == sorted(names)


def test_every_file_is_described_or_in_a_described_folder(unpacked, graph):
    files = [path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()]
    described = [name for name in graph if name != "./" and (unpacked / name).exists()]
    folders = tuple(name for name in described if name.endswith("/"))
    assert [name for name in files if name not in described and not name.startswith(folders)] == []
    silent = [name for name in described if "description" not in graph[name]]
    assert silent == ["ro-crate-metadata.json"]


def test_a_described_file_has_its_size_and_digest(unpacked, graph):
    described = {
        name: graph[name] for name in graph if (unpacked / name).is_file() and name != "ro-crate-metadata.json"
    }
    assert len(described) > 30
    for name, entity in described.items():
        content = (unpacked / name).read_bytes()
        assert (entity["contentSize"], entity["sha256"]) == (str(len(content)), hashlib.sha256(content).hexdigest())


def test_each_dataset_has_a_run_with_what_it_read_and_made(committed, unpacked, graph):
    assert ids(graph["./"]["mentions"]) == [f"#run/{dataset}" for dataset in SOURCES]
    for dataset, source in SOURCES.items():
        run, folder = graph[f"#run/{dataset}"], unpacked / "reports" / dataset
        assert {"params.yaml", f"#data/{dataset}", "requirements.lock"} <= set(ids(run["object"]))
        made = {f"reports/{dataset}/{path.name}{'/' if path.is_dir() else ''}" for path in folder.iterdir()}
        assert made <= set(ids(run["result"]))
        provenance = json.loads((folder / "provenance.json").read_text())
        values = [graph[name] for name in [*ids(run["object"]), *ids(run["result"])] if name.startswith("#run/")]
        assert len(values) == 7
        assert all(value["value"] == str(provenance[value["name"]]) for value in values)
        raw = {graph[name]["name"]: graph[name] for name in ids(graph[f"#data/{dataset}"]["hasPart"])}
        assert {name: (file["sha256"], int(file["contentSize"])) for name, file in raw.items()} == dict(source.files)
        seconds = int(committed.run("git", "log", "-1", "--format=%ct", "--", f"reports/{dataset}").stdout)
        assert datetime.fromisoformat(run["endTime"]).timestamp() == seconds
        assert "startTime" not in run


def test_it_names_commit_software_license_and_paper(committed, unpacked, graph):
    root, commit = graph["./"], committed.run("git", "rev-parse", "HEAD").stdout.strip()
    assert root["identifier"] == f"swh:1:rev:{commit}"
    assert commit in root["description"]
    assert graph[root["citation"]["@id"]]["url"] == "https://arxiv.org/abs/1502.03167"
    assert root["license"]["@id"] == "https://spdx.org/licenses/Apache-2.0"
    workflow = graph[root["mainEntity"]["@id"]]
    pins = (unpacked / "requirements.lock").read_text()
    assert f"\ndvc=={graph[workflow['programmingLanguage']['@id']]['version']} \\" in pins
    software = {graph[name]["name"]: graph[name]["softwareVersion"] for name in ids(workflow["softwareRequirements"])}
    assert f"\ntensorflow=={software['TensorFlow']} \\" in pins
    assert f'requires-python = "{software["Python"]}"' in (unpacked / "pyproject.toml").read_text()


def test_its_rubric_has_evidence_in_it(unpacked):
    def leaves(node):
        return [node] if not node["sub_tasks"] else [leaf for below in node["sub_tasks"] for leaf in leaves(below)]

    found = leaves(json.loads((unpacked / "rubric.json").read_text()))
    assert {leaf["dataset"] for leaf in found} == set(SOURCES)
    for leaf in found:
        for path in [leaf["evidence"]["claims"], *leaf["evidence"]["tables"], *leaf["evidence"]["figures"]]:
            assert (unpacked / path).is_file()


def refused(clone, **environment):
    """The line that says why, when nothing is written."""
    done = clone.run("bnrepro", "package", check=False, **environment)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert list(clone.folder.glob("*.zip*")) == []
    return done.stderr


@pytest.mark.parametrize("name", ["params.yaml", "reports/digits/report.md", "reports/digits/new.csv", "src/new.py"])
def test_changes_that_no_commit_has_are_refused(clone, name):
    with (clone.folder / name).open("a") as file:
        file.write("\n")
    assert f"the tree has changes that no commit has ({name})" in refused(clone)


def test_a_clone_without_history_is_refused(clone, tmp_path):
    """Which says when results were committed; in another clone the same commit would have other times."""
    clone.run("git", "commit", "--quiet", "--allow-empty", "--message", "Later")
    clone.run("git", "clone", "--quiet", "--depth", "1", clone.folder.as_uri(), str(tmp_path / "shallow"))
    assert "`git fetch --unshallow` gets it" in refused(pipeline.Clone(tmp_path / "shallow"))


def test_a_download_without_git_is_refused(clone):
    shutil.rmtree(clone.folder / ".git")
    assert "not a git repository" in refused(clone, GIT_CEILING_DIRECTORIES=str(clone.folder.parent))


def test_a_commit_without_what_is_described_is_refused(clone):
    (clone.folder / "requirements.lock").unlink()
    clone.commit("Without the lock")
    assert "lacks requirements.lock" in refused(clone)


def test_a_link_is_refused(clone):
    (clone.folder / "docs" / "elsewhere").symlink_to("/etc/hostname")
    clone.commit("A link")
    assert "docs/elsewhere is a link" in refused(clone)


def test_a_citation_without_authors_is_bad_input(clone):
    citation = clone.folder / "CITATION.cff"
    citation.write_text(citation.read_text().replace("authors:", "makers:", 1))
    clone.commit("Without authors")
    done = clone.run("bnrepro", "package", check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "CITATION.cff: lacks" in done.stderr
