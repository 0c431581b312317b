"""Does the same network with batch normalization need less than half the steps?"""

from dataclasses import replace

import numpy as np

from bnrepro.claims import tuned
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import MATTERS, Evidence
from bnrepro.claims.figure_2 import OWN_BEST, SECTION
from bnrepro.claims.inception import BN_BASELINE, MODE, RATES, READS, STUDY, reached, speedup
from bnrepro.claims.statistics import THRESHOLDS

HALF = 2.0  # times fewer steps
SHARES = (0.8, 0.9, 1.0)  # of the highest accuracy that the tuned baseline reaches in every seed


def compare(runs: Evidence) -> list[Part]:
    effect = speedup(runs, BN_BASELINE)
    return [Part(effect, effect.within(HALF, np.inf))]


def compare_tuned(runs: Evidence) -> list[Part]:
    arms = [tuned.Grid(runs, RATES, {"normalization": arm}) for arm in ("batch", "none")]
    highest = reached(runs)
    return [
        replace(comparison.part, name="each at its best rate")
        for share in SHARES
        for comparison in tuned.fewer_steps(share * highest, *arms, column=MODE)
    ]


CLAIM = Claim(
    id="inception-bn-baseline",
    place=1,
    title="Batch normalization alone",
    source=f"{SECTION}.2",
    stated=Rule(
        statement="By only using batch normalization the accuracy of Inception is matched in less than half the steps.",
        words="Steps of `Inception` over those of `BN-Baseline`, the same network with batch normalization at the same "
        f"learning rate: the interval lies above 2. {OWN_BEST}",
        measure="times fewer steps",
        compare=compare,
        reads={STUDY: READS[STUDY]},
        thresholds={"half": HALF, **THRESHOLDS},
    ),
    meant=Rule(
        statement="Batch normalization saves steps when each network has its own best learning rate.",
        words="Steps without over steps with batch normalization, study `inception_rates`, by population statistics, "
        "to 80, 90 and 100% of the highest whole percent of accuracy that the network without batch normalization "
        f"reaches in every seed at its best rate. {tuned.WORDS}",
        measure="times fewer steps",
        compare=compare_tuned,
        reads={STUDY: READS[STUDY], RATES: READS[RATES]},
        thresholds={"matters": MATTERS, "shares": SHARES, **THRESHOLDS},
    ),
    findings={
        "holds": "Batch normalization alone saves steps, also against a baseline at its own best learning rate.",
        "fails": "Against a baseline at its own best learning rate batch normalization saves no steps.",
        "depends": "Against a baseline at its own best learning rate batch normalization saves steps to some "
        "accuracies, and none to others.",
        "undecided": "These runs do not tell at every accuracy whether batch normalization saves steps against a "
        "baseline at its own best learning rate.",
    },
    caution="Held-out images are evaluated by moving averages, which lag early in training: the rate that is chosen "
    "with batch normalization may be too low.",
)
