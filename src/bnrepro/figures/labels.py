"""Factors and their values in words, for axes, legends and tables."""

from typing import Any

import pandas as pd

from bnrepro.figures.style import IMPLEMENTATIONS

FACTORS = {
    "depth": "hidden layers",
    "initial_stddev": "standard deviation of the initial weights",
    "momentum": "momentum of the moving averages",
    "updates": "updates of the moving averages",
    "placement": "place of batch normalization",
    "noise": "noise after batch normalization",
}
SETTINGS = {  # values that stand for themselves
    "implementation": IMPLEMENTATIONS,
    "normalization": {
        "none": "no normalization",
        "batch": "batch normalization",
        "layer": "layer normalization",
        "weight": "weight normalization",
        "self": "self-normalizing",
    },
    "activation": {"sigmoid": "sigmoid", "relu": "ReLU", "selu": "SELU"},
    "placement": {"before": "before the nonlinearity", "after": "after the nonlinearity"},
    "updates": {"run": "updates run", "omitted": "updates omitted"},
    "noise": {"none": "no noise", "steady": "steady noise", "shifting": "shifting noise"},
}


def factor(name: str) -> str:
    """A factor's name for a reader."""
    return FACTORS.get(name, name.replace("_", " "))


def value(name: str, given: Any) -> str:
    """A factor's value for a reader who knows which factor it is; `–` where the factor does not apply."""
    if pd.isna(given):
        return "–"
    return SETTINGS.get(name, {}).get(given, given) if isinstance(given, str) else f"{given:.4g}"


def setting(name: str, given: Any) -> str:
    """A factor and its value: `3 hidden layers`, `dropout 0.2`, `steady noise`."""
    if name == "depth":
        return f"{given:g} hidden layer{'s' if given > 1 else ''}"
    return SETTINGS[name][given] if name in SETTINGS else f"{factor(name)} {value(name, given)}"
