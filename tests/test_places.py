"""Where people keep a clone: other git settings, no git at all, full or read-only places, files with unlucky names."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import pipeline, processes

ROOT = Path(__file__).parents[1]


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """What a command that failed says."""
    assert done.returncode == 1, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    return line


# --- git --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["core.autocrlf=true", "core.eol=crlf"])
def test_files_have_the_committed_bytes_whatever_git_converts(tmp_path, setting):
    """Digests are taken of them."""
    clone = pipeline.Clone(tmp_path / "clone")
    made = pipeline.Clone(tmp_path / "made")
    made.folder.mkdir()
    for name in (".gitattributes", "params.yaml", "dvc.yaml", "src/bnrepro/paths.py", "data/reference/figure_1a.csv"):
        (made.folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, made.folder / name)
    (tmp_path / "attributes").write_text("* text=auto\n")  # some keep such a file for all their repositories
    made.run("git", "init", "--quiet")
    made.run("git", "config", "user.name", "Test")
    made.run("git", "config", "user.email", "test@example.org")
    made.commit("The project")
    theirs = ("-c", setting, "-c", f"core.attributesFile={tmp_path / 'attributes'}")
    made.run("git", "clone", "--quiet", *theirs, str(made.folder), str(clone.folder))
    shutil.rmtree(made.folder / ".git")
    shutil.rmtree(clone.folder / ".git")
    assert clone.contents(".") == made.contents(".")


@pytest.mark.slow
def test_a_download_without_git_is_reproduced(tmp_path):
    """And `make paper` says at once what it needs git for."""
    download = pipeline.clone(tmp_path)
    shutil.rmtree(download.folder / ".git")
    done = download.run("make", "paper", check=False)
    assert "needs git" in done.stderr.splitlines()[0]
    assert not (download.folder / ".venv").exists()
    (download.folder / ".venv").mkdir()
    download.run("make", "--touch", "environment")  # it is that of the tests
    download.run("make", "reproduce")
    assert (download.folder / "reports/digits/report.html").is_file()


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_clone_of_another_user_is_planned_and_not_cited(clone):
    """A container has its volumes so. Git does not read the history there."""
    shutil.rmtree(clone.folder / "data" / "prepared")
    clone.run("chown", "--recursive", "1234", str(clone.folder))
    assert "dubious ownership" in one_line(clone.run("bnrepro", "cite", "digits/layers", check=False))
    assert "data/prepared/digits: " in clone.run("bnrepro", "plan", "--why").stdout


# --- full and read-only places ----------------------------------------------------------------------------------------


def on_a_disk(clone: pipeline.Clone, mount: str, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command where a disk was mounted, in a namespace of its own."""
    inside = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
    if subprocess.run([*inside, mount], capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    return clone.run(*inside, f'{mount} && exec "$@"', "sh", *command, check=False, **variables)


@pytest.mark.slow
@pytest.mark.parametrize("options", ["size=4k,nr_inodes=1", "ro"])
def test_a_command_whose_workers_have_no_shared_memory_names_it(clone, options):
    shutil.rmtree(clone.folder / ".bnrepro" / "store")
    for command in ("train digits depth", "verify digits --runs 1"):
        done = on_a_disk(clone, f"mount -t tmpfs -o {options} none /dev/shm", "bnrepro", *command.split())
        line = one_line(done)
        assert "no worker can be started" in line
        assert "/dev/shm" in line


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", ["verify digits --runs 0", "verify digits --runs 1", "cite digits/iterations_to_target"]
)
@pytest.mark.parametrize("size", ["16k", "100k", "700k"])  # Python looks for another place only where nothing fits
def test_a_command_that_finds_no_room_for_temporary_files_names_the_place(clone, tmp_path, command, size):
    temporary = tmp_path / "temporary files"
    temporary.mkdir()
    mount = f"mount -t tmpfs -o size={size} none '{temporary}'"
    line = one_line(on_a_disk(clone, mount, "bnrepro", *command.split(), TMPDIR=str(temporary)))
    assert line == f"Error: temporary files in {temporary}: No space left on device; TMPDIR can name another folder"


