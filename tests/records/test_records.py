"""Records and their index: what is not one is named, in one line."""

import copy
import dataclasses
import functools
import json

import pytest

from bnrepro import paths
from bnrepro.errors import BadInput
from bnrepro.records import schema, store
from bnrepro.records.machine import Machine

SPEC = {  # of a record that is older than the optimizer
    "dataset": "digits",
    "implementation": "keras",
    "normalization": "none",
    "depth": 1,
    "learning_rate": 0.5,
    "seed": 0,
    "steps": 20,
    "batch_size": 60,
    "evaluate_every": 10,
    "width": 2,
    "initial_stddev": 0.1,
    "pixels": "grey",
    "activation": "sigmoid",
    "placement": None,
    "momentum": None,
    "epsilon": None,
    "updates": None,
    "dropout": 0.0,
    "noise": "none",
    "hold_out": False,
    "device": "cpu",
    "tf32": None,
    "numerics": "portable",
}
ACCURACIES = ("accuracy", "population_accuracy", "test_batch_accuracy", "training_accuracy")
WHOLE = {
    "fingerprint": "abc",
    "spec": SPEC,
    "data_digest": "d1",
    "code_digest": "c0",
    "processor": "any x86-64-v3",
    "versions": dict.fromkeys(("tensorflow", "tensorflow-estimator", "tf-keras", "numpy"), "2.15.1"),
    "curve": {"step": [0, 10, 20], "loss": [2.0, 1.0, None], **{name: [0.1, 0.5, 0.9] for name in ACCURACIES}},
    "final": {"population_accuracy": 0.9},
    "diverged_at": None,
}


def with_(**changes):
    """WHOLE with another value at a place, a dot written as two underscores."""
    record = copy.deepcopy(WHOLE)
    for name, value in changes.items():
        *sections, key = name.split("__")
        functools.reduce(dict.__getitem__, sections, record)[key] = value
    return record


def write(folder, record):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / schema.RECORD).write_text(json.dumps(record))


NEWER = {"initial_scheme": "gaussian", "optimizer": "sgd", "decay": 1.0, "evaluations": None}
NEWER |= {"kind": "dense", "skip": "none", "l2": 0.0}


def test_a_whole_record_is_read_and_lacks_no_factor(tmp_path):
    write(tmp_path, WHOLE)
    assert schema.read(tmp_path) == with_(spec=SPEC | NEWER)


def test_a_curve_is_at_the_steps_of_its_schedule(tmp_path):
    scheduled = with_(spec__steps=40, spec__evaluations=2)
    scheduled["curve"]["step"] = [0, 10, 40]
    write(tmp_path, scheduled)
    assert schema.read(tmp_path)["curve"]["step"] == [0, 10, 40]
    scheduled["curve"]["step"] = [0, 20, 40]
    write(tmp_path, scheduled)
    with pytest.raises(BadInput, match="its curve is not of its steps"):
        schema.read(tmp_path)


