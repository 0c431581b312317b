"""The lesson's first part: why deep networks train slowly, and what helped before batch normalization."""

import itertools
from typing import Any

import pandas as pd

from bnrepro.analysis.claims import claim, evidence
from bnrepro.analysis.claims.claim import Claim, Measured, Part, Verdict, of_parts
from bnrepro.analysis.claims.evidence import CHANCE, Evidence, less

LECTURE = "the lecture"
PLAIN: dict[str, Any] = {"implementation": "keras", "normalization": "none"}
NORMALIZED: dict[str, Any] = {"implementation": "keras", "normalization": "batch"}


def depth_slows(runs: Evidence) -> tuple[Measured, Verdict]:
    """Without batch normalization every depth of study `depth` takes more steps than the one before (Keras models).

    Steps to the headline's target, the budget for a run that does not arrive; depths after one at which no run arrives
    are not compared. One part more: at the deepest no run ever has a test accuracy of 30%. Holds: in all parts. Fails:
    in none. Mixed: in some, or within two standard errors.
    """
    parts = []
    depths = runs.values("depth", "depth", **PLAIN)
    for shallow, deep in itertools.pairwise(depths):
        first, second = (runs.steps("depth", depth=depth, **PLAIN) for depth in (shallow, deep))
        budget = runs.curves["budget"].max()
        if (first < budget).any() or (second < budget).any():
            met = runs.fewer_steps(first, second)
            parts.append(Part(f"steps, depth {shallow} and {deep}", first.mean(), second.mean(), met))
    best = runs.best("depth", depth=depths[-1], **PLAIN)
    name = f"best accuracy at depth {depths[-1]}, and three times chance"
    parts.append(Part(name, best.max(), CHANCE, bool(best.max() < CHANCE)))
    return of_parts(parts)


def saturation(runs: Evidence) -> tuple[Measured, Verdict]:
    """Shares of saturated activations, over all hidden layers, of Keras models in study `depth`.

    Saturated: a slope below a tenth of the sigmoid's steepest, which is an input beyond 3.64 on either side. Parts:
    at each depth without batch normalization, fewer at the start than at the end; without it, fewer in the shallowest
    than in the deepest network at the end; at each depth, fewer with it than without at the end. Holds: in all parts.
    Fails: in none. Mixed: in some, or within two standard errors.
    """
    depths = runs.values("depth", "depth", **PLAIN)
    parts, ends = [], {}
    for depth in depths:
        start, ends[depth] = (_saturated(runs, at, depth=depth, **PLAIN) for at in ("start", "end"))
        met = less(start, ends[depth])
        parts.append(Part(f"without, depth {depth}: start and end", start.mean(), ends[depth].mean(), met))
    shallow, deep = ends[depths[0]], ends[depths[-1]]
    if len(depths) > 1:
        name = f"without, at the end: depth {depths[0]} and {depths[-1]}"
        parts.append(Part(name, shallow.mean(), deep.mean(), less(shallow, deep)))
    for depth in depths:
        normalized = _saturated(runs, "end", depth=depth, **NORMALIZED)
        met = less(normalized, ends[depth])
        parts.append(Part(f"at the end, depth {depth}: with and without", normalized.mean(), ends[depth].mean(), met))
    return of_parts(parts)


def _saturated(runs: Evidence, at: str, **factors) -> pd.Series:
    looks = runs.looks("depth", **factors)
    step = looks["step"].min() if at == "start" else looks["step"].max()
    return looks[looks["step"] == step].groupby("seed")["saturated"].mean()


def covariate_shift(runs: Evidence) -> tuple[Measured, Verdict]:
    """The inputs of a layer's sigmoids travel less with batch normalization (Keras models, study `depth`).

    A unit travels from the lowest to the highest value of the median of its input over a fixed probe batch; of a layer,
    the median over its units. Compared layer by layer, at the depths at which all runs without batch normalization
    reach the headline's target: a network that does not learn may well stand still. Holds: in all layers. Fails: in
    none. Mixed: in some, or within two standard errors.
    """
    parts = []
    for depth in runs.values("depth", "depth", **PLAIN):
        if runs.arrive("depth", depth=depth, **PLAIN):
            first, second = (runs.moved("depth", depth=depth, **arm) for arm in (NORMALIZED, PLAIN))
            for layer in first:
                met = less(first[layer], second[layer])
                parts.append(Part(f"depth {depth}, layer {layer}", first[layer].mean(), second[layer].mean(), met))
    return of_parts(parts)


def small_learning_rate(runs: Evidence) -> tuple[Measured, Verdict]:
    """Without batch normalization, a smaller learning rate shifts inputs less, and trains more slowly.

    Study `learning_rate`: the dataset's rate against a third and a tenth of it. Parts, for each: the travel of
    sigmoids' inputs (mean over layers, see `covariate-shift`) is less; steps to the headline's target are more. Holds:
    in all parts. Fails: in none. Mixed: in some, or within two standard errors.
    """
    study, own_rate = "learning_rate", usual(runs)
    parts = []
    for times in (1 / 3, 0.1):
        rate = near(runs, own_rate * times)
        own, other = ({"learning_rate": one, **PLAIN} for one in (rate, own_rate))
        first, second = (runs.moved(study, **arm).mean(axis=1) for arm in (own, other))
        parts.append(Part(f"travel, rate {rate:g} and {own_rate:g}", first.mean(), second.mean(), less(first, second)))
        first, second = (runs.steps(study, **arm) for arm in (other, own))
        met = runs.fewer_steps(first, second)
        parts.append(Part(f"steps, rate {own_rate:g} and {rate:g}", first.mean(), second.mean(), met))
    return of_parts(parts)


def usual(runs: Evidence) -> float:
    """The dataset's learning rate: the one of study `depth`."""
    return float(runs.values("depth", "learning_rate")[0])


def near(runs: Evidence, rate: float) -> float:
    """The rate of study `learning_rate` that is meant by one within a hundredth of it."""
    rates = runs.values("learning_rate", "learning_rate")
    near = [one for one in rates if abs(one / rate - 1) < 0.01]
    if not near:
        raise claim.NotTested(f"study learning_rate has no runs at a rate of {rate:g}")
    return float(near[0])


def dropout(runs: Evidence) -> tuple[Measured, Verdict]:
    """Without batch normalization, dropout makes inputs shift less, and limits what a network learns.

    Study `dropout`: each rate above 0 against none. Parts: sigmoids' inputs travel less (mean over layers, see
    `covariate-shift`); the training accuracy at the end is lower. Holds: in all parts. Fails: in none. Mixed: in some,
    or within two standard errors.
    """
    parts = []
    without: dict[str, Any] = {"dropout": 0.0, **PLAIN}
    for rate in runs.values("dropout", "dropout", **PLAIN):
        own: dict[str, Any] = {"dropout": float(rate), **PLAIN}
        if rate > 0:
            first, second = (runs.moved("dropout", **arm).mean(axis=1) for arm in (own, without))
            parts.append(Part(f"travel, dropout {rate:g} and 0", first.mean(), second.mean(), less(first, second)))
            first, second = (runs.final("dropout", "training_accuracy", **arm) for arm in (own, without))
            met = runs.lower_accuracy(first, second)
            parts.append(Part(f"training accuracy, dropout {rate:g} and 0", first.mean(), second.mean(), met))
    return of_parts(parts)


_REACH = claim.code(evidence)
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
