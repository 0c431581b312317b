"""Is an advantage left when each arm has its own best learning rate?"""

from collections.abc import Iterator
from typing import Any

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Found, NotTested, Part, Rule
from bnrepro.claims.evidence import NORMALIZED, PLAIN, Evidence
from bnrepro.claims.statistics import PAIRED

STUDY = "learning_rate"
PAIR = "steps, with at {with_rate} and without at {without_rate}"


def compare(runs: Evidence) -> list[Part]:
    with_rate, without_rate = (best_rate(runs, arm) for arm in (NORMALIZED, PLAIN))
    first = runs.steps(STUDY, learning_rate=with_rate, **NORMALIZED)
    second = runs.steps(STUDY, learning_rate=without_rate, **PLAIN)
    name = PAIR.format(with_rate=f"{with_rate:g}", without_rate=f"{without_rate:g}")
    return [Part.of_means(name, first, second, runs.fewer_steps(STUDY, first, second))]


def best_rate(runs: Evidence, arm: dict[str, Any]) -> float:
    """The learning rate at which an arm takes the fewest mean steps to the target on held-out images.

    Raises:
        NotTested: no run of the arm arrives.
    """
    rates = [float(rate) for rate in runs.values(STUDY, "learning_rate", **arm)]
    held_out = {rate: runs.steps(STUDY, "validation_accuracy", learning_rate=rate, **arm).mean() for rate in rates}
    best = min(rates, key=lambda rate: (held_out[rate], rate))
    if held_out[best] >= runs.budget(STUDY):
        raise NotTested(f"study learning_rate: at no rate does {arm['normalization']} reach the target")
    return best


def remarks(found: Found) -> Iterator[str]:
    for at, part in found.like(PAIR):
        yield (
            f"With batch normalization, at a rate of {at['with_rate']}, the target takes {prose.number(part.first)} "
            f"iterations; without it, at {at['without_rate']}, {prose.number(part.second)}."
        )


CLAIM = Claim(
    id="best-against-best",
    place=4.2,
    title="Each at its own best",
    source="the objection of Shallue et al., JMLR 2019",
    statement="The advantage remains when each arm has its own best learning rate, chosen on validation data.",
    rule=Rule(
        words="With batch normalization fewer steps are needed, too, when each arm has its own best learning rate. "
        "Study `learning_rate`. An arm's best rate is the one with the fewest mean steps to the headline's target on "
        "held-out images, a run that does not arrive counting with the budget; of equals the lower. Compared: steps to "
        "the target on test images, by moving averages. Holds: fewer with batch normalization. Fails: more. Mixed: "
        "within two standard errors.",
        compare=compare,
        reads={STUDY: ("normalization", "learning_rate")},
        thresholds=PAIRED,
    ),
    findings={
        "holds": "A badly chosen common rate does not explain the advantage: it remains with each arm at the rate that "
        "held-out images choose for it.",
        "mixed": "With each arm at the rate that held-out images choose for it, no difference can be told at this "
        "target.",
        "fails": "With each arm at the rate that held-out images choose for it, the advantage is gone.",
    },
    remarks=remarks,
    caution="This is one comparison, at one target.",
)
