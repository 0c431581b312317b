"""Does batch normalization allow higher learning rates, and are they faster?"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import MATTERS, NORMALIZED, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS, mean, ratio

FASTER, FAILING = (5, 30), 30  # times the dataset's learning rate
STUDY = "learning_rate"
MODE = "population_accuracy"
WITH, WITHOUT = "with: iterations", "without: best accuracy"


def compare(runs: Evidence) -> list[Part]:
    parts = []
    own = runs.rate(STUDY, 1)
    failing = mean(runs.best(STUDY, MODE, learning_rate=runs.rate(STUDY, FAILING), **PLAIN))
    for target in runs.targets:
        for times in FASTER:
            higher = {**NORMALIZED, "learning_rate": runs.rate(STUDY, times)}
            found = runs.fewer_steps(STUDY, target, higher, {**NORMALIZED, "learning_rate": own}, column=MODE)
            parts += [replace(part, name=WITH).among(times=times) for part in found]
        if runs.arrives(STUDY, target, MODE, learning_rate=own, **PLAIN):
            parts.append(Part(failing, failing.within(-np.inf, target), {"times": FAILING, "target": target}, WITHOUT))
    return parts


def compare_highest(runs: Evidence) -> list[Part]:
    parts = []
    for target in runs.targets:
        plain, normalized = (runs.highest_rate(STUDY, target, MODE, **arm) for arm in (PLAIN, NORMALIZED))
        if min(plain.low.min(), normalized.low.min()) > 0:
            effect = ratio(plain, normalized)
            parts.append(Part(effect, effect.exceeds(1, MATTERS), {"target": target}))
    return parts


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    ratios = prose.listed(f"{prose.effect(part.effect)} for {prose.percent(part.at['target'])}" for part in parts)
    yield f"The highest rate at which a network arrives, with batch normalization over without: {ratios}."


CLAIM = Claim(
    id="higher-learning-rate",
    place=2.4,
    title="Higher learning rates",
    source=f"{LECTURE}; arXiv:1502.03167, sections 3.3 and 4.2",
    stated=Rule(
        statement="With batch normalization 5 times the learning rate trains faster still, and 30 times too, where the "
        "network without it fails.",
        words="Study `learning_rate`, by population statistics, since moving averages take their time whatever the "
        "rate. Parts, for every target: with batch normalization, iterations at the dataset's own rate over those at 5 "
        "and at 30 times the rate, where all runs of one rate arrive; without it, where all runs arrive at the "
        "dataset's own rate, the best accuracy at 30 times the rate, which two evaluations in a row have, is below the "
        "target.",
        compare=compare,
        reads={"depth": (), STUDY: ("normalization", "learning_rate")},
        thresholds={"faster": FASTER, "failing": FAILING, "matters": MATTERS, **THRESHOLDS},
    ),
    meant=Rule(
        statement="With batch normalization higher learning rates can be used.",
        words="Study `learning_rate`, by population statistics. For every target and seed, the highest rate of the "
        "grid at which the run arrives; it lies between that rate and the next one of the grid. Its ratio, with batch "
        "normalization over without: a part for each target that every seed reaches at some rate, in both arms. A "
        "difference of one step of the grid is undecided.",
        measure="highest rate, with over without",
        compare=compare_highest,
        reads={STUDY: ("normalization", "learning_rate")},
        thresholds={"matters": MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "With batch normalization a network arrives at higher learning rates than without, at every target.",
        "depends": "Whether batch normalization allows higher rates depends on the accuracy that is asked for.",
        "undecided": "By what factor the highest usable rates differ, this grid does not tell at every target.",
        "fails": "Batch normalization allows no higher learning rates.",
    },
    remarks=remarks,
    caution="The multiples depend on where one starts: the dataset's own rate need not be the best of either network.",
    figure="learning_rate",
    reading="On log scales: iterations to the headline's target against the learning rate, a panel for each optimizer "
    "that the dataset has; dotted, the dataset's own rate. A cross: no run arrived; `↑`: not all did; `↓`: some had "
    "arrived by their first evaluation. A ring: the rate that held-out images choose for a network "
    "([best-against-best](#best-against-best)). Means over seeds in their intervals.",
    series=STUDY,
    beside_figure_3=True,
)
