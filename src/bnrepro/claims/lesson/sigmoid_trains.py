"""Do deep sigmoid networks train with batch normalization that stay at chance without it?"""

from collections.abc import Iterator, Sequence

import numpy as np

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, NotTested, Part, Rule
from bnrepro.claims.evidence import CHANCE, NORMALIZED, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS, mean
from bnrepro.study.factors import FACTORS

STUDY = "initial_weights"
WITH, WITHOUT = "with", "without"


def compare(runs: Evidence) -> list[Part]:
    parts = []
    for depth in runs.values("depth", "depth", **PLAIN):
        if runs.best("depth", depth=depth, **PLAIN).at.max() < CHANCE:
            best = mean(runs.best("depth", depth=depth, **NORMALIZED))
            parts.append(Part(best, best.exceeds(runs.targets[0], runs.targets[0]), {"depth": depth}, WITH))
    if not parts:
        raise NotTested("at every depth a run without batch normalization leaves chance")
    return parts


def compare_initial_weights(runs: Evidence) -> list[Part]:
    parts = []
    target, deepest = runs.targets[0], runs.values(STUDY, "depth", **PLAIN)[-1]
    for scheme in runs.values(STUDY, "initial_scheme", depth=deepest, **PLAIN):
        own = {"initial_scheme": scheme, "depth": deepest}
        normalized, plain = (mean(runs.best(STUDY, **own, **arm)) for arm in (NORMALIZED, PLAIN))
        trains, stands_still = normalized.exceeds(target, target), plain.within(-np.inf, CHANCE)
        both = False if False in (trains, stands_still) else trains and stands_still
        at = {"initial_scheme": scheme}
        parts += [Part(plain, both, at, WITHOUT), Part(normalized, trains, at, WITH, counts=False)]
    return parts


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    tell = FACTORS["initial_scheme"].tell_value
    for name in (WITHOUT, WITH):
        best = [(part.effect.estimate, tell(part.at["initial_scheme"])) for part in parts if part.name == name]
        accuracies = prose.listed(f"{prose.percent(value)} from {scheme}" for value, scheme in best)
        yield f"The best test accuracy at any rate {name} batch normalization: {accuracies}."


CLAIM = Claim(
    id="sigmoid-trains",
    place=2.5,
    title="Deep sigmoid networks",
    source=f"{LECTURE}; arXiv:1502.03167, section 4.2",
    stated=Rule(
        statement="With batch normalization a deep sigmoid network trains that stays at chance without it.",
        words="Keras models, study `depth`. At depths at which no run without batch normalization has a test accuracy "
        "of 30% in two evaluations in a row, the best accuracy with it reaches the headline's target, in two "
        "evaluations in a row. A part for each such depth. Not tested: there is none.",
        measure="best accuracy",
        compare=compare,
        reads={"depth": ("implementation", "normalization", "depth")},
        thresholds={"chance": CHANCE, **THRESHOLDS},
    ),
    meant=Rule(
        statement="A deep sigmoid network stays at chance without batch normalization, whatever its initial weights "
        "and its learning rate, and trains with it.",
        words="Keras models of the deepest network of study `initial_weights`. For each kind of initial weights, the "
        "best accuracy that two evaluations in a row have at any learning rate: without batch normalization it is "
        "below 30%, and with it, it reaches the headline's target. A part for each kind; what batch normalization "
        "reaches is listed beside.",
        measure="best accuracy",
        compare=compare_initial_weights,
        reads={STUDY: ("normalization", "depth", "initial_scheme", "learning_rate")},
        thresholds={"chance": CHANCE, **THRESHOLDS},
    ),
    findings={
        "holds": "The deep network stays at chance without batch normalization, from all initial weights and at all "
        "rates tried, and reaches the target with it.",
        "depends": "Deep sigmoid networks do not need batch normalization to train: from some initial weights they "
        "train without it.",
        "undecided": "These runs do not tell whether the deep network needs batch normalization, from all initial "
        "weights.",
        "fails": "From all initial weights tried the deep network leaves chance without batch normalization at some "
        "rate, or does not reach the target with it.",
    },
    remarks=remarks,
)
