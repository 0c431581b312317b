"""The lesson's second part: what batch normalization does, and what comes of it."""

import numpy as np

from bnrepro.analysis.claims import claim, evidence, learning
from bnrepro.analysis.claims.claim import Claim, Measured, NotTested, Part, Verdict, of_parts
from bnrepro.analysis.claims.evidence import CHANCE, Evidence, less
from bnrepro.analysis.claims.learning import LECTURE, NORMALIZED, PLAIN

ZSCORE_TOLERANCE = 0.01  # float32 over 60 values rounds to 1e-6 or so; a missing term would show in tenths


def zscore(runs: Evidence) -> tuple[Measured, Verdict]:
    """Over every mini-batch, what batch normalization gives before gamma and beta has mean 0 and variance v / (v + e).

    v: the unit's own variance, e: epsilon. Within 0.01, for every unit of every layer and 20 mini-batches of training
    images, with the parameters that each run of study `depth` ends with. A part for each implementation. Holds: in all.
    Fails: in none. Mixed: in some.
    """
    parts = []
    finals = runs.finals[(runs.finals["study"] == "depth") & (runs.finals["normalization"] == "batch")]
    for implementation, group in finals.dropna(subset="zscore_mean").groupby("implementation", sort=False):
        mean, error = group["zscore_mean"].max(), group["zscore_variance_error"].max()
        parts.append(Part(f"mean, {implementation}", mean, 0.0, bool(mean <= ZSCORE_TOLERANCE)))
        parts.append(Part(f"variance off by, {implementation}", error, 0.0, bool(error <= ZSCORE_TOLERANCE)))
    return of_parts(parts)


def gradients(runs: Evidence) -> tuple[Measured, Verdict]:
    """The gradient of the loss by the first and by the last hidden layer's kernel is larger with batch normalization.

    Euclidean norms on a fixed probe batch (Keras models, study `depth`), at the looks nearest to a tenth and to the
    whole of training. A part for each depth, layer and time. Holds: in all parts. Fails: in none. Mixed: in some, or
    within two standard errors.
    """
    parts = []
    for depth in runs.values("depth", "depth", **PLAIN):
        arms = [runs.looks("depth", depth=depth, **arm) for arm in (PLAIN, NORMALIZED)]
        budget = runs.curves["budget"].max()
        for share in (0.1, 1.0):
            steps = arms[1]["step"].unique()
            at = steps[np.argmin(np.abs(steps - share * budget))]
            for layer in dict.fromkeys((1, depth)):
                first, second = (
                    looks[(looks["step"] == at) & (looks["layer"] == layer)].set_index("seed")["gradient"]
                    for looks in arms
                )
                name = f"depth {depth}, layer {layer}, step {at}: without and with"
                parts.append(Part(name, first.mean(), second.mean(), less(first, second)))
    return of_parts(parts)


def fewer_iterations(runs: Evidence) -> tuple[Measured, Verdict]:
    """With batch normalization the headline's target is reached in fewer steps, evaluated by moving averages.

    A part for each implementation and depth of study `depth`; a run that does not arrive counts with the budget. Holds:
    in all parts. Fails: in none. Mixed: in some, or within two standard errors.
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

    Study `learning_rate`, steps to the headline's target by moving averages. Parts: with it, fewer steps at 5 times the
    rate than at the dataset's own; at 30 times, fewer than at the dataset's own; without it, at 30 times no run
    arrives. Holds: in all parts. Fails: in none. Mixed: in some, or within two standard errors.
    """
    study, usual = "learning_rate", learning.usual(runs)
    own = runs.steps(study, learning_rate=usual, **NORMALIZED)
    parts = []
    for times in (5, 30):
        first = runs.steps(study, learning_rate=learning.near(runs, usual * times), **NORMALIZED)
        parts.append(Part(f"with, times {times} and 1", first.mean(), own.mean(), runs.fewer_steps(first, own)))
    highest = learning.near(runs, usual * 30)
    steps, budget = runs.steps(study, learning_rate=highest, **PLAIN), float(runs.curves["budget"].max())
    parts.append(Part("without, times 30, and the budget", steps.mean(), budget, bool((steps >= budget).all())))
    return of_parts(parts)


def sigmoid_trains(runs: Evidence) -> tuple[Measured, Verdict]:
    """At depths at which no run without batch normalization ever has a test accuracy of 30%, all with it arrive.

    Keras models, study `depth`; arrive: at the headline's target. A part for each such depth. Holds: at all. Fails: at
    none. Mixed: at some. Not tested: there is no such depth.
    """
    parts = []
    for depth in runs.values("depth", "depth", **PLAIN):
        plain, normalized = (runs.best("depth", depth=depth, **arm) for arm in (PLAIN, NORMALIZED))
        if plain.max() < CHANCE:
            met = runs.arrive("depth", depth=depth, **NORMALIZED)
            parts.append(Part(f"best accuracy at depth {depth}: with and without", normalized.min(), plain.max(), met))
    if not parts:
        raise NotTested("at every depth a run without batch normalization leaves chance")
    return of_parts(parts)


_REACH = claim.code(evidence) + claim.code(learning)
CLAIMS = [
    Claim(
        "zscore",
        f"{LECTURE}; arXiv:1502.03167, Algorithm 1",
        "Batch normalization gives each unit mean 0 and variance 1 over the mini-batch, before gamma and beta.",
        zscore,
        f"{_REACH}{ZSCORE_TOLERANCE}",
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
