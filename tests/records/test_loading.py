"""A run's final parameters, as a Keras model that gives the accuracy of its record."""

import dataclasses
import json

import numpy as np
import pytest

from bnrepro import paths
from bnrepro.data import datasets
from bnrepro.errors import BadInput
from bnrepro.records import grid, loading, schema, store
from bnrepro.records.machine import this_machine
from bnrepro.study import params
from bnrepro.training.run import run


def fingerprint(implementation):
    """The name of a record that says which it is."""
    return implementation.replace("_", "")


@pytest.fixture
def trained(project):
    """A study of two short runs, one of them the canned estimator's with batch normalization."""
    given = params.load()
    datasets.fetch("digits")
    datasets.prepare("digits", test=500, validation=200)
    dataset = datasets.load("digits")
    specs = [
        dataclasses.replace(spec, steps=50, evaluate_every=25)
        for spec in grid.expand(given, "digits", "depth")
        if spec.implementation in ("canned_estimator", "core_estimator")
        and (spec.normalization, spec.depth, spec.seed) == ("batch", 1, given.training["digits"].first_seed)
    ]
    folder = paths.runs("digits", "depth")
    for spec in specs:
        name = fingerprint(spec.implementation)
        store.write(name, spec, dataset, run(spec, dataset), this_machine(), 2.0)
        store.copy(name, folder / name)
    (folder / schema.INDEX).write_text(json.dumps({"runs": [fingerprint(spec.implementation) for spec in specs]}))
    return dataset


@pytest.mark.parametrize("implementation", ["canned_estimator", "core_estimator"])
def test_a_loaded_model_has_the_recorded_accuracy(trained, implementation):
    model = loading.load_model("digits", "depth", implementation=implementation)
    logits = model(trained.test_images / np.float32(trained.levels), training=False).numpy()
    record = schema.read(paths.runs("digits", "depth") / fingerprint(implementation))
    assert np.mean(logits.argmax(axis=1) == trained.test_labels) == pytest.approx(record["curve"]["accuracy"][-1])


def test_factors_have_to_single_out_one_run(trained):
    with pytest.raises(BadInput, match="2 runs of depth on digits"):
        loading.load_model("digits", "depth")
    with pytest.raises(BadInput, match="0 runs"):
        loading.load_model("digits", "depth", implementation="keras")