# --- the working folder -----------------------------------------------------------------------------------------------

UNLUCKY = ("random.py", "types.py", "loky.py", "numpy.py", "multiprocessing.py", "logging.py")


@pytest.mark.slow
@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 always looks into the working folder first")
def test_files_of_the_working_folder_are_not_taken_for_pythons(reproduced, clone):
    for name in UNLUCKY:
        (clone.folder / name).write_text("raise RuntimeError('of the working folder')\n")
    shutil.rmtree(clone.folder / ".bnrepro" / "store")
    clone.run("bnrepro", "train", "digits", "depth")
    assert clone.contents("data/runs") == reproduced.contents("data/runs")
    done = clone.run("bnrepro", "verify", "digits", "--runs", "1", check=False)
    assert "of the working folder" not in done.stdout + done.stderr


# --- containers -------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="a quota of one core is no limit here")
def test_workers_are_as_many_as_a_containers_quota_allows(tmp_path):
    """`docker run --cpus=1` shows all cores, and gives the time of one."""
    quota = "mount -t tmpfs none /sys/fs/cgroup && echo 100000 100000 > /sys/fs/cgroup/cpu.max"
    code = "from bnrepro.records import machine; print(machine.cores())"
    done = on_a_disk(pipeline.Clone(tmp_path), quota, sys.executable, "-c", code)
    assert done.stdout == "1\n", done.stderr


def test_make_has_dvc_work_whatever_the_users_shell_is():
    """DVC calls $SHELL. Apptainer hands down the host's, which a container may lack; a service's account has none."""
    target = 'show: ; @python -c \'import subprocess, os; subprocess.run([os.environ["SHELL"], "-c", "echo ran"])\''
    for shell in ("/bin/not-installed", "/bin/false"):
        assert (
            pipeline.Clone(ROOT).run("make", "--no-print-directory", f"--eval={target}", "show", SHELL=shell).stdout
            == "ran\n"
        )


def test_make_gives_a_user_without_a_name_one():
    """`docker run --user 12345`: DVC asks getpass, which finds no such user."""
    inside = ("unshare", "--user", "--map-user=12345", "--map-group=12345", "env", "-u", "LNAME", "-u", "USERNAME")
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user without a name can be made here")
    target = "--eval=show: ; @python -c 'import getpass; print(getpass.getuser())'"
    clone = pipeline.Clone(ROOT)
    assert (
        clone.run(*inside, "-u", "LOGNAME", "-u", "USER", "make", "--no-print-directory", target, "show").stdout
        == "nobody\n"
    )
    assert (
        clone.run(*inside, "-u", "LOGNAME", "USER=me", "make", "--no-print-directory", target, "show").stdout == "me\n"
    )


# --- two clones, one run store ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_two_clones_that_share_a_store_train_every_run_once(tmp_path):
    """The second waits for the first, and removes nothing of it."""
    shared = tmp_path / "store"
    clones = [pipeline.clone(tmp_path / name, pipeline.longer) for name in ("one", "two")]
    for clone in clones:
        (clone.folder / ".bnrepro").mkdir()
        (clone.folder / ".bnrepro" / "store").symlink_to(shared)
        for stage in ("fetch", "prepare"):
            clone.run("bnrepro", stage, "digits")
    shared.mkdir()
    first = clones[0].start("bnrepro", "train", "digits", "depth")
    clones[0].wait_for_records(1, first)
    os.kill(first.pid, signal.SIGSTOP)  # until the second has met it
    log = tmp_path / "said"
    with log.open("w") as file:
        second = clones[1].start("bnrepro", "train", "digits", "depth", stdout=file)
    processes.wait_until(lambda: "Another training uses the run store; waiting for it to end." in log.read_text())
    os.kill(first.pid, signal.SIGCONT)
    output, _ = first.communicate(timeout=600)
    assert (first.returncode, second.wait(timeout=600)) == (0, 0), output + log.read_text()
    assert "12 of them in the store, 0 to train" in log.read_text()
    assert clones[0].contents("data/runs") == clones[1].contents("data/runs")
    assert processes.at_work_in(clones[0].folder) == []
    assert list(shared.glob("partial/*")) == []
