"""The names under which MLflow lists series."""

from dataclasses import asdict, replace

from bnrepro.data.registry import NAMES
from bnrepro.records.grid import expand
from bnrepro.study import params
from bnrepro.tracking import content
from tests.networks.specs import run_spec


def test_series_that_differ_have_names_that_differ(project):
    given = params.load()
    for dataset in NAMES:
        specs = {replace(spec, seed=0) for study in given.studies for spec in expand(given, dataset, study)}
        names = {content.name(asdict(spec), given.usual(dataset)) for spec in specs}
        assert len(names) == len(specs) > 1


def test_a_name_begins_with_what_is_unusual_and_keeps_silent_of_what_follows():
    usual = {"learning_rate": 0.5, "momentum": 0.98, "epsilon": 0.002, "width": 100}
    told = "{} · {} · depth 1 · learning rate 0.5"
    canned = run_spec("canned_estimator", "batch", dropout=0.2, hold_out=True)
    assert content.name(asdict(canned), usual) == "dropout 0.2 · images held out · " + told.format(
        "canned estimator", "batch normalization"
    )
    faster = run_spec("keras", learning_rate=2.5)
    assert content.name(asdict(faster), usual) == "learning rate 2.5 · Keras model · no normalization · depth 1"