@pytest.mark.parametrize(
    ("record", "place"),
    [
        ({}, "fingerprint"),
        ([], "object"),
        ("text", "object"),
        (with_(curve__loss=[2.0]), "its curves differ in length"),
        (with_(curve__step=[0, 10, 10]), "its curve is not of its steps"),
        (with_(curve__accuracy=[0.1, 0.5, 1.5]), "curve.accuracy.2"),
        (with_(curve__accuracy=[0.1, 0.5, None]), "curve.accuracy.2"),
        (with_(curve__loss=[2.0, 1.0, float("nan")]), "curve.loss.2"),
        (with_(curve__seed=[0, 0, 0]), "curve.seed"),
        (with_(diverged_at=15), "its curve is not of its steps"),
        (with_(diverged_at=30), "its curve is not of its steps"),
        (with_(spec__steps=30), "it breaks off"),
        (with_(final={}), "it breaks off"),
        (with_(spec__depth=0), "spec.depth"),
        (with_(spec__depth="1"), "spec.depth"),
        (with_(spec__width=True), "spec.width"),
        (with_(spec__other=1), "spec.other"),
        (with_(spec__implementation="jax"), "spec.implementation"),
        (with_(spec__dataset="<b>digits</b>"), "its dataset is none of digits"),
        (with_(processor="<script>alert(1)</script>"), "processor: text without markup"),
        (with_(processor="[any](javascript:alert(1))"), "processor: text without markup"),
        (with_(processor="any\n# x86-64-v3"), "processor: text without markup"),
        (with_(processor="\x1b[2Jany"), "processor: text without markup"),
        (with_(processor="x" * 2000), "processor"),
        (with_(versions__numpy="<img src=x>"), "versions.numpy"),
        (with_(versions={"numpy": "2.4"}), "it lacks the versions of tensorflow"),
        (with_(fingerprint="../../secret"), "fingerprint"),
        (with_(data_digest="`d1`"), "data_digest"),
        (with_(final={"population_accuracy": 0.9, "<b>": 1.0}), "final.<b>"),
        (with_(final={"population_accuracy": 1.5}), "a final accuracy is more than 1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_record_is_refused_with_the_place(tmp_path, record, place):
    write(tmp_path, record)
    with pytest.raises(BadInput, match="not a record of a run") as caught:
        schema.read(tmp_path)
    assert place in caught.value.message


def test_a_record_that_is_nested_without_end_is_refused(tmp_path):
    (tmp_path / schema.RECORD).write_text("[" * 100_000)
    with pytest.raises(BadInput, match="not a record of a run"):
        schema.read(tmp_path)


def test_a_run_that_diverged_has_no_end(tmp_path):
    record = with_(diverged_at=25, spec__steps=30, final={})
    write(tmp_path, record)
    assert schema.read(tmp_path)["diverged_at"] == 25


@pytest.mark.parametrize(
    "index",
    [
        "",
        "{}",
        "[]",
        '{"runs": 1}',
        '{"runs": ["absent"]}',
        '{"runs": [1]}',
        '{"runs": ["../../../secret"]}',
    ],
)
def test_a_damaged_index_is_named(project, index):
    folder = paths.runs("digits", "depth")
    folder.mkdir(parents=True)
    (folder / schema.INDEX).write_text(index)
    with pytest.raises(BadInput, match=r"(index|record)\.json: "):
        schema.of_study("digits", "depth")


@pytest.mark.parametrize("content", [None, b"", b"garbage", b"PK\x03\x04"])
def test_damaged_parameters_are_named(tmp_path, content):
    if content is not None:
        (tmp_path / schema.PARAMETERS).write_bytes(content)
    with pytest.raises(BadInput, match="not the parameters of a run"):
        schema.read_parameters(tmp_path)


@pytest.mark.parametrize("name", ["NVIDIA H100 80GB HBM3", "<b>A</b> [card](x)", "a\nname"])
def test_what_a_machine_calls_itself_never_makes_its_records_unreadable(tmp_path, name):
    machine = Machine(1, "Linux", name, "3.11.9", name, "x86-64-v3", name, cuda="12.5")
    for one in (machine, dataclasses.replace(machine, cuda=None)):
        record = with_(processor=one.same_bits("fast"))
        write(tmp_path, record)
        assert schema.read(tmp_path)["processor"] == record["processor"]


@pytest.mark.parametrize(
    "change",
    [
        *({name: "1"} for name in ("training_seconds", "evaluation_seconds", "seconds")),
        *({"seconds": value} for value in (-1.0, float("nan"), None, [1])),
        {"training_seconds": None},
        {"commit": {}},
    ],
    ids=str,
)
def test_a_sidecar_that_could_not_be_is_left_out(project, change):
    write(store.folder("abc"), WHOLE)
    whole = {"processor": "EPYC", "training_seconds": 1.0, "evaluation_seconds": 0.5, "seconds": 2.0}
    path = store.folder("abc") / store.SIDECAR
    path.write_text(json.dumps(whole))
    assert [seconds for _, seconds in store.durations("EPYC")] == [2.0]
    path.write_text(json.dumps(whole | change))
    assert store.read_sidecar("abc") == {}
    assert list(store.durations("EPYC")) == []
