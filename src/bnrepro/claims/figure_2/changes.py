"""What does each of the paper's other changes do alone?"""

import itertools
from collections.abc import Iterator
from typing import Any

from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import MATTERS, Evidence, fewer
from bnrepro.claims.figure_2 import OWN_BEST, SECTION
from bnrepro.claims.inception import ACCURACY_MATTERS, BASELINE, CHANGES, MODE, READS, STUDY, best
from bnrepro.claims.statistics import THRESHOLDS, difference

FACTORS = ("dropout", "l2", "decay")
NAMES = {"dropout": "without dropout", "l2": "a fifth of the L2", "decay": "decay 6 times faster"}


def compare(runs: Evidence) -> list[Part]:
    target = best(runs, BASELINE).at
    parts = []
    for factor, others in _pairs(runs):
        before, after = ({factor: value, **others} for value in _values(runs, factor))
        if factor == "l2":
            gained = difference(*(runs.best(CHANGES, MODE, **at) for at in (before, after)))
            found = [Part(gained, gained.exceeds(0, ACCURACY_MATTERS), others, f"{NAMES[factor]}: accuracy gained")]
        else:
            steps = (runs.steps(CHANGES, target, MODE, **at) for at in (after, before))
            name = f"{NAMES[factor]}: times fewer steps"
            found = [
                Part(part.effect, part.so, others, name, part.note, part.counts and factor == "dropout")
                for part in fewer(*steps)
            ]
        parts += found
    return parts


def _pairs(runs: Evidence) -> Iterator[tuple[str, dict[str, Any]]]:
    """A factor, and values of the other two."""
    for factor in FACTORS:
        others = [name for name in FACTORS if name != factor]
        for values in itertools.product(*(_values(runs, name) for name in others)):
            yield factor, dict(zip(others, values, strict=True))


def _values(runs: Evidence, factor: str) -> list[float]:
    """Before the change and after it, which is the lower value of each."""
    return list(map(float, reversed(runs.values(CHANGES, factor))))


CLAIM = Claim(
    id="inception-changes",
    place=7,
    title="The other changes, each alone",
    source=f"{SECTION}.1",
    stated=Rule(
        statement="With batch normalization removing dropout speeds training up, and less L2 regularization improves "
        "the accuracy.",
        words="With batch normalization at 5 times the rate, study `inception_changes`, at every combination of the "
        "other changes: steps with dropout over steps without it; and the best accuracy with a fifth of the L2 "
        "regularization less that with the whole. Listed beside: steps with the slower decay over steps with the "
        f"faster one, of which the paper states no effect. {OWN_BEST}",
        compare=compare,
        reads={STUDY: READS[STUDY], CHANGES: FACTORS},
        thresholds={"matters": MATTERS, "accuracy": ACCURACY_MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "Removing dropout saves steps, and less L2 regularization improves the accuracy, whatever the other "
        "changes.",
        "fails": "Removing dropout saves no steps, and less L2 regularization does not improve the accuracy.",
        "depends": "What removing dropout or less L2 regularization brings depends on the other changes, or on which "
        "of the two it is.",
        "undecided": "These runs do not tell what removing dropout and less L2 regularization bring.",
    },
)
