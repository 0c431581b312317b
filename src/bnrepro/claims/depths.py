"""Dense networks far deeper than the paper's (study `deep`): how gradients pass through them, and how well they train."""

from functools import partial
from typing import Any

from bnrepro.claims import prose, tuned
from bnrepro.claims.engine import Part
from bnrepro.claims.evidence import Evidence
from bnrepro.claims.statistics import Sample, mean, typical

STUDY = "deep"
READS = {STUDY: ("normalization", "depth", "activation", "skip", "learning_rate")}
HEALTHY = 10.0  # times, from the last hidden layer to the first: 1.086 a layer over 28 layers
START, END = "start", "end"
FACTOR = f"a factor {HEALTHY:g}"
GRADIENT = (
    "The gradient by a hidden layer's kernel times the norm of that kernel, of the first layer after another hidden "
    "one over the last: Euclidean norms on a fixed probe batch, the geometric mean over seeds"
)
WORDS = (
    "Study `deep`, the deepest networks. Each network has, for each seed, the learning rate with which the other seeds "
    "take the fewest mean iterations to the headline's target on held-out images (of equals, that of the higher "
    "accuracy there). Where an accuracy is missed at the lowest or the highest rate of the grid, a better one may lie "
    "beyond, and the part is undecided."
)


def network(runs: Evidence, normalization: str, activation: str, skip: str = "none") -> dict[str, Any]:
    """The factors of one of the deepest networks, but for its learning rate."""
    depth = runs.values(STUDY, "depth")[-1]
    return {"normalization": normalization, "activation": activation, "skip": skip, "depth": depth}


def passed(runs: Evidence, when: str, **network: Any) -> Part:
    """How many times larger the gradient is in the first layer after another hidden one than in the last."""
    own = tuned.Grid(runs, STUDY, network).choose(runs.targets[0])
    effect = typical(own.sample(partial(_passed, runs, 0.0 if when == START else runs.budget(STUDY))))
    return Part(effect, effect.within(1 / HEALTHY, HEALTHY), {"activation": network["activation"], "when": when})


def _passed(runs: Evidence, step: float, **factors: Any) -> Sample:
    """The same of the runs with these factors, by seed."""
    scaled = runs.look(STUDY, "gradient", step, **factors) * runs.look(STUDY, "weights", step, **factors)
    return runs.seen(scaled[2] / scaled[factors["depth"]], STUDY, **factors)


def best(runs: Evidence, reaches: bool, **network: Any) -> Part:
    """Whether a network, at its own best rate, reaches the headline's target, or stays below it."""
    target = runs.targets[0]
    own = tuned.Grid(runs, STUDY, network).choose(target)
    effect = mean(own.sample(partial(runs.best, STUDY, "population_accuracy")))
    reached = effect.exceeds(target, target)
    if reached is False and own.at_edge:
        reached = None
    so = reached if reaches or reached is None else not reached
    note = f"learning rates {prose.span(own.rates, '{:g}')}" + (f", {tuned.AT_AN_EDGE}" if own.at_edge else "")
    return Part(effect, so, {"activation": network["activation"]}, note=note)
