"""The lesson's first part: why deep networks train slowly, and what helped before batch normalization."""

import itertools
from typing import Any

import pandas as pd

from bnrepro.analysis import layers, steps_to_target
from bnrepro.claims import engine, evidence
from bnrepro.claims.engine import Claim, Measured, Part, Verdict, every, of_parts
from bnrepro.claims.evidence import CHANCE, Evidence, less

LECTURE = "the lecture"
PLAIN: dict[str, Any] = {"implementation": "keras", "normalization": "none"}
NORMALIZED: dict[str, Any] = {"implementation": "keras", "normalization": "batch"}


def depth_slows(runs: Evidence) -> tuple[Measured, Verdict]:
    """Without batch normalization every depth of study `depth` takes more steps than the one before (Keras models).

    Steps to the headline's target, the budget for a run that does not arrive; two depths at neither of which a run
    arrives are not compared. One part more: at the deepest no run ever has a test accuracy of 30%. Holds: in all parts.
    Fails: in none. Mixed: in some, or within two standard errors.
    """
    parts = []
    depths = runs.values("depth", "depth", **PLAIN)
    for shallow, deep in itertools.pairwise(depths):
        first, second = (runs.steps("depth", depth=depth, **PLAIN) for depth in (shallow, deep))
        if (first < runs.budget).any() or (second < runs.budget).any():
            met = runs.fewer_steps(first, second)
            parts.append(Part(f"steps, depth {shallow} and {deep}", first.mean(), second.mean(), met))
    best = runs.best("depth", depth=depths[-1], **PLAIN)
    name = f"best accuracy at depth {depths[-1]}, and three times chance"
    parts.append(Part(name, best.mean(), CHANCE, every(best < CHANCE)))
    return of_parts(parts)


def saturation(runs: Evidence) -> tuple[Measured, Verdict]:
    """Shares of saturated activations, over all hidden layers, of Keras models in study `depth`.

    Saturated: a slope below a tenth of the sigmoid's steepest, which is an input beyond 3.64 on either side. At the
    depths at which all runs of both arms reach the headline's target, since a network that does not learn may well
    stand still. Parts: at each, without batch normalization, fewer at the start than at the end; fewer in the
    shallowest of them than in the deepest at the end; at each, fewer with it than without at the end. A difference of a
    hundredth of the activations or less is none. Holds: in all parts. Fails: in none. Mixed: in some, or within two
    standard errors.
    """
    depths = _both_arrive(runs)
    parts, ends = [], {}
    for depth in depths:
        start, ends[depth] = (_saturated(runs, at, depth=depth, **PLAIN) for at in ("start", "end"))
        met = _by_a_hundredth(start, ends[depth])
        parts.append(Part(f"without, depth {depth}: start and end", start.mean(), ends[depth].mean(), met))
    if len(depths) > 1:
        shallow, deep = ends[depths[0]], ends[depths[-1]]
        name = f"without, at the end: depth {depths[0]} and {depths[-1]}"
        parts.append(Part(name, shallow.mean(), deep.mean(), _by_a_hundredth(shallow, deep)))
    for depth in depths:
        normalized = _saturated(runs, "end", depth=depth, **NORMALIZED)
        met = _by_a_hundredth(normalized, ends[depth])
        parts.append(Part(f"at the end, depth {depth}: with and without", normalized.mean(), ends[depth].mean(), met))
    return of_parts(parts)


def _both_arrive(runs: Evidence) -> list[int]:
    """The depths of study `depth` at which all Keras models reach the target, with batch normalization and without."""
    depths = runs.values("depth", "depth", **PLAIN)
    return [depth for depth in depths if all(runs.arrive("depth", depth=depth, **arm) for arm in (PLAIN, NORMALIZED))]


def _saturated(runs: Evidence, at: str, **factors: Any) -> pd.Series:
    looks = runs.looks("depth", **factors)
    step = looks["step"].min() if at == "start" else looks["step"].max()
    return looks[looks["step"] == step].groupby("seed")["saturated"].mean()


def _by_a_hundredth(first: pd.Series, second: pd.Series) -> bool | None:
    """Whether shares are smaller in the first, by more than a hundredth."""
    return less(first, second) if second.mean() - first.mean() > 0.01 else False


def covariate_shift(runs: Evidence) -> tuple[Measured, Verdict]:
    """The inputs of a layer's sigmoids travel less with batch normalization (Keras models, study `depth`).

    A unit travels from the lowest to the highest value of the median of its input over a fixed probe batch; of a layer,
    the median over its units. Compared layer by layer, in the units of the input and in those of the unit's own spread
    at the end (its 15th to its 85th percentile), at the depths at which all runs of both arms reach the headline's
    target. Holds: in all parts. Fails: in none. Mixed: in some, or within two standard errors.
    """
    parts = []
    for depth in _both_arrive(runs):
        for column, unit in (("travelled", ""), ("travelled_relative", ", in spreads")):
            first, second = (runs.over_layers("depth", column, depth=depth, **arm) for arm in (NORMALIZED, PLAIN))
            for layer in first:
                met = less(first[layer], second[layer])
                name = f"depth {depth}, layer {layer}{unit}: with and without"
                parts.append(Part(name, first[layer].mean(), second[layer].mean(), met))
    return of_parts(parts)


