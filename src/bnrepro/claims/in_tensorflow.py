"""The lesson's third part: how batch normalization is had in TensorFlow, and what it is once training is over."""

from typing import Any

import pandas as pd

from bnrepro.analysis import layers, steps_to_target
from bnrepro.claims import engine, evidence, learning
from bnrepro.claims.engine import Claim, Measured, NotTested, Part, Verdict, of_parts
from bnrepro.claims.evidence import Evidence, less
from bnrepro.claims.learning import LECTURE, NORMALIZED, PLAIN

CANNED: dict[str, Any] = {"implementation": "canned_estimator", "normalization": "batch"}


def canned_flag(runs: Evidence) -> tuple[Measured, Verdict]:
    """With the flag the canned estimator takes fewer steps, and users get what the network has learned.

    Study `depth`, to the headline's target. Parts, for each depth: by moving averages, fewer steps with the flag than
    without (not so where no run with it arrives); and where a run arrives by population statistics, no fewer steps by
    those than by moving averages. Holds: in all parts. Fails: in none. Mixed: in some, or within two standard errors.
    """
    parts = []
    for depth in runs.values("depth", "depth", **CANNED):
        first = runs.steps("depth", depth=depth, **CANNED)
        second = runs.steps("depth", depth=depth, implementation="canned_estimator", normalization="none")
        met = runs.fewer_steps(first, second)
        parts.append(Part(f"depth {depth}: with and without the flag", first.mean(), second.mean(), met))
        population = runs.steps("depth", "population_accuracy", depth=depth, **CANNED)
        if (population < runs.budget).any():
            met = runs.no_fewer_steps(population, first)
            name = f"depth {depth}: moving averages and population statistics"
            parts.append(Part(name, first.mean(), population.mean(), met))
    return of_parts(parts)


def keras_layer(runs: Evidence) -> tuple[Measured, Verdict]:
    """The Keras layer alone gives its advantage, in a Keras model and in a model function.

    Parts: for each depth of study `depth`, a Keras model with the layer takes fewer steps to the headline's target than
    one without, by moving averages (not so where no run with it arrives); in study `updates`, an estimator of Keras
    layers whose updates nobody runs ends with a test accuracy, by moving averages, no lower than that of one whose
    updates are run. Holds: in all parts. Fails: in none. Mixed: in some, or within two standard errors.
    """
    parts = []
    for depth in runs.values("depth", "depth", **NORMALIZED):
        first, second = (runs.steps("depth", depth=depth, **arm) for arm in (NORMALIZED, PLAIN))
        met = runs.fewer_steps(first, second)
        parts.append(Part(f"Keras model, depth {depth}: with and without", first.mean(), second.mean(), met))
    omitted, run = (_updates(runs, "keras_estimator", updates, "accuracy") for updates in ("omitted", "run"))
    name = "model function, accuracy: updates omitted and run"
    parts.append(Part(name, omitted.mean(), run.mean(), runs.no_lower_accuracy(omitted, run)))
    return of_parts(parts)


def _updates(runs: Evidence, implementation: str, updates: str, column: str) -> pd.Series:
    return runs.final("updates", column, implementation=implementation, updates=updates)


def update_ops(runs: Evidence) -> tuple[Measured, Verdict]:
    """Without the dependency on the updates, training is the same, and what users get is worse.

    Study `updates`, core TensorFlow, at the end of training. Parts: with the updates omitted, the test accuracy by
    moving averages is lower; the test accuracy by population statistics is neither lower nor higher; the moving means
    are farther from the means of the images (mean over layers). Holds: in all parts. Fails: in none. Mixed: in some, or
    within two standard errors.
    """
    own, core = ("omitted", "run"), "core_estimator"
    omitted, run = (_updates(runs, core, updates, "accuracy") for updates in own)
    parts = [Part("accuracy: omitted and run", omitted.mean(), run.mean(), runs.lower_accuracy(omitted, run))]
    omitted, run = (_updates(runs, core, updates, "population_accuracy") for updates in own)
    both = (runs.no_lower_accuracy(omitted, run), runs.no_lower_accuracy(run, omitted))
    met = None if None in both else all(both)
    parts.append(Part("population accuracy: omitted and run", omitted.mean(), run.mean(), met))
    omitted, run = (_lag(runs.looks("updates", implementation=core, updates=updates), -1) for updates in own)
    parts.append(Part("lag at the end: run and omitted", run.mean(), omitted.mean(), less(run, omitted)))
    return of_parts(parts)


