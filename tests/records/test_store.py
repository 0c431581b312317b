"""The run store: whole records or none."""

import dataclasses
import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from bnrepro import paths
from bnrepro.errors import BadInput
from bnrepro.records import grid, schema, store
from bnrepro.records.machine import this_machine
from bnrepro.study import params
from bnrepro.training.recording import Result

ACCURACIES = ("accuracy", "population_accuracy", "test_batch_accuracy", "training_accuracy")


@pytest.fixture
def spec(project):
    first = grid.expand(params.load(), "digits", "depth")[0]
    return dataclasses.replace(first, steps=25, evaluate_every=25, width=4)


@pytest.fixture
def result():
    curve = {"step": [0, 25], "loss": [2.302585124969482, 1.0], **{name: [0.1, 0.5] for name in ACCURACIES}}
    layers = {
        "step": np.array([0, 25]),
        "percentiles": np.arange(24, dtype=np.float32).reshape(2, 1, 3, 4),
        **{name: np.zeros((2, 1), np.float32) for name in ("saturated", "always_saturated", "lag")},
        **{name: np.zeros((2, 2), np.float32) for name in ("gradient", "weights", "gradient_change")},
    }
    parameters = {"logits/bias": np.arange(10, dtype=np.float32)}
    return Result(curve, {"population_accuracy": 0.5}, None, layers, parameters, 1.5, 0.5)


def test_a_record_comes_back_as_it_was_written(spec, result, digits):
    store.write("abc", spec, digits, result, this_machine(), 2.0)
    record = schema.read(store.folder("abc"))
    assert record["spec"] == dataclasses.asdict(spec)
    assert record["curve"] == {**result.curve, "loss": [2.302585, 1.0]}
    assert (record["final"], record["diverged_at"]) == ({"population_accuracy": 0.5}, None)
    np.testing.assert_array_equal(schema.read_parameters(store.folder("abc"))["logits/bias"], np.arange(10))
    looks = schema.read_layers(store.folder("abc"))
    assert looks.keys() == result.layers.keys()
    np.testing.assert_array_equal(looks["percentiles"], result.layers["percentiles"])
    assert store.read_sidecar("abc")["training_seconds"] == 1.5


def test_the_same_run_gives_the_same_bytes_whatever_it_took(spec, result, digits):
    for name, seconds in (("one", 1.0), ("two", 2.0)):
        store.write("abc", spec, digits, dataclasses.replace(result, training_seconds=seconds), this_machine(), 2.0)
        store.copy("abc", paths.root() / name)
    for file in (schema.RECORD, schema.PARAMETERS, schema.LAYERS):
        assert (paths.root() / "one" / file).read_bytes() == (paths.root() / "two" / file).read_bytes()
    assert not (paths.root() / "one" / store.SIDECAR).exists()


def test_arrays_are_written_with_the_same_bytes_by_every_python_and_numpy(spec, result, digits):
    """Pinned: `dvc.lock` has the hashes of such files."""
    store.write("abc", spec, digits, result, this_machine(), 2.0)
    content = (store.folder("abc") / schema.PARAMETERS).read_bytes()
    assert hashlib.sha256(content).hexdigest() == "fbf19f7327da10a16ccf759f75390a77357c87ce186992d9383ac3cd7b5270c7"


def test_what_is_not_finite_is_null_in_strict_json(spec, result, digits):
    curve = result.curve | {"loss": [float("inf"), float("nan")]}
    store.write("abc", spec, digits, dataclasses.replace(result, curve=curve), this_machine(), 2.0)
    assert schema.read(store.folder("abc"))["curve"]["loss"] == [None, None]


def test_what_cannot_be_written_leaves_no_record(spec, result, digits):
    unwritable = dataclasses.replace(result, final={"population_accuracy": object()})
    with pytest.raises(TypeError):
        store.write("abc", spec, digits, unwritable, this_machine(), 2.0)
    assert not store.has("abc")
    assert list(paths.store().glob("partial/*")) == []


def test_clean_removes_what_a_kill_left(project):
    partial = paths.store() / "partial" / "abc-1"
    partial.mkdir(parents=True)
    (partial / "record.json").write_text("{")
    store.clean()
    assert not partial.exists()


def test_cleaning_puts_back_a_run_that_a_kill_has_left_set_aside(project):
    """Of two, one whose place another has taken since."""
    for name in ("abc", "abd"):
        aside = paths.store() / "partial" / f".{name}.old.partial"
        aside.mkdir(parents=True)
        (aside / "record.json").write_text("old")
    store.folder("abc").parent.mkdir()
    store.folder("abd").mkdir()
    (store.folder("abd") / "record.json").write_text("new")
    store.clean()
    assert [(store.folder(name) / "record.json").read_text() for name in ("abc", "abd")] == ["old", "new"]
    assert not aside.parent.exists()


@pytest.mark.parametrize("content", [None, "", "{", "\x00" * 9])
def test_a_damaged_record_is_named(project, content):
    folder = project / "somewhere"
    folder.mkdir()
    if content is not None:
        (folder / schema.RECORD).write_text(content)
    with pytest.raises(BadInput, match=r"somewhere/record\.json"):
        schema.read(folder)


def test_the_lock_is_freed_when_its_holder_is_killed(project):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time; from bnrepro import paths\n"
            "with paths.locked('test'):\n    print('held', flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.communicate()
    with paths.locked("test", waiting="never said"):
        pass


def test_runs_tell_what_they_took_and_damaged_ones_nothing(spec, result, digits):
    here = this_machine()
    for name in ("abc", "damaged", "untold"):
        store.write(name, spec, digits, result, here, 2.25)
    store.write("elsewhere", spec, digits, result, dataclasses.replace(here, processor="another"), 1.0)
    (store.folder("damaged") / schema.RECORD).write_text("{}")
    (store.folder("untold") / store.SIDECAR).write_text("[]")
    ((found, seconds),) = store.durations(here.processor)
    assert found["implementation"] == spec.implementation
    assert seconds == 2.25


@pytest.mark.parametrize("file", [schema.RECORD, schema.PARAMETERS, schema.LAYERS])
@pytest.mark.parametrize("damage", ["missing", "garbage"])
def test_a_damaged_record_is_not_there(spec, result, digits, file, damage):
    store.write("abc", spec, digits, result, this_machine(), 2.0)
    assert store.has("abc")
    path = store.folder("abc") / file
    path.unlink() if damage == "missing" else path.write_text("{}")
    assert not store.has("abc")


def test_without_git_there_is_no_commit(spec, result, digits, monkeypatch):
    monkeypatch.setenv("PATH", "")
    store.write("abc", spec, digits, result, this_machine(), 2.0)
    assert store.read_sidecar("abc")["commit"] is None


def test_arrays_are_filed_without_what_patches_of_python_write_differently(spec, result, digits):
    store.write("abc", spec, digits, result, this_machine(), 2.0)
    for file in (schema.PARAMETERS, schema.LAYERS):
        header = (store.folder("abc") / file).read_bytes()[:30]
        assert header[4:6] == b"\x14\x00", "version 2.0 of the zip format"
        assert header[28:30] == b"\x00\x00", "no further fields"
