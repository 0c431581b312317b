"""Runs of a processor and of a GPU in one report: `device: auto` leaves them where a clone moves between machines."""

import json
import shutil
from dataclasses import asdict

import pytest
import yaml

from bnrepro import device, paths
from bnrepro.audit import retraining
from bnrepro.claims.summarize import summarize
from bnrepro.data import datasets
from bnrepro.errors import BadInput
from bnrepro.records import fingerprint, grid, schema
from bnrepro.study import params
from bnrepro.training.schedule import evaluation_steps
from tests import pipeline

ACCURACIES = ("accuracy", "population_accuracy", "test_batch_accuracy", "training_accuracy")


@pytest.fixture
def parameters(project):
    """Two studies with `device: auto`, on prepared digits."""
    path = project / "params.yaml"
    tree = yaml.safe_load(path.read_text())
    pipeline.small(tree)
    tree["device"] = "auto"
    tree["studies"]["mine"] = {"implementation": ["keras"], "normalization": ["batch"], "depth": [1], "seeds": 1}
    path.write_text(yaml.safe_dump(tree))
    datasets.fetch("digits")
    datasets.prepare("digits", **{name: tree["data"]["digits"][name] for name in ("test", "validation")})
    return params.load()


def record(parameters, study, on):
    """File records of a study's runs as those of a device, beside those that it has."""
    data_digest = datasets.load("digits").digest
    for spec in grid.expand(parameters, "digits", study, on):
        key = fingerprint.fingerprint(spec, data_digest)
        steps = evaluation_steps(spec.steps, spec.evaluate_every, spec.evaluations)
        content = {
            "fingerprint": key,
            "spec": asdict(spec),
            "data_digest": data_digest,
            "code_digest": "c0",
            "versions": fingerprint.numerical_versions(),
            "processor": {"cpu": "any x86-64-v3", "gpu": "none (NVIDIA H100 80GB HBM3)"}[on],
            "curve": {"step": steps, **{name: [0.5] * len(steps) for name in (*ACCURACIES, "loss")}},
            "final": {"population_accuracy": 0.5},
            "diverged_at": None,
        }
        folder = paths.runs("digits", study) / key
        folder.mkdir(parents=True)
        (folder / schema.RECORD).write_text(json.dumps(content))
    runs = [path.parent.name for path in paths.runs("digits", study).glob(f"*/{schema.RECORD}")]
    (paths.runs("digits", study) / schema.INDEX).write_text(json.dumps({"runs": runs}))


@pytest.fixture
def mixed(parameters):
    """One study of a processor and one of a GPU, in tables that know of both."""
    record(parameters, "depth", "cpu")
    record(parameters, "mine", "gpu")
    made_from = json.loads((pipeline.ROOT / "reports/digits/provenance.json").read_text())
    made_from |= {"device": "cpu, gpu", "data_digest": datasets.load("digits").digest}
    paths.reports("digits").mkdir(parents=True)
    paths.provenance("digits").write_text(json.dumps(made_from))
    return parameters


def findings(parameters):
    """What `bnrepro verify --runs 0` finds of the runs."""
    found = []
    retraining.check(parameters, "digits", 0, 0, lambda _: pytest.fail("trains"), found.append)
    return [str(finding) for finding in found]


def test_with_a_gpu_the_runs_of_both_are_asked_for(mixed, monkeypatch):
    monkeypatch.setattr(device, "gpu_is_seen", lambda: True)
    assert findings(mixed) == []


def test_without_a_gpu_those_of_the_processor_are(mixed, monkeypatch):
    monkeypatch.setattr(device, "gpu_is_seen", lambda: False)
    (said,) = findings(mixed)
    assert "not checked" in said
    assert "mine: device: gpu, and TensorFlow sees none" in " ".join(said.split())
    (key, *_) = (path.name for path in paths.runs("digits", "depth").iterdir() if path.is_dir())
    folder = paths.runs("digits", "depth")
    shutil.copytree(folder / key, folder / "another")
    assert any("DIFFERS" in said and "1 recorded runs" in " ".join(said.split()) for said in findings(mixed))


def test_a_clone_without_runs_asks_for_those_of_its_own_device(mixed, monkeypatch):
    shutil.rmtree(paths.runs("digits", "depth").parent)
    for seen in (False, True):
        monkeypatch.setattr(device, "gpu_is_seen", lambda seen=seen: seen)
        assert findings(mixed) == []


def test_two_devices_in_one_study_are_refused_with_a_remedy_that_trains(parameters):
    record(parameters, "mine", "cpu")
    record(parameters, "depth", "gpu")
    record(parameters, "depth", "cpu")
    with pytest.raises(BadInput, match="of a cpu and of a gpu") as caught:
        summarize(parameters, "digits")
    assert "dvc repro --force --single-item train@digits-depth" in caught.value.message
