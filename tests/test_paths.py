"""Where things lie, and that what is written appears whole or not at all."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bnrepro import paths
from bnrepro.errors import BadInput


def test_the_root_is_found_from_a_subfolder(project, monkeypatch):
    deep = project / "src" / "deep"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert paths.root() == project
    assert paths.prepared("digits") == project / "data" / "prepared" / "digits"


@pytest.mark.parametrize("missing", ["params.yaml", "dvc.yaml"])
def test_a_folder_with_one_of_the_two_files_is_no_project(project, missing):
    (project / missing).unlink()
    with pytest.raises(BadInput) as caught:
        paths.root()
    assert caught.value.exit_code == 2
    assert str(project) in caught.value.message
    assert "clone of the project" in caught.value.message
    assert len(caught.value.message.splitlines()) == 1


def test_the_innermost_project_wins(project, monkeypatch):
    inner = project / "vendored"
    inner.mkdir()
    for file in ("params.yaml", "dvc.yaml"):
        (inner / file).touch()
    monkeypatch.chdir(inner)
    assert paths.root() == inner


def temporary_copy(project: Path) -> Path:
    """A folder as `dvc exp run --temp` makes it."""
    copy = project / ".dvc" / "tmp" / "exps" / "xyz"
    copy.mkdir(parents=True)
    for file in ("params.yaml", "dvc.yaml"):
        (copy / file).touch()
    return copy


def test_an_experiments_copy_shares_the_store_and_keeps_its_data_apart(project, monkeypatch):
    copy = temporary_copy(project)
    below = copy / "data"
    below.mkdir()
    for folder in (copy, below):
        monkeypatch.chdir(folder)
        assert paths.root() == copy
        assert paths.home() == project
        assert paths.store() == project / ".bnrepro" / "store"
        assert paths.runs("digits", "depth") == copy / "data" / "runs" / "digits" / "depth"


@pytest.mark.parametrize("folder", [".dvc/tmp/other/xyz", "tmp/exps/xyz", ".dvc/exps/xyz", ".dvc/other/exps/xyz"])
def test_a_folder_that_only_looks_like_an_experiments_copy_is_its_own_home(project, monkeypatch, folder):
    inner = project / folder
    inner.mkdir(parents=True)
    for file in ("params.yaml", "dvc.yaml"):
        (inner / file).touch()
    monkeypatch.chdir(inner)
    assert paths.home() == inner


def listing(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_replacing_puts_the_new_folder_in_the_place_of_the_old(tmp_path):
    target = tmp_path / "made" / "on the way"
    for text in ("first", "second"):
        with paths.replacing(target) as folder:
            (folder / text).write_text(text)
    assert listing(tmp_path) == {"made/on the way/second": "second"}
    assert [path.name for path in target.parent.iterdir()] == ["on the way"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_replacing_leaves_nothing_after_an_error(tmp_path, error):
    target = tmp_path / "target"
    target.mkdir()
    (target / "old").write_text("old")

    def stop_half_way() -> None:
        with paths.replacing(target) as folder:
            (folder / "half").write_text("half")
            raise error

    with pytest.raises(error):
        stop_half_way()
    assert listing(tmp_path) == {"target/old": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_replacing_clears_what_a_killed_process_left(tmp_path):
    target = tmp_path / "target"
    with paths.replacing(target) as folder:
        remains = folder  # where a killed process leaves its half
        (folder / "new").write_text("new")
    remains.mkdir()
    (remains / "half").write_text("half")
    with paths.replacing(target) as folder:
        (folder / "newer").write_text("newer")
    assert listing(tmp_path) == {"target/newer": "newer"}


KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from bnrepro import paths

moment, target, beside = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])

def dying(do):
    def call(*arguments, **options):
        global moment
        moment -= 1
        if moment < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return do(*arguments, **options)
    return call

os.replace, shutil.rmtree = dying(os.replace), dying(shutil.rmtree)
with paths.replacing(target, beside) as folder:
    (folder / "new").write_text("new")
"""


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize(
    ("moment", "healed"),
    [(0, "old"), (1, "old"), (2, "new")],
    ids=["before both renames", "between the renames", "after both"],
)
def test_a_kill_while_a_folder_is_replaced_leaves_the_old_one_or_the_new_one(tmp_path, moment, healed, elsewhere):
    target, beside = tmp_path / "target", tmp_path / "partial" if elsewhere else tmp_path
    target.mkdir()
    (target / "old").write_text("old")
    command = [sys.executable, "-c", KILLED, str(moment), str(target), str(beside)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    with pytest.raises(RuntimeError), paths.replacing(target, beside):
        raise RuntimeError
    assert listing(tmp_path) == {f"target/{healed}": healed}
    assert [path.name for path in beside.iterdir()] == ([] if elsewhere else ["target"])


@pytest.mark.parametrize("kind", ["link to a folder", "dangling link", "file"])
def test_replacing_takes_the_place_of_a_link_or_a_file_too(tmp_path, kind):
    other, target = tmp_path / "other", tmp_path / "target"
    other.mkdir()
    (other / "kept").write_text("kept")
    if kind == "file":
        target.write_text("old")
    else:
        target.symlink_to(other if kind == "link to a folder" else tmp_path / "nowhere")
    with paths.replacing(target) as folder:
        (folder / "new").write_text("new")
    assert listing(tmp_path) == {"other/kept": "kept", "target/new": "new"}
    assert not target.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "target"]


def test_a_folder_whose_place_cannot_be_taken_goes_back(tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "old").write_text("old")
    with pytest.raises(FileNotFoundError), paths.replacing(target) as folder:
        folder.rmdir()
    assert listing(tmp_path) == {"target/old": "old"}


def test_a_lock_within_a_shared_folder_is_that_of_all_who_link_to_it(project, tmp_path_factory):
    """As of two clones with one run store, each by a path of its own."""
    shared, said = tmp_path_factory.mktemp("shared"), "waiting"
    link = project / "store"
    link.symlink_to(shared)
    holding = (
        "import sys; from pathlib import Path; from bnrepro import paths\n"
        f"with paths.locked('train', within=Path({str(shared)!r})): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holding], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        waiting = (
            "from pathlib import Path; from bnrepro import paths\n"
            f"with paths.locked('train', {said!r}, Path({str(link)!r})): pass"
        )
        with subprocess.Popen([sys.executable, "-c", waiting], stdout=subprocess.PIPE, text=True) as second:
            assert second.stdout.readline() == f"{said}\n"
            assert second.poll() is None
            other.stdin.close()
            assert second.wait(60) == 0


def test_write_text_makes_the_folder_and_replaces_whole(tmp_path):
    target = tmp_path / "reports" / "report.md"
    paths.write_text(target, "a long first text")
    paths.write_text(target, "kurz: ü")
    assert target.read_bytes() == "kurz: ü".encode()
    assert [path.name for path in target.parent.iterdir()] == ["report.md"]


def test_a_text_that_cannot_be_written_leaves_the_old_one(tmp_path):
    target = tmp_path / "report.md"
    paths.write_text(target, "old")
    with pytest.raises(UnicodeEncodeError):
        paths.write_text(target, "half, then a lone surrogate: \ud800")
    assert target.read_text() == "old"
