"""The lesson's second part: what batch normalization does, and what comes of it."""

import numpy as np

from bnrepro.analysis import layers, steps_to_target
from bnrepro.claims import engine, evidence, learning
from bnrepro.claims.engine import Claim, Measured, NotTested, Part, Verdict, every, of_parts
from bnrepro.claims.evidence import CHANCE, Evidence, less
from bnrepro.claims.learning import LECTURE, NORMALIZED, PLAIN

ZSCORE_TOLERANCE = 0.01  # float32 over 60 values rounds to 1e-6 or so; a missing term would show in tenths
ONE_TOLERANCE = 0.05  # of the variance that half of the units exceed


def zscore(runs: Evidence) -> tuple[Measured, Verdict]:
    """Over every mini-batch, what batch normalization gives before gamma and beta has mean 0 and variance v / (v + e).

    v: the unit's own variance, e: epsilon. Within 0.01, for every unit of every layer and 20 mini-batches of training
    images, with the parameters that the runs of study `depth` end with, computed in one place for all implementations;
    and the median of the variances is within 0.05 of 1. Parts for each implementation. Holds: in all. Fails: in none.
    Mixed: in some.
    """
    parts = []
    finals = runs.finals[(runs.finals["study"] == "depth") & (runs.finals["normalization"] == "batch")]
    if "zscore_mean" not in finals:
        raise NotTested("study depth has no runs with batch normalization")
    for implementation, group in finals.dropna(subset="zscore_mean").groupby("implementation", sort=False):
        mean, error = group["zscore_mean"].max(), group["zscore_variance_error"].max()
        parts.append(Part(f"mean farthest from 0, {implementation}", mean, 0.0, bool(mean <= ZSCORE_TOLERANCE)))
        parts.append(Part(f"variance farthest off, {implementation}", error, 0.0, bool(error <= ZSCORE_TOLERANCE)))
        median = group["zscore_variance_median"].min()
        parts.append(Part(f"median variance, {implementation}", median, 1.0, bool(abs(median - 1) <= ONE_TOLERANCE)))
    return of_parts(parts)


def gradients(runs: Evidence) -> tuple[Measured, Verdict]:
    """The gradient by the first hidden layer's kernel is larger with batch normalization.

    Euclidean norms on a fixed probe batch (Keras models, study `depth`), at the looks nearest to a tenth and to the
    whole of training. Parts, for each depth and time: the norm; and beyond one layer, its ratio to that of the last
    hidden layer, which does not fall as the loss does. Holds: in all parts. Fails: in none. Mixed: in some, or within
    two standard errors.
    """
    parts = []
    for depth in runs.values("depth", "depth", **PLAIN):
        arms = [runs.looks("depth", depth=depth, **arm) for arm in (PLAIN, NORMALIZED)]
        steps = arms[1]["step"].unique()
        for share in (0.1, 1.0):
            at = steps[np.argmin(np.abs(steps - share * runs.budget))]
            place = f"depth {depth}, step {at}: without and with"
            by_layer = [looks[looks["step"] == at].pivot(index="seed", columns="layer") for looks in arms]
            if any(table.empty for table in by_layer):
                raise NotTested(f"study depth: at depth {depth} all runs of an arm diverged before step {at}")
            first, second = (table["gradient"][1] for table in by_layer)
            parts.append(Part(f"norm, {place}", first.mean(), second.mean(), less(first, second)))
            if depth > 1:
                first, second = (table["gradient"][1] / table["gradient"][depth] for table in by_layer)
                parts.append(Part(f"first to last layer, {place}", first.mean(), second.mean(), less(first, second)))
    return of_parts(parts)


def fewer_iterations(runs: Evidence) -> tuple[Measured, Verdict]:
    """With batch normalization the headline's target is reached in fewer steps, evaluated by moving averages.

    A part for each implementation and depth of study `depth`; a run that does not arrive counts with the budget, and
    where no run with it arrives it is not so. Holds: in all parts. Fails: in none. Mixed: in some, or within two
    standard errors.
    """
    parts = []
    for implementation in runs.values("depth", "implementation"):
        for depth in runs.values("depth", "depth", implementation=implementation):
            first, second = (
                runs.steps("depth", implementation=implementation, depth=depth, normalization=normalization)
                for normalization in ("batch", "none")
            )
            met = runs.fewer_steps(first, second)
            parts.append(Part(f"{implementation}, depth {depth}: with and without", first.mean(), second.mean(), met))
    return of_parts(parts)


