"""Files that were damaged or altered behind the project's back: found, and made again to the same bytes."""

import json

import pytest

from tests import pipeline

pytestmark = pytest.mark.slow


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path):
    """Change the last byte: a pixel or a label, in a file that is as good as ever otherwise."""
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def test_damaged_records_are_trained_again_and_the_others_are_not(reproduced, clone):
    names = sorted(clone.records())
    damaged, whole = names[:6], names[6:]
    cut(clone.record(damaged[0]))
    clone.record(damaged[1]).write_bytes(b"\x93NUMPY\xff" * 99)
    clone.record(damaged[2]).write_bytes(b"")
    cut(clone.record(damaged[3]).with_name("parameters.npz"))
    cut(clone.record(damaged[4]).with_name("layers.npz"))
    clone.record(damaged[5]).write_bytes(clone.record(whole[0]).read_bytes())
    stamps = {name: clone.stamps()[name] for name in whole}
    done = clone.run("bnrepro", "train", "digits", "depth")
    assert "8 runs, 2 of them in the store, 6 to train" in done.stdout
    assert {name: clone.stamps()[name] for name in whole} == stamps
    assert clone.results() == reproduced.results()


@pytest.mark.parametrize(
    ("file", "stage"),
    [("data/raw/digits/images.npy", "fetch@digits"), ("data/prepared/digits/train_images.npy", "prepare@digits")],
)
def test_altered_data_are_noticed_and_restored(reproduced, clone, file, stage):
    flip(clone.folder / file)
    assert stage in json.loads(clone.run("dvc", "status", "--json").stdout)
    done = clone.run("dvc", "repro")
    assert f"'{stage}' is cached" in done.stdout
    assert "train@digits-depth' didn't change" in done.stdout
    assert clone.results() == reproduced.results()


def test_altered_raw_files_are_refused_where_dvc_does_not_look(clone):
    flip(clone.folder / "data/raw/digits/images.npy")
    done = clone.run("bnrepro", "prepare", "digits", check=False)
    assert done.returncode == 2
    assert done.stderr.endswith("not the file that was fetched; list the dataset in params.yaml and run `dvc repro`\n")


def test_records_of_altered_data_never_pass_for_the_real_ones(reproduced, clone):
    real, stamps = clone.records(), clone.stamps()
    flip(clone.folder / "data/prepared/digits/train_images.npy")
    done = clone.run("bnrepro", "train", "digits", "depth")
    assert "8 runs, 0 of them in the store, 8 to train" in done.stdout
    others = clone.records() - real
    assert len(others) == 8
    of_real, of_others = (
        {json.loads(clone.record(name).read_text())["data_digest"] for name in names} for names in (real, others)
    )
    assert len(of_real) == len(of_others) == 1
    assert of_real != of_others
    clone.run("bnrepro", "summarize", "digits")
    provenance = json.loads((clone.folder / "reports/digits/provenance.json").read_text())
    assert {provenance["data_digest"]} == of_others
    clone.run("dvc", "repro")
    assert clone.results() == reproduced.results()
    assert clone.stamps() | stamps == clone.stamps()


@pytest.mark.parametrize(
    ("name", "said"),
    [("dvc.lock", "'./dvc.lock' validation failed."), (".dvc/tmp/rwlock", "JSON structure is corrupted")],
)
def test_files_of_dvc_that_were_cut_short_can_be_removed(reproduced, clone, name, said):
    """DVC empties them before it writes them. It then starts no more, and says which one it is."""
    stamps = clone.stamps()
    (clone.folder / name).write_bytes(b"")
    done = clone.run("dvc", "repro", check=False)
    assert done.returncode == 255
    assert said in done.stderr
    assert clone.mend(done.stderr) == [name]
    done = clone.run("dvc", "repro")
    assert "bnrepro train" not in done.stdout
    assert clone.results() == reproduced.results()
    assert clone.stamps() == stamps


def test_the_documents_say_so():
    text = (pipeline.ROOT / "docs" / "running.md").read_text()
    assert "git checkout dvc.lock" in text
    assert "rm .dvc/tmp/rwlock" in text
