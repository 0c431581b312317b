"""Do deep sigmoid networks train with batch normalization that stay at chance without it?"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from bnrepro.claims import prose, tuned
from bnrepro.claims.engine import Claim, NotTested, Part, Rule
from bnrepro.claims.evidence import CHANCE, MATTERS, NORMALIZED, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS, mean
from bnrepro.study.factors import FACTORS

STUDY = "initial_weights"
WITH, WITHOUT = "best accuracy with", "best accuracy without"
FEWER = "times fewer iterations"


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
    headline, deepest = runs.targets[0], runs.values(STUDY, "depth", **PLAIN)[-1]
    for scheme in runs.values(STUDY, "initial_scheme", depth=deepest, **PLAIN):
        own = {"initial_scheme": scheme, "depth": deepest}
        arms, at = [{**arm, **own} for arm in (NORMALIZED, PLAIN)], {"initial_scheme": scheme}
        grids = [tuned.Grid(runs, STUDY, arm) for arm in arms]
        for target in runs.targets:
            found = tuned.fewer_steps(target, *grids)
            parts += [replace(part, name=FEWER).among(**at) for part, *_ in found]
        normalized, plain = (mean(runs.best(STUDY, **arm)) for arm in arms)
        parts.append(Part(plain, plain.within(-np.inf, CHANCE), at, WITHOUT, counts=False))
        parts.append(Part(normalized, normalized.exceeds(headline, headline), at, WITH, counts=False))
    return parts


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    tell = FACTORS["initial_scheme"].tell_value
    fewer = [part for part in parts if part.name == FEWER]
    yield f"With batch normalization it takes fewer iterations: {prose.answers(fewer)}."
    for name in (WITHOUT, WITH):
        best = [(part.effect.estimate, tell(part.at["initial_scheme"])) for part in parts if part.name == name]
        accuracies = prose.listed(f"{prose.percent(value)} from {scheme}" for value, scheme in best)
        yield f"The {name.replace('accuracy', 'test accuracy at any rate')} batch normalization: {accuracies}."


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
        statement="A deep sigmoid network trains in fewer iterations with batch normalization than without, whatever "
        "its initial weights, each at its best learning rate.",
        words="Keras models of the deepest network of study `initial_weights`. For each kind of initial weights and "
        "every target: iterations, without over with batch normalization, where all runs of one network arrive. "
        f"{tuned.WORDS} Listed beside, for each kind: the best accuracy that two evaluations in a row have at any "
        "learning rate: without batch normalization it is below 30%, and with it, it reaches the headline's target.",
        compare=compare_initial_weights,
        reads={STUDY: ("normalization", "depth", "initial_scheme", "learning_rate")},
        thresholds={"chance": CHANCE, "matters": MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "The deep network takes fewer iterations with batch normalization from all initial weights tried.",
        "depends": "Whether batch normalization saves a deep sigmoid network iterations depends on its initial weights "
        "or the target.",
        "undecided": "These runs do not tell whether batch normalization saves the deep network iterations from all "
        "initial weights.",
        "fails": "Batch normalization saves the deep network no iterations, from any initial weights tried.",
    },
    remarks=remarks,
)
