"""Is `batch_norm=True` in the canned estimator all that it takes?"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import MATTERS, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS, ratio

CANNED = "canned_estimator"
FLAG: dict[str, Any] = {"implementation": CANNED, "normalization": "batch"}
READS = {"depth": ("implementation", "normalization", "depth")}


def saves(runs: Evidence) -> list[Part]:
    return runs.fewer_at_every_depth(CANNED)


def shows(runs: Evidence) -> list[Part]:
    parts = []
    for depth in runs.values("depth", "depth", **FLAG):
        for target in runs.targets:
            arm = {**FLAG, "depth": depth}
            learned, seen = (runs.steps("depth", target, mode, **arm) for mode in ("population_accuracy", "accuracy"))
            if np.isfinite(learned.high).any():
                later = ratio(learned, seen)
                parts.append(Part(later, later.falls_short(1, MATTERS), {"depth": depth, "target": target}))
    return parts


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    if late := [part for part in parts if part.so is False]:
        times = prose.span((part.effect.estimate for part in late), "{:,.3g}")
        yield (
            f"Users get at once what is learned: {prose.answers(parts)}. Where they do not, moving averages take "
            f"{times} times the iterations that population statistics take."
        )


CLAIM = Claim(
    id="canned-flag",
    place=3.1,
    title="The canned estimator's flag",
    source=LECTURE,
    stated=Rule(
        statement="`batch_norm=True` in the canned estimator is all it takes.",
        words="Iterations of the canned estimator without the flag over iterations with it, evaluated by moving "
        "averages. Study `depth`. A part for each depth and target at which all runs of one arm arrive.",
        measure="times fewer iterations",
        compare=saves,
        reads=READS,
        thresholds={"matters": MATTERS, **THRESHOLDS},
    ),
    meant=Rule(
        statement="With the flag, users of the canned estimator get at once what the network has learned.",
        words="Iterations by moving averages, which users get, over iterations by population statistics, of the same "
        "canned estimators with the flag. Study `depth`. A part for each depth and target at which a run arrives by "
        "population statistics; it is so if moving averages need no more iterations than matter.",
        measure="times as many iterations by moving averages",
        compare=shows,
        reads=READS,
        thresholds={"matters": MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "Users of the canned estimator get what the network has learned as soon as it has learned it.",
        "fails": "At every depth and target, the canned estimator's moving averages hide for a while what the network "
        "has learned.",
        "depends": "At some depths and targets the canned estimator's moving averages hide for a while what the "
        "network has learned; at others they have caught up by then.",
        "undecided": "At some depths and targets the runs do not say whether the canned estimator's moving averages "
        "hide what the network has learned.",
    },
    remarks=remarks,
    wording="The flag adds batch normalization after the nonlinearity, not before it as in the paper, with a momentum "
    "of 0.999 that nobody can change (tensorflow-estimator 2.15, `canned/dnn.py`; TensorFlow's issue 21915 calls the "
    "place wrong). Moving averages start at mean 0 and variance 1, and after 1,000 steps that start still weighs 0.37: "
    "until it is forgotten, what a user measures is not what the network has learned. Study `placement` has a Keras "
    "model in which place and momentum can be chosen apart.",
    series="placement",
)
