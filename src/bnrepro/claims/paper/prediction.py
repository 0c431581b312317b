"""Does the setting that was fitted without batch normalization predict the paper's curve with it?"""

import numpy as np

from bnrepro.analysis import against_paper
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import MATTERS, NORMALIZED, PLAIN, Evidence
from bnrepro.claims.figure_1 import ACCURACY_TOLERANCE, STUDY, distance
from bnrepro.claims.paper import AS_DRAWN, FIGURE_1A, READS
from bnrepro.claims.statistics import THRESHOLDS, Sample, mean, ratio

RATES = "learning_rate"  # the study, and its factor


def compare(runs: Evidence) -> list[Part]:
    effect = mean(distance(runs, "batch"))
    return [Part(effect, effect.within(-np.inf, ACCURACY_TOLERANCE), name="distance"), null(runs)]


def null(runs: Evidence) -> Part:
    """How much farther networks without batch normalization are, at the rate that brings them nearest."""
    until = min(runs.budget(STUDY), runs.budget(RATES))

    def distance_to_it(study: str, **arm: object) -> Sample:
        curves = against_paper.drawn(runs.rows(study, **arm))
        return runs.seen(against_paper.distance(curves, "batch", until), study, **arm)

    rates = {
        rate: distance_to_it(RATES, **PLAIN, learning_rate=rate)
        for rate in map(float, runs.values(RATES, RATES, **PLAIN))
    }
    nearest = min(rates, key=lambda rate: np.inf if rates[rate].at.isna().any() else rates[rate].at.mean())
    effect = ratio(distance_to_it(STUDY, **NORMALIZED), rates[nearest])
    return Part(effect, effect.exceeds(1, MATTERS), {RATES: nearest}, name="null")


CLAIM = Claim(
    id="paper-prediction",
    place=4,
    title="A prediction",
    source=f"ours, of {FIGURE_1A}",
    stated=Rule(
        statement="The setting that gives the paper's curve without batch normalization gives its curve with it too.",
        words="Distances are those from the paper's curve with batch normalization: the root mean square difference in "
        "test accuracy over the steps that both curves show. Two parts. `distance`: with batch normalization, at the "
        "setting chosen without it, the distance is below 0.3 percentage points. `null`: without batch normalization "
        "the distance is larger, at the learning rate of study `learning_rate` where it is smallest; its ratio to "
        f"ours, over the steps of that study. {AS_DRAWN}",
        compare=compare,
        reads={**READS, RATES: ("normalization", RATES)},
        thresholds={"tolerance": ACCURACY_TOLERANCE, "matters": MATTERS, **THRESHOLDS},
    ),
    caution="The networks of study `learning_rate` train without the images that are held out.",
)
