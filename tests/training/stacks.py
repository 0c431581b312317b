"""Stacks of runs for tests, for every normalization and what goes with it."""

from dataclasses import replace

from bnrepro.study.factors import RunSpec
from tests.networks.specs import run_spec

SELU = {"activation": "selu", "initial_stddev": None, "learning_rate": 0.02}  # with more, kinks amplify any rounding
CASES = {
    "none": ("none", {}),
    "shifting noise": ("none", {"noise": "shifting"}),
    "batch": ("batch", {}),
    "batch after": ("batch", {"placement": "after"}),
    "batch, steady noise": ("batch", {"noise": "steady"}),
    "batch, shifting noise": ("batch", {"noise": "shifting"}),
    "batch, drifting noise": ("batch", {"noise": "drifting"}),
    "layer": ("layer", {"epsilon": 0.001}),
    "weight": ("weight", {}),
    "self": ("self", SELU),
    "self, dropout": ("self", SELU | {"dropout": 0.1}),
    "dropout": ("none", {"dropout": 0.5}),
    "relu": ("none", {"activation": "relu", "initial_stddev": None}),
}


def stack(normalization: str, **changes) -> list[RunSpec]:
    """Three runs: two seeds, and two learning rates and initial weights of one of them."""
    spec = run_spec("keras", normalization, 3, learning_rate=0.2)
    spec = replace(spec, **changes)
    scaled = spec.initial_stddev and spec.initial_stddev / 2
    return [spec, replace(spec, seed=2), replace(spec, learning_rate=spec.learning_rate / 2, initial_stddev=scaled)]
