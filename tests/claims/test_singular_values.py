"""The claim about the singular values of layers: each rule against tables whose right verdict is known."""

import itertools
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from bnrepro.claims.lesson import singular_values
from tests.claims.lesson import evidence, judge, runs

LAYERS, SEEDS = (2, 3, 4), 3
LOWEST, HIGHER = 0.1, 1.0
ONE = {"rms": 1.0, "percentile_15": 0.8, "percentile_85": 1.2}
FAR = {"rms": 1.3, "percentile_15": 0.0, "percentile_85": 2.5}


ARMS = [
    dict(zip(("depth", "normalization", "skip", "activation", "learning_rate"), arm, strict=True))
    for arm in itertools.product((3, 4), ("batch", "none"), ("none", "identity"), ("sigmoid", "relu"), (LOWEST, HIGHER))
]


@cache
def curves():
    """Evidence of networks of two depths with and without batch normalization and skips, at two learning rates."""
    return evidence(*(runs("deep", **arm, kind="dense", evaluated=(0, 1_000)) for arm in ARMS))


def found(told):
    """The same with singular values.

    Args:
        told: what differs from `FAR` in the arms that are judged, by activation and when: a number or one for each
            layer, or a list of these for each seed.
    """
    rows = []
    for arm in ARMS:
        judged = {"normalization": "batch", "skip": "none", "learning_rate": LOWEST, "depth": 4}.items() <= arm.items()
        for when in ("start", "end"):
            values = FAR | (told.get((arm["activation"], when), {}) if judged else {})
            rows += [{**arm, "when": when, **row} for row in by_layer(values)]
    return replace(curves(), jacobians=pd.DataFrame(rows).assign(study="deep", implementation="keras"))


def by_layer(values):
    for seed in range(SEEDS):
        of_seed = {name: value[seed] if isinstance(value, list) else value for name, value in values.items()}
        of_layers = {name: np.broadcast_to(value, len(LAYERS)) for name, value in of_seed.items()}
        for place, layer in enumerate(LAYERS):
            yield {"seed": seed, "layer": layer} | {name: own[place] for name, own in of_layers.items()}


def everywhere(**changes):
    return {(activation, when): ONE | changes for activation in ("sigmoid", "relu") for when in ("start", "end")}


@pytest.mark.parametrize(
    ("told", "stated", "meant"),
    [
        (everywhere(), "holds", "holds"),
        ({}, "fails", "fails"),
        (everywhere(percentile_15=(0.0, 0.8, 0.8), rms=(0.5, 1.0, 2.0)), "holds", "holds"),  # the typical layer
        (everywhere() | {("relu", "end"): FAR}, "depends", "depends"),
        (everywhere(percentile_15=0.0), "depends", "holds"),
        (everywhere(percentile_15=[0.1, 0.5, 0.9], rms=[0.7, 1.0, 1.3]), "undecided", "undecided"),
        (everywhere(percentile_15=[0.8, 0.8, np.nan], rms=[1.0, 1.0, np.nan]), "undecided", "undecided"),
        (everywhere(rms=(0.0, 1.0, 1.0)), "holds", "fails"),  # one layer passes nothing on
    ],
)
def test_singular_values(told, stated, meant):
    assert judge(singular_values.CLAIM.stated, found(told)) == stated
    assert judge(singular_values.CLAIM.meant, found(told), singular_values.CLAIM) == meant


def test_other_networks_are_listed_beside():
    parts = singular_values.CLAIM.meant.judge(found(everywhere()))["parts"]
    assert {(part["at"]["normalization"], part["at"]["skip"]) for part in parts if part["counts"]} == {
        ("batch", "none")
    }
    assert len([part for part in parts if not part["counts"]]) == 3 * 4


def test_without_jacobians_it_is_not_tested():
    assert judge(singular_values.CLAIM.stated, curves()) == "not tested"
