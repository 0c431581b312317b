"""Does depth slow training, until nothing is learned?"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from bnrepro.claims import prose, tuned
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import CHANCE, MATTERS, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS, mean

STUDY = "initial_weights"
SLOWER, STANDS_STILL = "iterations", "best accuracy"


def compare(runs: Evidence) -> list[Part]:
    depths = runs.values("depth", "depth", **PLAIN)
    parts = [
        replace(part, name=SLOWER).among(depth=deep)
        for shallow, deep in itertools.pairwise(depths)
        for target in runs.targets
        for part in runs.fewer_steps("depth", target, *({**PLAIN, "depth": depth} for depth in (shallow, deep)))
    ]
    best = mean(runs.best("depth", depth=depths[-1], **PLAIN))
    return [*parts, Part(best, best.within(-np.inf, CHANCE), {"depth": depths[-1]}, STANDS_STILL)]


def compare_initial_weights(runs: Evidence) -> list[Part]:
    parts = []
    for scheme in runs.values(STUDY, "initial_scheme", **PLAIN):
        plain = {**PLAIN, "initial_scheme": scheme}
        depths = runs.values(STUDY, "depth", **plain)
        shallow, deep = ({**plain, "depth": depth} for depth in (depths[0], depths[-1]))
        grids = [tuned.Grid(runs, STUDY, arm) for arm in (shallow, deep)]
        for target in runs.targets:
            found = tuned.fewer_steps(target, *grids)
            parts += [replace(part, name=SLOWER).among(initial_scheme=scheme) for part, *_ in found]
        best = mean(runs.best(STUDY, **deep))
        still = best.within(-np.inf, CHANCE)
        parts.append(Part(best, still, {"initial_scheme": scheme}, STANDS_STILL, counts=False))
    return parts


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    for so, said in ((True, "stays at chance at every rate tried"), (False, "leaves chance at some rate")):
        if found := [part for part in parts if part.name == STANDS_STILL and part.so is so]:
            yield f"The deep network {said} from {prose.values(found, 'initial_scheme')}."
    if slower := [part for part in parts if part.name == SLOWER]:
        yield f"It takes more iterations than the shallow network: {prose.answers(slower)}."


CLAIM = Claim(
    id="depth-slows",
    place=1.1,
    title="Depth slows training",
    source=LECTURE,
    stated=Rule(
        statement="Without batch normalization, the deeper the network the more iterations it needs, until it does not "
        "train at all.",
        words="Keras models without batch normalization in study `depth`. Iterations of each depth over those of the "
        "depth before, to every target, evaluated by moving averages: a part for each pair and target at which all "
        "runs of one depth arrive. One part more: the best test accuracy of the deepest network, which two evaluations "
        "in a row have, is below 30%.",
        compare=compare,
        reads={"depth": ("implementation", "normalization", "depth")},
        thresholds={"matters": MATTERS, "chance": CHANCE, **THRESHOLDS},
    ),
    meant=Rule(
        statement="Without batch normalization a deep network needs more iterations than a shallow one, whatever its "
        "initial weights, each at its best learning rate.",
        words="Keras models without batch normalization in study `initial_weights`, the deepest against the "
        "shallowest. For each kind of initial weights and every target: iterations, where all runs of one depth "
        f"arrive. {tuned.WORDS} Listed beside, for each kind: the best test accuracy of the deepest network at any "
        "rate is below 30%.",
        compare=compare_initial_weights,
        reads={STUDY: ("normalization", "depth", "initial_scheme", "learning_rate")},
        thresholds={"matters": MATTERS, "chance": CHANCE, **THRESHOLDS},
    ),
    findings={
        "holds": "Depth costs iterations from all initial weights tried, at the best rate of each. See "
        "[gradients](#gradients) for what reaches its first layer.",
        "depends": "Whether depth costs iterations depends on the initial weights or the target.",
        "undecided": "These runs do not tell what depth costs from all initial weights.",
        "fails": "Depth costs no iterations from any initial weights tried.",
    },
    remarks=remarks,
    caution="The dataset's own initial weights are small, as the paper's are. Small weights shrink the signal and the "
    "gradient from layer to layer.",
    figure="initial_weights",
    reading="A row for every depth, a column for every kind of initial weights; along each the learning rate. Up, on "
    "log scales: iterations to the headline's target, the mean over seeds in its interval. A cross: no run arrived; "
    "`↑`: not all did; `↓`: some had arrived by their first evaluation. A line joins neighbors at which all arrive.",
)
