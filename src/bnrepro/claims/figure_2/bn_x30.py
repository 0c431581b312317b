"""Is thirty times the rate slower at first, and better in the end?"""

from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import MATTERS, Evidence, fewer
from bnrepro.claims.figure_2 import CHANGED, OWN_BEST, SECTION
from bnrepro.claims.inception import ACCURACY_MATTERS, BASELINE, BN_X5, BN_X30, FASTER, READS, STUDY, best, gain, steps
from bnrepro.claims.statistics import THRESHOLDS

SLOWER, HIGHER = "times the steps", "accuracy gained"


def compare(runs: Evidence) -> list[Part]:
    target = best(runs, BASELINE).at
    slower = fewer(*(steps(runs, arm, target) for arm in (BN_X5, BN_X30)))
    higher = gain(runs, BN_X30, than=BN_X5)
    named = [Part(part.effect, part.so, part.at, SLOWER, part.note, part.counts) for part in slower]
    return [*named, Part(higher, higher.exceeds(0, ACCURACY_MATTERS), name=HIGHER)]


CLAIM = Claim(
    id="inception-bn-x30",
    place=3,
    title="Thirty times the rate",
    source=f"{SECTION}.2",
    stated=Rule(
        statement="With thirty times the rate it trains somewhat slower at first than with five, and reaches a higher "
        "accuracy.",
        words=f"`BN-x30` and `BN-x5` are {CHANGED}. Two parts: the steps of `BN-x30` over those of `BN-x5`; and its "
        f"best accuracy less that of `BN-x5`. {OWN_BEST}",
        compare=compare,
        reads={STUDY: READS[STUDY], FASTER: READS[FASTER]},
        thresholds={"matters": MATTERS, "accuracy": ACCURACY_MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "Thirty times the rate is slower at first, and reaches a higher accuracy.",
        "fails": "Thirty times the rate is neither slower at first nor better in the end.",
        "depends": "Of thirty times the rate one half of the statement is so, and the other is not.",
        "undecided": "These runs do not tell whether thirty times the rate is slower at first and better in the end.",
    },
)
