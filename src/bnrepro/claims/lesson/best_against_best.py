"""Is an advantage left when each network has its own best learning rate?"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bnrepro.claims import prose, tuned
from bnrepro.claims.engine import Claim, NotTested, Part, Rule
from bnrepro.claims.evidence import MATTERS, NORMALIZED, PLAIN, Evidence
from bnrepro.claims.statistics import THRESHOLDS, TooFew
from bnrepro.study.factors import FACTORS

STUDIES = {"learning_rate": "sgd", "tuned_momentum": "momentum", "tuned_adam": "adam"}
RANGE = [percent / 100 for percent in (*range(80, 95), *np.arange(95, 100, 0.5).tolist())]  # of targets
READS = dict.fromkeys(STUDIES, ("normalization", "learning_rate"))
WORDS = FACTORS["optimizer"].words
STEP = 1.22  # times that of one without batch normalization: Keras model, portable numerics (benchmarks/README.md)
IN_SECONDS, BY_POPULATION = "in seconds", "by population statistics"  # names of parts beside


def compare(runs: Evidence) -> list[Part]:
    parts = _by("accuracy", runs)
    by_population = [replace(part, name=BY_POPULATION, counts=False) for part in _by("population_accuracy", runs)]
    return [*parts, *map(_in_seconds, parts), *by_population]


def _by(column: str, runs: Evidence) -> list[Part]:
    return [
        comparison.part.among(optimizer=optimizer)
        for study, optimizer in STUDIES.items()
        if study in runs.studies
        for arms in [_arms(runs, study)]
        for target in runs.targets
        for comparison in tuned.fewer_steps(target, *arms, column=column)
    ]


def _arms(runs: Evidence, study: str) -> list[tuned.Grid]:
    return [tuned.Grid(runs, study, arm) for arm in (NORMALIZED, PLAIN)]


def _in_seconds(part: Part) -> Part:
    iterations = part.effect
    seconds = replace(iterations, **{end: getattr(iterations, end) / STEP for end in ("estimate", "low", "high")})
    so = None if part.so is None else seconds.exceeds(1, MATTERS)
    return replace(part, effect=seconds, so=so, name=IN_SECONDS, counts=False)


def by_target(evidence: Evidence) -> pd.DataFrame:
    """What the rule compares, over the whole range of targets.

    Returns:
        A row for each optimizer and target at which a run arrives: study, optimizer, target, rate_without and rate_with
        (the learning rate chosen for most seeds), at_edge (whether one is the lowest or highest of the grid), pairs,
        ratio, low and high (95% interval; empty where a bound leaves it open), and censored: what kind of bound the
        ratio is, as in `bnrepro.analysis.steps_to_target.speedup`.
    """
    runs = evidence.select(READS)
    rows: list[tuple[Any, ...]] = []
    for study in [study for study in STUDIES if study in runs.studies]:
        with suppress(NotTested, TooFew):  # it lacks an arm, or seeds
            rows += _ratios(runs, study)
    names = ["study", "optimizer", "target", "rate_without", "rate_with", "at_edge", "pairs", "ratio", "low", "high"]
    return pd.DataFrame(rows, columns=[*names, "censored"])


def _ratios(runs: Evidence, study: str) -> list[tuple[Any, ...]]:
    """The rows of a study."""
    rows, arms = [], _arms(runs, study)
    for target in sorted({*RANGE, *runs.targets}):
        for part, with_it, without in tuned.fewer_steps(target, *arms):
            effect, at_edge = part.effect, with_it.at_edge or without.at_edge
            own = (at_edge, effect.pairs, *effect.tabulated)
            rows.append((study, STUDIES[study], target, without.usual_rate, with_it.usual_rate, *own))
    return rows


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    for optimizer in dict.fromkeys(part.at["optimizer"] for part in parts):
        ratios = [
            f"{prose.effect(part.effect)} to {100 * part.at['target']:g}%"
            for part in sorted(parts, key=lambda part: part.at["target"])
            if part.at["optimizer"] == optimizer and part.so is not None and not part.name
        ]
        if ratios:
            yield f"With {WORDS[optimizer]} the ratio of iterations is {prose.listed(ratios)}."


CLAIM = Claim(
    id="best-against-best",
    place=4.2,
    title="Each at its own best",
    source="the objection of Shallue et al., JMLR 2019",
    stated=Rule(
        statement="Batch normalization saves iterations when each network has its own best learning rate.",
        words="Iterations without batch normalization over iterations with it, to every target on test images, "
        "evaluated by moving averages, with every optimizer that the dataset has: SGD (study `learning_rate`), SGD "
        "with momentum (`tuned_momentum`) and Adam (`tuned_adam`). A part for each optimizer and target at which all "
        f"runs of one network arrive. {tuned.WORDS} Listed beside: the same in seconds; by population statistics; and "
        "at targets at which some runs of either network do not arrive.",
        measure="times fewer iterations",
        compare=compare,
        reads=READS,
        thresholds={"matters": MATTERS, "step": STEP, **THRESHOLDS},
    ),
    findings={
        "holds": "A badly chosen common rate does not explain the advantage: it remains with each network at the rate "
        "that held-out images choose for it, with every optimizer tried, to every target.",
        "fails": "With each network at the rate that held-out images choose for it, the advantage is gone.",
        "depends": "With each network at the rate that held-out images choose for it, an advantage remains to some "
        "targets or with some optimizers, and none to others.",
        "undecided": "With each network at the rate that held-out images choose for it, the runs do not say everywhere "
        "whether an advantage remains.",
    },
    remarks=remarks,
    caution="Iterations are not seconds. With three hidden layers an iteration with batch normalization takes 1.22 "
    "times as long with portable numerics, which is what parts in seconds take, and 1.06 times with `fast` "
    "(`benchmarks/README.md`): a smaller ratio of iterations saves no time. Rates of a grid are a factor of two to "
    "three apart, and the network that works at fewer rates loses more by that. Moving averages lag: by population "
    "statistics, listed beside, ratios are larger.",
    figure="best_against_best",
    reading="Across: the test accuracy asked for. Up, on a log scale: iterations without over iterations with batch "
    "normalization, each network at the learning rate that held-out images choose for that accuracy, with its 95% "
    "interval. A triangle is a bound, and has no line: runs without batch normalization did not arrive (at least), or "
    "runs with it did not (at most). A gray dot below: a chosen rate is at an edge of its grid. Where nothing is "
    "drawn, no run arrived, or the bounds point both ways.",
)
