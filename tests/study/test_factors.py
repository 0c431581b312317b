"""The table of factors: it is consistent, and a spec holds what its run has and nothing else."""

import dataclasses
import functools
import itertools
from typing import get_args

import pytest
from pydantic import TypeAdapter

from bnrepro.study import factors
from bnrepro.study.factors import FACTORS, RunSpec
from tests.networks.specs import run_spec


def allowed(name, value):
    if value is None:
        assert FACTORS[name].nullable, name
    else:
        TypeAdapter(FACTORS[name].kind).validate_python(value, strict=True)


def test_the_table_speaks_of_factors_and_of_values_that_they_may_have():
    """A misspelt condition would never apply, or always."""
    for name, known in FACTORS.items():
        for other, values in known.needs.items():
            for value in values:
                allowed(other, value)
        for (other, at), value in known.fixed.items():
            allowed(other, at)
            allowed(name, value)
        for value in (*(known.estimators or ()), *known.words):
            allowed(name, value)
        if known.default not in (..., None):
            allowed(name, known.default)
        assert known.nullable or not known.needs or known.default is not ...  # what a run without it has instead


def test_a_spec_made_again_from_its_own_settings_is_the_same():
    """As from a record; and whatever order the table has, nothing is left to settle."""
    names = ("implementation", "normalization", "activation", "device")
    for values in itertools.product(*(get_args(FACTORS[name].kind) for name in names)):
        spec = having(**dict(zip(names, values, strict=True)))
        assert RunSpec(**dataclasses.asdict(spec)) == spec


WHOLE = dataclasses.asdict(run_spec("keras", "batch")) | {  # a value for all that may apply
    "initial_stddev": 0.2,
    "updates": "omitted",
    "noise": "steady",
    "tf32": True,
}


def having(**settings):
    return RunSpec(**WHOLE | settings)


@pytest.mark.parametrize(
    ("normalization", "has"),
    [
        ("none", (None, None, None, "steady")),
        ("batch", ("before", 0.98, 0.002, "steady")),
        ("layer", (None, None, 0.002, "none")),
        ("weight", (None, None, None, "none")),
        ("self", (None, None, None, "none")),
    ],
)
def test_settings_are_those_that_a_normalization_has(normalization, has):
    spec = having(normalization=normalization)
    assert (spec.placement, spec.momentum, spec.epsilon, spec.noise) == has


def test_self_normalizing_networks_have_units_and_initial_weights_of_their_own():
    found = [having(normalization=name, activation=units) for name in ("none", "self") for units in ("sigmoid", "relu")]
    assert [(spec.activation, spec.initial_stddev) for spec in found] == [
        ("sigmoid", 0.2),
        ("relu", None),
        ("selu", None),
        ("selu", None),
    ]


def test_initial_weights_are_a_standard_deviation_or_a_scheme():
    assert having().initial_weights == 0.2
    scheme = having(initial_scheme="glorot")
    assert (scheme.initial_weights, scheme.initial_stddev) == ("glorot", None)
    assert having(activation="relu").initial_weights is None


def test_updates_are_omitted_by_the_authors_of_custom_estimators_alone():
    names = get_args(factors.Implementation)
    assert [having(implementation=name).updates for name in names] == [None, None, "omitted", "omitted", "run"]
    assert {having(implementation=name, normalization="none").updates for name in names} == {None}


def test_the_canned_estimators_settings_are_those_that_its_parity_test_proves():
    proven = run_spec("canned_estimator", "batch")
    spec = having(implementation="canned_estimator", momentum=0.5, epsilon=0.5)
    assert (spec.placement, spec.momentum, spec.epsilon) == (proven.placement, proven.momentum, proven.epsilon)


def test_numbers_of_a_gpu_are_its_own():
    spec = having(device="gpu")
    assert (spec.numerics, spec.tf32) == ("fast", True)
    assert (having().numerics, having().tf32) == ("portable", None)


def test_runs_of_one_program_differ_in_seed_learning_rate_its_decay_and_initial_weights():
    assert having(seed=7, learning_rate=7.0, decay=0.5, initial_stddev=7.0).program == having().program
    assert having(initial_scheme="glorot").program == having().program
    for other in ({"optimizer": "adam"}, {"width": 7}, {"momentum": 0.5}, {"evaluations": 5}):
        assert having(**other).program != having().program


def test_runs_of_one_stack_differ_in_pixels_and_in_the_averages_momentum_too():
    batch = functools.partial(having, normalization="batch")
    for varied in ({"seed": 7, "learning_rate": 7.0}, {"momentum": 0.5}, {"pixels": "binary"}):
        assert batch(**varied).stack == batch().stack
    for other in ({"optimizer": "adam"}, {"width": 7}, {"dropout": 0.5}, {"evaluations": 5}):
        assert batch(**other).stack != batch().stack


def test_a_factor_that_is_not_used_leaves_settings_as_they_were_before_it_existed():
    plain = factors.settings(dataclasses.asdict(run_spec("keras", "none", optimizer="sgd", decay=1.0)))
    assert plain.keys().isdisjoint(
        {"optimizer", "decay", "evaluations", "initial_scheme", "momentum", "placement", "tf32"}
    )
    other = factors.settings(dataclasses.asdict(run_spec("keras", "none", optimizer="adam")))
    assert other == plain | {"optimizer": "adam"}


def test_what_is_unusual_about_a_run_is_what_does_not_follow():
    usual = {"momentum": 0.98, "pixels": "grey"}
    canned = dataclasses.asdict(run_spec("canned_estimator", "batch"))  # its momentum and placement are its own
    assert factors.unusual(canned, usual) == {}
    selu = dataclasses.asdict(run_spec("keras", "self", activation="selu", initial_stddev=None))
    assert factors.unusual(selu, usual) == {}
    other = dataclasses.asdict(run_spec("keras", "batch", momentum=0.5, pixels="binary", optimizer="adam"))
    assert factors.unusual(other, usual) == {"momentum": 0.5, "pixels": "binary", "optimizer": "adam"}
    assert factors.unusual({"normalization": "batch", "dropout": 0.5}, {}) == {"dropout": 0.5}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("learning_rate", 0.5, "learning rate 0.5"),
        ("depth", 3, "depth 3"),
        ("normalization", "layer", "layer normalization"),
        ("hold_out", True, "images held out"),
        ("batch_size", 32, "batch size 32"),
    ],
)
def test_a_reader_is_told_of_a_factor_in_words(name, value, told):
    assert FACTORS[name].tell(value) == told


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("dropout", 0.25, "0.25"),
        ("depth", 3.0, "3"),  # from a table in which others have none
        ("noise", "steady", "steady noise"),
        ("momentum", float("nan"), "–"),
    ],
)
def test_beside_the_name_of_a_factor_its_value_is_enough(name, value, told):
    assert FACTORS[name].tell_value(value) == told
