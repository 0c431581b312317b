"""Is steadier input the cause of the speed-up: does it go where noise makes inputs shift again?"""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from bnrepro.claims import prose, tuned
from bnrepro.claims.engine import Claim, NotTested, Part, Rule
from bnrepro.claims.evidence import MATTERS, NORMALIZED, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS, Sample, TooFew, quotient, ratio

STUDY = "noise"
READS = {STUDY: ("normalization", "noise", "learning_rate")}
KINDS = ("shifting", "drifting")
# What follows if the shift is the reason, and the two conditions of the test, as parts are named.
GONE = "plain network without noise over noisy one with batch normalization"
WORSE = "noise over steady noise"
DEARER = "cost with batch normalization over cost without"
ADVANTAGE = "advantage without noise"
MOVED = "movement of inputs over that in the plain network"
# Judged by what the rates are chosen by, moving averages; listed beside by population statistics, as parts are named.
MODES = {"accuracy": "", "population_accuracy": ", population statistics"}


def compare(runs: Evidence) -> list[Part]:
    grids = _without_noise(runs)
    parts = [
        part
        for target in runs.targets
        for chosen in [[grid.choose(target) for grid in grids]]
        for column in MODES
        for part in _at(runs, target, column, *chosen)
    ]
    if not any(part.counts for part in parts):
        raise NotTested(
            "at no target batch normalization saves iterations while noise makes inputs move more than without it"
        )
    return parts


def rates(evidence: Evidence) -> pd.DataFrame:
    """The learning rates at which the rule compares the networks of study `noise`.

    Returns:
        A row for each target and arm: target, normalization, learning_rate (of most seeds), tested: whether the rule
        has a part at the target that counts. Empty without such runs.
    """
    runs = evidence.select(READS)
    rows: list[tuple[float, str, float, bool]] = []
    with suppress(NotTested, TooFew):  # there are no such runs
        grids = _without_noise(runs)
        for target in runs.targets:
            arms = [grid.choose(target) for grid in grids]
            tested = any(part.counts for part in _at(runs, target, "accuracy", *arms))
            rows += [(target, arm.factors["normalization"], arm.usual_rate, tested) for arm in arms]
    return pd.DataFrame(rows, columns=["target", "normalization", "learning_rate", "tested"])


def _without_noise(runs: Evidence) -> list[tuned.Grid]:
    return [tuned.Grid(runs, STUDY, {**arm, "noise": "none"}) for arm in (PLAIN, NORMALIZED)]


def _at(runs: Evidence, target: float, column: str, plain: tuned.Tuned, normalized: tuned.Tuned) -> list[Part]:
    """Each network at its best rate without noise; undecided if that is at an edge of the grid."""

    def steps(arm: tuned.Tuned, kind: str) -> Sample:
        return arm.sample(partial(runs.steps, STUDY, target, column), noise=kind)

    def moved(arm: tuned.Tuned, kind: str) -> Sample:
        return arm.sample(partial(_moved, runs), noise=kind)

    before = steps(plain, "none")
    advantage = ratio(steps(normalized, "none"), before)
    parts = [Part(advantage, advantage.exceeds(1, MATTERS), {"target": target}, ADVANTAGE, counts=False)]
    for kind in KINDS:
        at = {"noise": kind, "target": target}
        farther = ratio(moved(plain, "none"), moved(normalized, kind))
        parts.append(Part(farther, farther.exceeds(1, MATTERS), at, MOVED, counts=False))
        if parts[0].so and parts[-1].so:
            left = ratio(steps(normalized, kind), before)
            worse = ratio(steps(normalized, "steady"), steps(normalized, kind))
            parts.append(Part(left, left.falls_short(1, MATTERS), at, GONE))
            parts.append(Part(worse, worse.exceeds(1, MATTERS), at, WORSE, counts=False))
            if np.isfinite(before.high).all():  # else no cost is known
                without, with_it = (quotient(steps(arm, "none"), steps(arm, kind)) for arm in (plain, normalized))
                dearer = ratio(without, with_it)
                parts.append(Part(dearer, dearer.exceeds(1, MATTERS), at, DEARER))
    if plain.at_edge or normalized.at_edge:
        parts = [replace(part, so=None, note=tuned.AT_AN_EDGE) for part in parts]
    return [
        replace(part, name=part.name + MODES[column], counts=part.counts and column == "accuracy") for part in parts
    ]