def _lag(looks: pd.DataFrame, look: int) -> pd.Series:
    """The lag of the moving means at a look (0: the first after the start, -1: the last), by seed: mean over layers."""
    steps = sorted(looks["step"].unique())[1:]
    if not steps:
        raise NotTested(f"study {looks['study'].iloc[0]}: all runs of an arm diverged before the first look")
    return looks[looks["step"] == steps[look]].groupby("seed")["lag"].mean()


def momentum(runs: Evidence) -> tuple[Measured, Verdict]:
    """The higher the momentum, the longer moving averages lag behind; the lower, the more the last mini-batch weighs.

    Study `momentum`; the lag is the distance of the moving means from the means over a probe batch, in standard
    deviations (mean over layers). Parts: at the first look after the start it is less with 0.9 and with 0.99 than with
    0.999; at the last it is less with 0.9 than with 0, and less with 0.99 than with 0.9. Holds: in all parts. Fails: in
    none. Mixed: in some, or within two standard errors.
    """
    parts = []
    for look, lower, higher in ((0, 0.9, 0.999), (0, 0.99, 0.999), (-1, 0.9, 0.0), (-1, 0.99, 0.9)):
        first, second = (_lag(runs.looks("momentum", momentum=value), look) for value in (lower, higher))
        when = "at the end" if look else "at the first look"
        name = f"lag {when}: momentum {lower:g} and {higher:g}"
        parts.append(Part(name, first.mean(), second.mean(), less(first, second)))
    return of_parts(parts)


def training_only(runs: Evidence) -> tuple[Measured, Verdict]:
    """After training, stored statistics take the place of the mini-batch's, and cost no accuracy.

    Keras models with batch normalization, study `depth`, at the end. Parts, for each depth: the test accuracy by moving
    averages is no lower than by population statistics; and no lower than by the statistics of the test images' own
    mini-batches. Listed beside: how far the logits of the plain network into which the moving averages fold are off, as
    a share of the largest. Holds: in all parts. Fails: in none. Mixed: in some, or within two standard errors.
    """
    parts, checks = [], []
    for depth in runs.values("depth", "depth", **NORMALIZED):
        own = runs.final("depth", "accuracy", depth=depth, **NORMALIZED)
        for mode in ("population", "test_batch"):
            other = runs.final("depth", f"{mode}_accuracy", depth=depth, **NORMALIZED)
            met = runs.no_lower_accuracy(own, other)
            name = f"depth {depth}: accuracy by moving averages and {mode.replace('_', ' ')}"
            parts.append(Part(name, own.mean(), other.mean(), met))
        difference = runs.final("depth", "folded_difference", depth=depth, **NORMALIZED).max()
        checks.append(Part(f"depth {depth}: folded logits off by", difference, 0.0))
    return of_parts(parts, checks)


_REACH = engine.code(engine, evidence, layers, learning, steps_to_target, __file__)
CLAIMS = [
    Claim("canned-flag", LECTURE, "`batch_norm=True` in the canned estimator is all it takes.", canned_flag, _REACH),
    Claim("keras-layer", LECTURE, "Adding the Keras layer is all it takes.", keras_layer, _REACH),
    Claim(
        "update-ops",
        f"{LECTURE}; TensorFlow's documentation of `tf.compat.v1.layers.batch_normalization`",
        "In core TensorFlow the updates of the moving averages must be dependencies of the training operation.",
        update_ops,
        _REACH,
    ),
    Claim("momentum", LECTURE, "Momentum sets how much recent values weigh in the moving averages.", momentum, _REACH),
    Claim(
        "training-only",
        f"{LECTURE}; arXiv:1502.03167, Algorithm 2",
        "Batch normalization is an operation of training; inference uses the stored statistics.",
        training_only,
        _REACH,
    ),
]