def small_learning_rate(runs: Evidence) -> tuple[Measured, Verdict]:
    """Without batch normalization, a smaller learning rate shifts inputs less, and trains more slowly.

    Study `learning_rate`: the dataset's rate against a third and a tenth of it. Parts, for each: the median input of a
    unit moves less from one look to the next (the median over units, the mean over layers), where all runs leave
    chance; steps to the headline's target are more (not so where no run at the dataset's rate arrives). Holds: in all
    parts. Fails: in none. Mixed: in some, or within two standard errors.
    """
    study, usual_rate = "learning_rate", usual(runs)
    parts = []
    for times in (1 / 3, 0.1):
        rate = near(runs, usual_rate * times)
        own, other = ({"learning_rate": one, **PLAIN} for one in (rate, usual_rate))
        if all(runs.leave_chance(study, **arm) for arm in (own, other)):
            first, second = (runs.over_layers(study, "jumped", **arm).mean(axis=1) for arm in (own, other))
            name = f"shift, rate {rate:g} and {usual_rate:g}"
            parts.append(Part(name, first.mean(), second.mean(), less(first, second)))
        first, second = (runs.steps(study, **arm) for arm in (other, own))
        met = runs.fewer_steps(first, second)
        parts.append(Part(f"steps, rate {usual_rate:g} and {rate:g}", first.mean(), second.mean(), met))
    return of_parts(parts)


def usual(runs: Evidence) -> float:
    """The dataset's learning rate: the one of study `depth`."""
    return float(runs.values("depth", "learning_rate")[0])


def near(runs: Evidence, rate: float) -> float:
    """The rate of study `learning_rate` that is meant by one within a hundredth of it."""
    rates = runs.values("learning_rate", "learning_rate")
    close = [one for one in rates if abs(one / rate - 1) < 0.01]
    if not close:
        raise engine.NotTested(f"study learning_rate has no runs at a rate of {rate:g}")
    return float(close[0])


def dropout(runs: Evidence) -> tuple[Measured, Verdict]:
    """Without batch normalization, dropout makes a layer depend less on those before, and limits what is learned.

    Study `dropout`: each rate above 0 against none, where all runs leave chance. Parts: a step of the layers before
    turns the gradient of the last hidden layer less (1 - cosine on a probe batch, the mean over training); the training
    accuracy at the end is lower. Holds: in all parts. Fails: in none. Mixed: in some, or within two standard errors.
    """
    parts = []
    without: dict[str, Any] = {"dropout": 0.0, **PLAIN}
    for rate in runs.values("dropout", "dropout", **PLAIN):
        own: dict[str, Any] = {"dropout": float(rate), **PLAIN}
        if rate > 0 and all(runs.leave_chance("dropout", **arm) for arm in (own, without)):
            first, second = (turned(runs.looks("dropout", **arm)) for arm in (own, without))
            parts.append(Part(f"turn, dropout {rate:g} and 0", first.mean(), second.mean(), less(first, second)))
            first, second = (runs.final("dropout", "training_accuracy", **arm) for arm in (own, without))
            met = runs.lower_accuracy(first, second, runs.training_images)
            parts.append(Part(f"training accuracy, dropout {rate:g} and 0", first.mean(), second.mean(), met))
    return of_parts(parts)


def turned(looks: pd.DataFrame) -> pd.Series:
    """How far a step of the layers before turns the last hidden layer's gradient, by seed: the mean of 1 - cosine."""
    return 1 - looks.dropna(subset="gradient_cosine").groupby("seed")["gradient_cosine"].mean()


_REACH = engine.code(engine, evidence, layers, steps_to_target, __file__)
CLAIMS = [
    Claim(
        "depth-slows",
        LECTURE,
        "Without batch normalization, the deeper the network the more iterations it needs, until it does not train at "
        "all.",
        depth_slows,
        _REACH,
    ),
    Claim(
        "saturation",
        f"{LECTURE}; arXiv:1502.03167, section 2",
        "Units retreat into the flat part of the sigmoid as training goes on, more so in deeper networks; with batch "
        "normalization they do not.",
        saturation,
        _REACH,
    ),
    Claim(
        "covariate-shift",
        f"{LECTURE}; arXiv:1502.03167, sections 2 and 4.1",
        "The distribution of a layer's inputs moves during training, and batch normalization makes it steadier.",
        covariate_shift,
        _REACH,
    ),
    Claim(
        "small-learning-rate",
        LECTURE,
        "A smaller learning rate reduces the shift, and slows training.",
        small_learning_rate,
        _REACH,
    ),
    Claim(
        "dropout",
        LECTURE,
        "Dropout makes a layer robust to the one before it, and as a regularizer limits what the network can learn.",
        dropout,
        _REACH,
    ),
]
