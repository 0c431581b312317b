"""Do deep sigmoid networks train with batch normalization that stay at chance without it?"""

from collections.abc import Iterator

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Found, NotTested, Part, Rule
from bnrepro.claims.evidence import CHANCE, NORMALIZED, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import every

BEST = "best accuracy at depth {depth}: with and without"


def compare(runs: Evidence) -> list[Part]:
    parts = []
    for depth in runs.values("depth", "depth", **PLAIN):
        plain, normalized = (runs.best("depth", depth=depth, **arm) for arm in (PLAIN, NORMALIZED))
        if plain.max() < CHANCE:
            met = every(runs.steps("depth", depth=depth, **NORMALIZED) < runs.budget("depth"))
            parts.append(Part.of_means(BEST.format(depth=depth), normalized, plain, met))
    if not parts:
        raise NotTested("at every depth a run without batch normalization leaves chance")
    return parts


def remarks(found: Found) -> Iterator[str]:
    if best := found.like(BEST):
        accuracies = ", ".join(
            f"{prose.percent(part.first)} and {prose.percent(part.second)} at depth {at['depth']}" for at, part in best
        )
        yield f"The best test accuracy, with and without it, mean over seeds: {accuracies}."


CLAIM = Claim(
    id="sigmoid-trains",
    place=2.5,
    title="Deep sigmoid networks",
    source=f"{LECTURE}; arXiv:1502.03167, section 4.2",
    statement="With batch normalization a deep sigmoid network trains that stays at chance without it.",
    rule=Rule(
        words="At depths at which no run without batch normalization ever has a test accuracy of 30%, all with it "
        "arrive. Keras models, study `depth`; arrive: at the headline's target. A part for each such depth. Holds: all "
        "runs at all. Fails: none. Mixed: some. Not tested: there is no such depth.",
        compare=compare,
        reads={"depth": ("implementation", "normalization", "depth")},
        thresholds={"chance": CHANCE},
    ),
    findings={
        "holds": "Networks that stay at chance without batch normalization reach the target with it, with every seed.",
        "mixed": "Of the networks that stay at chance without batch normalization, some reach the target with it.",
        "fails": "No network that stays at chance without batch normalization reaches the target with it.",
    },
    remarks=remarks,
    caution="They stay at chance from these initial weights and at this learning rate, not of necessity.",
)
