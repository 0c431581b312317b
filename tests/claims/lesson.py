"""Runs made up for the lesson's claims: records as runs leave them, told by the few numbers that a rule looks at."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bnrepro.analysis import curves, layers
from bnrepro.claims.engine import Claim, Part, Rule, Verdict
from bnrepro.claims.evidence import Evidence
from bnrepro.records.grid import expand
from bnrepro.study.factors import OPTIONAL, RunSpec
from bnrepro.study.params import Params

BUDGET, GRID = 1_000, 50  # steps; of a run, and between two of its evaluations, unless it is told
TARGET, GUESSING = 0.9, 0.1  # test accuracy
TEST_IMAGES = 10_000
RATE = 0.5  # the dataset's learning rate
NEVER = None  # of steps to the target

PLAIN = {"normalization": "none"}
NORMALIZED = {"normalization": "batch"}

Record = dict[str, Any]

_SPEC: dict[str, Any] = {"implementation": "keras", "kind": "dense", "depth": 3, "learning_rate": RATE, "width": 1}
_ONCE = (
    *("zscore_mean", "zscore_variance_error", "zscore_variance_median", "folded_difference", "population_accuracy"),
    *("test_batch_gained", "test_batch_lost"),
)
_OF_ITS_OWN = {"population_accuracy": "population_steps", "validation_accuracy": "validation_steps"}


def runs(study: str, *, seeds: int = 3, **told: Any) -> list[Record]:
    """Records of runs of a study that differ in nothing but their seed.

    `told` are their factors and what they measure. A list has a value for every seed; anything else is that of all.

        steps               to the target; NEVER: not within the budget. Before, the accuracy is `before`, then `after`
        population_steps    by population statistics, where they differ; validation_steps: on held-out images
        diverged_at         curve and looks end there
        budget, evaluated   steps of the run, and a tuple of those at which it is measured, from 0 on
        accuracy, ...       of any kind, as finals have them: the last of the curve, or measured once at the end
        saturated, lag      of every layer; where training changes them (in its first half, in its second)
        gradient            the same, and instead of a number a tuple with one for every layer
        cosine              between the last hidden layer's gradients; like `saturated`
        weights             the norm of every layer's kernel
        travelled, jumped   by the medians of inputs, once and back, or at every look; a number, or one for every layer
        spread              of inputs, from their 15th to their 85th percentile
    """
    return [
        _record(study, seed, {name: value[seed] if isinstance(value, list) else value for name, value in told.items()})
        for seed in range(seeds)
    ]


def both_arms(depth: int, plain: dict[str, Any], normalized: dict[str, Any]) -> list[list[Record]]:
    """Networks of study `depth`, without and with batch normalization, that arrive if nothing else is told."""
    arms = ((PLAIN, {"steps": 500} | plain), (NORMALIZED, {"steps": 200} | normalized))
    return [runs("depth", **arm, depth=depth, **told) for arm, told in arms]


def on_digits(params: Params) -> Params:
    """The parameters with all studies of the lesson on digits, as on another dataset."""
    tree = params.model_dump(exclude_none=True)
    for name in ("initial_weights", "dropout", "placement", "alternatives"):
        del tree["studies"][name]["datasets"]
    for grid in tree["studies"].values():
        grid.get("of", {}).pop("digits", None)
    return Params.model_validate(tree)


def of_the_grids(params: Params, told: Callable[[RunSpec], dict[str, Any]]) -> list[list[Record]]:
    """By study, a record for every run of params.yaml on the digits; `told`: what it measures, as in `runs`."""
    grids = []
    for study, grid in params.studies.items():
        factors = ["normalization", *_SPEC, *curves.further(grid)]
        specs = expand(params, "digits", study)
        grids.append(
            [_record(study, spec.seed, {name: getattr(spec, name) for name in factors} | told(spec)) for spec in specs]
        )
    return grids


def _record(study: str, seed: int, told: dict[str, Any]) -> Record:
    factors = {name: told[name] for name in ("normalization", *_SPEC, *OPTIONAL) if name in told}
    spec = _SPEC | factors | {"seed": seed, "steps": told.get("budget", BUDGET)}
    diverged_at = told.get("diverged_at")
    steps = np.array(told.get("evaluated", range(0, spec["steps"] + 1, GRID)))
    steps = steps[steps <= (spec["steps"] if diverged_at is None else diverged_at)]
    curve = {"step": steps.tolist(), "loss": np.ones(len(steps)).tolist()}
    for name in (*curves.ACCURACIES, "validation_accuracy"):
        arrives = told.get(_OF_ITS_OWN.get(name, "steps"), told.get("steps", NEVER))
        there = steps >= (np.inf if arrives is NEVER else arrives)
        curve[name] = np.where(there, told.get("after", 0.95), told.get("before", GUESSING)).tolist()
        if name in told:
            curve[name][-1] = told[name]
    final = {"population_accuracy": curve["population_accuracy"][-1]}
    if spec["normalization"] == "batch":
        final |= dict.fromkeys(_ONCE[:2], 1e-6) | {"zscore_variance_median": 0.99, "folded_difference": 1e-6}
        final |= dict.fromkeys(_ONCE[-2:], 0)
    final |= {name: told[name] for name in _ONCE if name in told}
    return {
        "study": study,
        "spec": spec,
        "curve": curve,
        "final": final if diverged_at is None else {},
        "diverged_at": diverged_at,
        "layers": _layers(steps, spec["depth"], told),
    }


def _layers(steps: np.ndarray, depth: int, told: dict[str, Any]) -> dict[str, np.ndarray]:
    """Looks as `bnrepro.measurement.probe` takes them, at every evaluation, of layers of one unit."""
    middle, spread = len(steps) // 2, told.get("spread", 2.0)
    percentiles = np.tile(spread * np.array([-0.5, 0.0, 0.5])[:, np.newaxis], (len(steps), depth, 1, 1))
    percentiles[middle, :, 1, 0] += told.get("travelled", 0.0)
    percentiles[1::2, :, 1, 0] += told.get("jumped", 0.0)
    saturated, gradient, lag = (_halves(steps, depth, told.get(name, 0.0)) for name in ("saturated", "gradient", "lag"))
    lag[0] = 1.0  # before the first step moving averages are what they are set to, whatever is told
    softmax = np.full((len(steps), 1), 99.0)  # nobody asks for its gradient and weights
    return {
        "step": steps,
        "percentiles": percentiles,
        "saturated": saturated,
        "always_saturated": np.zeros((len(steps), depth)),
        "gradient": np.concatenate([gradient, softmax], axis=1),
        "weights": np.full((len(steps), depth + 1), told.get("weights", 1.0)),
        "gradient_change": np.concatenate(
            [np.ones((len(steps), 1)), _halves(steps, 1, told.get("cosine", 1.0))], axis=1
        ),
        "lag": lag,
    }


def _halves(steps: np.ndarray, depth: int, value: Any) -> np.ndarray:
    """[looks, depth] of a value for the first half of training and one for the second."""
    first, second = (np.broadcast_to(half, depth) for half in (value if isinstance(value, tuple) else (value, value)))
    return np.where((steps < BUDGET / 2)[:, np.newaxis], first, second)


def evidence(*arms: list[Record], targets: Sequence[float] = (TARGET,)) -> Evidence:
    """What the rules get of these runs."""
    studies: dict[str, list[Record]] = {}
    for record in itertools.chain(*arms):
        studies.setdefault(record["study"], []).append(record)

    def table(build: Callable[..., pd.DataFrame], *read: Callable[[Record], dict[str, np.ndarray]]) -> pd.DataFrame:
        made = []
        for study, records in studies.items():
            further = [name for name in OPTIONAL if name in records[0]["spec"]]
            made.append(build(records, study, further, *read))
        return pd.concat(made, ignore_index=True)

    looks = table(layers.looks, lambda record: record["layers"])
    return Evidence(table(curves.from_records), table(curves.finals), looks, targets, TEST_IMAGES)


def judge(rule: Rule, found: Evidence, claim: Claim | None = None) -> Verdict:
    """The verdict of a rule; of the claim whose findings and remarks go by it, these are asked for as a report does."""
    entry = rule.judge(found)
    if claim and entry["verdict"] != "not tested":
        assert claim.findings[entry["verdict"]]
        assert all(said.endswith(".") for said in claim.remarks([Part.of_entry(part) for part in entry["parts"]]))
    verdict: Verdict = entry["verdict"]
    return verdict
