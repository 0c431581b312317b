"""Do networks train deeper with batch normalization?"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bnrepro.claims import prose
from bnrepro.claims.depths import READS, STUDY, WORDS, best, network
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS
from bnrepro.study.factors import FACTORS

WITH, WITHOUT = "with: reaches the target", "without: stays below"


def compare(runs: Evidence) -> list[Part]:
    parts = []
    for activation in runs.values(STUDY, "activation"):
        parts.append(replace(best(runs, True, **network(runs, "batch", activation)), name=WITH))
        parts.append(replace(best(runs, False, **network(runs, "none", activation)), name=WITHOUT))
    return parts


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    tell = FACTORS["activation"].tell
    found = (
        f"{prose.percent(part.effect.estimate)} {part.name.partition(':')[0]} it in {tell(part.at['activation'])}"
        for part in parts
    )
    yield f"Best test accuracy of the deepest networks, each at its own best rate: {prose.listed(found)}."


CLAIM = Claim(
    id="trains-deeper",
    place=5.2,
    title="Deeper networks",
    source=LECTURE,
    stated=Rule(
        statement="Batch normalization lets networks train deeper.",
        words=f"{WORDS} Two parts for each activation: with batch normalization the best test accuracy, by population "
        "statistics and in two evaluations in a row, reaches the headline's target within the budget; without it, it "
        "does not. No network has skip connections.",
        measure="best accuracy",
        compare=compare,
        reads=READS,
        thresholds=THRESHOLDS,
    ),
    findings={
        "holds": "At the greatest depth tried networks train with batch normalization alone, of sigmoids and of ReLU.",
        "depends": "At the greatest depth tried, whether batch normalization decides if a network trains depends on "
        "its nonlinearity.",
        "undecided": "These runs do not tell whether batch normalization decides if the deepest networks train.",
        "fails": "At the greatest depth tried batch normalization does not decide whether a network trains.",
    },
    remarks=remarks,
    caution="The budget is short: a network that does not arrive might with more steps, other initial weights or other "
    "rates.",
)
