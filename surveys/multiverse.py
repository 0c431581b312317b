"""The settings that the paper does not state: which of them give its curves, and what they say of its ratio?

Without batch normalization and with it, three layers, 50,000 steps on MNIST, by population statistics.
"""

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from bnrepro.analysis import against_paper
from bnrepro.analysis.steps_to_target import crossing
from bnrepro.study.factors import Normalization, Resolved, RunSpec
from bnrepro.study.params import PAPER_DEPTH, Params
from surveys.runs import Outcome, Run

DATASET = "mnist"
STEPS = 50_000  # paper
FIRST_SEED = 10_000  # each setting has its own, which no run has used
TARGETS = (0.96, 0.97)  # which both of the paper's curves cross
NEAR = 0.01  # of test accuracy: a curve no farther from the paper's than that, root mean square, reproduces it
ARMS: tuple[Normalization, ...] = ("none", "batch")

_AXES: dict[str, tuple[Any, ...]] = {
    "pixels": ("binary", "grey"),
    "initial_weights": (0.02, 0.04, 0.06, 0.1, "glorot", "glorot_x4"),  # the deviation, or the scheme that gives it
    "distribution": ("normal", "uniform"),
    "learning_rate": (0.04, 0.08, 0.12, 0.2, 0.4, 0.8),  # with momentum a tenth of it, which goes as far
    "optimizer": ("sgd", "momentum"),
    "decay": (1.0, 0.1),  # share of the learning rate that is left at the end
    "sampling": ("shuffled", "drawn"),
}


@dataclass(frozen=True)
class Setting:
    """What the paper does not state; the fields are those of `_AXES`."""

    pixels: str
    initial_weights: float | str
    distribution: str
    learning_rate: float
    optimizer: str
    decay: float
    sampling: str


def settings() -> list[Setting]:
    """All of them, in an order drawn once, so that the first n are a random sample."""
    every = [Setting(*values) for values in itertools.product(*_AXES.values())]
    return [every[place] for place in np.random.default_rng(0).permutation(len(every))]


def runs(setting: Setting, seed: int, params: Params, device: Resolved) -> dict[Normalization, Run]:
    """Both arms of a setting, by normalization."""
    scheme = isinstance(setting.initial_weights, str)
    chosen = {
        "dataset": DATASET,
        "implementation": "keras",
        "depth": PAPER_DEPTH,
        "pixels": setting.pixels,
        "initial_scheme": setting.initial_weights if scheme else "gaussian",
        "initial_stddev": None if scheme else setting.initial_weights,
        "optimizer": setting.optimizer,
        "learning_rate": setting.learning_rate / (10 if setting.optimizer == "momentum" else 1),
        "decay": setting.decay,
        "steps": STEPS,
        "evaluate_every": 100,
        "evaluations": 80,
        "device": device,
        "numerics": "fast",
        "seed": seed,
    }
    usual = params.usual(DATASET) | chosen
    how = {"uniform": setting.distribution == "uniform", "drawn": setting.sampling == "drawn"}
    return {arm: Run(RunSpec(**usual, normalization=arm), **how) for arm in ARMS}


def table(seeds: Mapping[Setting, int], outcomes: Mapping[Setting, Mapping[Normalization, Outcome]]) -> pd.DataFrame:
    """A row for every setting: its fields and seed, and for both arms `distance_<arm>` and `steps_<arm>_<target>`.

    Distances from the paper's curve are root mean squares of test accuracy; steps are those of the first of two
    evaluations in a row at a test accuracy. NaN: the run diverged, or did not arrive.
    """
    rows = []
    for setting, arms in outcomes.items():
        row = {**asdict(setting), "seed": seeds[setting]}
        for arm, outcome in arms.items():
            curve = pd.DataFrame(outcome["curve"]).assign(seed=0, budget=STEPS)
            measured = curve[curve["step"] > 0]
            row[f"distance_{arm}"] = np.nan
            if len(measured):
                row[f"distance_{arm}"] = against_paper.distance(against_paper.drawn(curve), arm)[0]
            for target in TARGETS:
                row[f"steps_{arm}_{target:g}"] = crossing(
                    measured["step"].to_numpy(), measured[against_paper.ACCURACY].to_numpy(), target
                )
        rows.append(row)
    return pd.DataFrame(rows)