def _moved(runs: Evidence, **arm: Any) -> Sample:
    """How far the median input of a unit moves from look to look: median over units, mean over layers."""
    looks = runs.looks(STUDY, **arm)
    return runs.seen(looks.drop_duplicates(["seed", "layer"]).groupby("seed")["jumped"].mean(), STUDY, **arm)


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    told = sorted((part for part in parts if part.name in (GONE, WORSE, DEARER)), key=_compared)
    for (kind, target), own in itertools.groupby(told, _compared):
        ratios = "; ".join(f"{part.name}, {prose.effect(part.effect)}" for part in own)
        yield f"Ratios of iterations to {prose.percent(target)} with {kind} noise: {ratios}."


def _compared(part: Part) -> tuple[str, float]:
    return part.at["noise"], part.at["target"]


CLAIM = Claim(
    id="cause",
    place=4.3,
    title="Why it works",
    source=f"{LECTURE}; arXiv:1502.03167, section 1; contested by Santurkar et al. 2018, arXiv:1805.11604",
    stated=Rule(
        statement="Reducing the internal covariate shift is why batch normalization works.",
        words="If so, noise that makes inputs shift again takes the advantage away, by the shift and not as any noise "
        "would, and harms no network more than the one that had no shift. Study `noise`: noise that jumps from step to "
        "step (`shifting`), noise that goes to and fro (`drifting`), as much that does neither (`steady`), and none; "
        "after batch normalization, and as much relative to a unit's spread where there is none. Iterations to every "
        "target by moving averages, each network at its best rate without noise. For each seed that is the one with "
        "which the other seeds take the fewest mean iterations to the same accuracy on held-out images. Parts, for "
        "both kinds of shift: with the noise the network with batch normalization needs no fewer iterations than the "
        "plain network without noise; and, where all runs of the plain network arrive without noise, the noise "
        "multiplies its iterations by more than those of the plain network. Undecided where a chosen rate is the "
        "lowest or the highest of its grid. Listed beside: whether it needs more iterations than with steady noise, "
        "and all of it by population statistics. Tested at each target at which batch normalization saves iterations "
        "without noise, with the noise that moves the median input of its units farther from look to look than it "
        "moves in the plain network (median over units, mean over layers).",
        measure="ratio of iterations",
        compare=compare,
        reads=READS,
        thresholds={"matters": MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "Noise that makes inputs shift again takes the advantage away, and the plain network loses less by "
        "the same noise.",
        "fails": "Where noise makes inputs move farther than in the plain network the advantage stays, and the noise "
        "costs no more than it costs the plain network. That speaks against steadier inputs as the reason, as in "
        "Santurkar et al.",
        "depends": "Some of what would follow if the shift were the reason is so, and some is not. By itself neither "
        "the shift nor its absence explains these runs.",
        "undecided": "The runs do not decide whether the shift is the reason.",
    },
    remarks=remarks,
    caution="Steady noise is drawn for each image, and hides more of it than noise that all images of a mini-batch "
    "share, of which the next layer's normalization takes a part away. A shift that costs no more than steady noise is "
    "therefore weak evidence by itself. The rates are four, a factor of two to three apart.",
    wording="Contested. Santurkar et al. 2018 (arXiv:1805.11604) inject such noise and keep the speed-up, and hold "
    "that batch normalization makes the loss smoother; Bjorck et al. 2018 (arXiv:1806.02375) see the gain in the "
    "larger learning rates; Awais et al. defend the shift.",
    figure="noise",
    reading="A column for each learning rate, and along each the kinds of noise. Top, on a log scale: iterations to "
    "the first target at which the claim is tested, by moving averages; a ring marks the rate that held-out images "
    "choose for a network, without noise; the dashed line is the plain network at its own, without noise. A cross: no "
    "run arrived; an arrow: a bound. Bottom, on a log scale: how far the median input of a unit moves from look to "
    "look (median over units, mean over layers). Shifting noise gives every unit a mean and a spread that jump at each "
    "step; drifting noise moves them slowly to and fro; steady noise is as much, of a distribution that stays. Top: "
    "means over seeds, and their range; bottom: every run.",
    series="noise",
)
