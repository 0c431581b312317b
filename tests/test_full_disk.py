"""A disk that is full: one line says so, nothing half written is left, and with room the same bytes come out."""

import shutil

import pytest

from tests.small_disk import small_disk

pytestmark = pytest.mark.slow

MIB = 2**20


@pytest.fixture(scope="module")
def disk(reproduced, tmp_path_factory):
    """The pipeline on a small disk."""
    with small_disk(reproduced, tmp_path_factory.mktemp("disk") / "clone") as made:
        (made.seen.folder / "mlflow.db").unlink()  # it belongs to the other folder
        yield made


def refused(disk, left, *command):
    """Run it with so many bytes left on the disk."""
    disk.leave(left)
    done = disk.run(*command, check=False)
    assert done.returncode == 1, done.stdout
    *others, last = done.stderr.splitlines()
    assert last.startswith("Error: ")
    assert "No space left on device" in last or "is the disk full?" in last
    assert all(line.startswith("MLflow could not be reached (database or disk is full)") for line in others), others
    assert disk.seen.partial() == []


@pytest.mark.parametrize(
    ("stage", "left"),
    [("check", 0), ("fetch", 0), ("fetch", 65536), ("prepare", 0), ("summarize", 0), ("plot", 300_000), ("report", 0)],
)
def test_a_stage_says_so_and_leaves_its_output_as_it_was(reproduced, disk, stage, left):
    command = ("bnrepro", stage, *([] if stage == "check" else ["digits"]))
    refused(disk, left, *command)
    assert disk.seen.results() == reproduced.results()
    disk.leave(8 * MIB)
    disk.run(*command)
    assert disk.seen.results() == reproduced.results()


def test_training_keeps_what_it_could_file(reproduced, disk):
    for name in (".bnrepro/store", "data/runs"):
        shutil.rmtree(disk.seen.folder / name)
    stamps = {}
    for left in (
        0,
        400_000,
    ):  # a run of an Estimator takes 280,000 while it trains, so that one worker has room, not two
        refused(disk, left, "bnrepro", "train", "digits", "depth", "--workers", "1")
        assert disk.seen.stamps() | stamps == disk.seen.stamps()
        stamps = disk.seen.stamps()
    assert 0 < len(stamps) < 8
    disk.leave(16 * MIB)
    done = disk.run("bnrepro", "train", "digits", "depth")
    assert f"8 runs, {len(stamps)} of them in the store" in done.stdout
    assert disk.seen.stamps() | stamps == disk.seen.stamps()
    assert disk.seen.results() == reproduced.results()


def test_a_pipeline_on_a_disk_that_grows_comes_to_the_same_end(reproduced, disk):
    """DVC's cache, its lock file and the outputs: each is short of room in its turn."""
    stamps = disk.seen.stamps()
    for name in ("data/raw", "data/prepared", "data/runs", "reports", ".dvc/cache"):
        shutil.rmtree(disk.seen.folder / name)
    (disk.seen.folder / "dvc.lock").unlink()
    mended, failed = [], 0
    for left in (0, 100_000, 300_000, 600_000, 500_000, 16 * MIB, 16 * MIB):
        disk.leave(left)
        done = disk.run("dvc", "repro", check=False, TMPDIR=str(disk.folder / ".git"))
        if done.returncode:
            failed += 1
            assert done.returncode == 255
            assert "Traceback" not in done.stdout + done.stderr
            mended += disk.seen.mend(done.stderr)
    assert failed > 2
    assert done.returncode == 0, done.stderr
    assert disk.seen.results() == reproduced.results()
    assert disk.seen.stamps() == stamps
    assert disk.seen.partial() == []
    print(f"\n{failed} of DVC's starts failed on a full disk, with {mended} cut short")
