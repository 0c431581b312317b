"""Is five times the learning rate faster still with batch normalization?"""

from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import MATTERS, Evidence, fewer
from bnrepro.claims.figure_2 import CHANGED, OWN_BEST, SECTION
from bnrepro.claims.inception import BASELINE, BN_BASELINE, BN_X5, FASTER, MODE, RATES, READS, STUDY, alone, best, steps
from bnrepro.claims.statistics import THRESHOLDS

TIMES = 5
FROM = (0.2, 1.0)  # of the baseline's best rate: where one starts


def compare(runs: Evidence) -> list[Part]:
    target = best(runs, BASELINE).at
    return fewer(*(steps(runs, arm, target) for arm in (BN_X5, BN_BASELINE)))


def compare_rate_alone(runs: Evidence) -> list[Part]:
    parts = []
    for start in FROM:
        target = runs.best(RATES, MODE, **alone(runs, "none", start)).at
        arms = (alone(runs, "batch", times) for times in (TIMES * start, start))
        found = fewer(*(runs.steps(RATES, target, MODE, **arm) for arm in arms))
        parts += [part.among(times_best_rate=start) for part in found]
    return parts


CLAIM = Claim(
    id="inception-bn-x5",
    place=2,
    title="Five times the rate",
    source=f"{SECTION}.2",
    stated=Rule(
        statement="With five times the learning rate, and other changes, it trains faster still.",
        words=f"Steps of `BN-Baseline` over those of `BN-x5`, which has 5 times the rate, {CHANGED}. {OWN_BEST}",
        measure="times fewer steps",
        compare=compare,
        reads={STUDY: READS[STUDY], FASTER: READS[FASTER]},
        thresholds={"matters": MATTERS, **THRESHOLDS},
    ),
    meant=Rule(
        statement="With batch normalization five times the learning rate trains faster, whatever the rate it is five "
        "times of.",
        words="The same with the rate alone changed (study `inception_rates`): steps at a rate over those at 5 times "
        "it, with batch normalization, to the best accuracy without it at the rate itself. Two parts: the rate is the "
        "baseline's best, and a fifth of that.",
        measure="times fewer steps",
        compare=compare_rate_alone,
        reads={STUDY: READS[STUDY], RATES: READS[RATES]},
        thresholds={"matters": MATTERS, "from": FROM, "times": TIMES, **THRESHOLDS},
    ),
    findings={
        "holds": "Five times the rate trains faster with batch normalization, from both rates.",
        "fails": "Five times the rate trains no faster with batch normalization, from either rate.",
        "depends": "Five times the rate trains faster from one of the two rates, and no faster from the other.",
        "undecided": "These runs do not tell from both rates whether five times the rate trains faster with batch "
        "normalization.",
    },
    caution='The paper\'s "14 times fewer steps" is one point of its curves: BN-x5 at the best accuracy of Inception. '
    "At 70% it is 12.9 times, at 65% 10.5.",
)