def higher_learning_rate(runs: Evidence) -> tuple[Measured, Verdict]:
    """With batch normalization, 5 and 30 times the learning rate train faster; without it, 30 times the rate fails.

    Study `learning_rate`, steps to the headline's target, with batch normalization by population statistics, since
    moving averages take their time whatever the rate. Tested where all runs without it arrive at the dataset's own
    rate. Parts: with it, fewer steps at 5 times the rate than at the dataset's own; at 30 times, fewer than at the
    dataset's own (not so where no run arrives); without it, at 30 times no run arrives. Holds: in all parts. Fails: in
    none. Mixed: in some, or within two standard errors.
    """
    study, usual_rate = "learning_rate", learning.usual(runs)
    if not runs.arrive(study, learning_rate=usual_rate, **PLAIN):
        raise NotTested("without batch normalization not all runs arrive at the dataset's own rate")
    own = runs.steps(study, "population_accuracy", learning_rate=usual_rate, **NORMALIZED)
    parts = []
    for times in (5, 30):
        rate = learning.near(runs, usual_rate * times)
        first = runs.steps(study, "population_accuracy", learning_rate=rate, **NORMALIZED)
        parts.append(Part(f"steps, with, times {times} and 1", first.mean(), own.mean(), runs.fewer_steps(first, own)))
    steps = runs.steps(study, learning_rate=learning.near(runs, usual_rate * 30), **PLAIN)
    met = every(steps >= runs.budget)
    parts.append(Part("steps, without, times 30, and the budget", steps.mean(), runs.budget, met))
    return of_parts(parts)


def sigmoid_trains(runs: Evidence) -> tuple[Measured, Verdict]:
    """At depths at which no run without batch normalization ever has a test accuracy of 30%, all with it arrive.

    Keras models, study `depth`; arrive: at the headline's target. A part for each such depth. Holds: all runs at all.
    Fails: none. Mixed: some. Not tested: there is no such depth.
    """
    parts = []
    for depth in runs.values("depth", "depth", **PLAIN):
        plain, normalized = (runs.best("depth", depth=depth, **arm) for arm in (PLAIN, NORMALIZED))
        if plain.max() < CHANCE:
            met = every(runs.steps("depth", depth=depth, **NORMALIZED) < runs.budget)
            name = f"best accuracy at depth {depth}: with and without"
            parts.append(Part(name, normalized.mean(), plain.mean(), met))
    if not parts:
        raise NotTested("at every depth a run without batch normalization leaves chance")
    return of_parts(parts)


_REACH = engine.code(engine, evidence, layers, learning, steps_to_target, __file__)
CLAIMS = [
    Claim(
        "zscore",
        f"{LECTURE}; arXiv:1502.03167, Algorithm 1",
        "Batch normalization gives each unit mean 0 and variance 1 over the mini-batch, before gamma and beta.",
        zscore,
        _REACH,
    ),
    Claim(
        "gradients", LECTURE, "Batch normalization enhances the gradients, also late in training.", gradients, _REACH
    ),
    Claim(
        "fewer-iterations",
        f"{LECTURE}; arXiv:1502.03167, section 4.1",
        "With batch normalization a network reaches the target in fewer iterations, at every depth, in every "
        "implementation.",
        fewer_iterations,
        _REACH,
    ),
    Claim(
        "higher-learning-rate",
        f"{LECTURE}; arXiv:1502.03167, sections 3.3 and 4.2",
        "With batch normalization higher learning rates can be used: 5 times the rate trains faster still, 30 times "
        "too, where the network without it fails.",
        higher_learning_rate,
        _REACH,
    ),
    Claim(
        "sigmoid-trains",
        f"{LECTURE}; arXiv:1502.03167, section 4.2",
        "With batch normalization a deep sigmoid network trains that stays at chance without it.",
        sigmoid_trains,
        _REACH,
    ),
]
