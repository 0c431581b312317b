"""Does depth slow training, until nothing is learned?"""

import itertools

from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import CHANCE, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import PAIRED, every


def compare(runs: Evidence) -> list[Part]:
    parts = []
    depths = runs.values("depth", "depth", **PLAIN)
    for shallow, deep in itertools.pairwise(depths):
        first, second = (runs.steps("depth", depth=depth, **PLAIN) for depth in (shallow, deep))
        if min(first.min(), second.min()) < runs.budget("depth"):
            name = f"steps, depth {shallow} and {deep}"
            parts.append(Part.of_means(name, first, second, runs.fewer_steps("depth", first, second)))
    best = runs.best("depth", depth=depths[-1], **PLAIN)
    name = f"best accuracy at depth {depths[-1]}, and three times chance"
    return [*parts, Part(name, best.mean(), CHANCE, every(best < CHANCE))]


CLAIM = Claim(
    id="depth-slows",
    place=1.1,
    title="Depth slows training",
    source=LECTURE,
    statement="Without batch normalization, the deeper the network the more iterations it needs, until it does not "
    "train at all.",
    rule=Rule(
        words="Without batch normalization every depth of study `depth` takes more steps than the one before (Keras "
        "models). Steps to the headline's target, the budget for a run that does not arrive; two depths at neither of "
        "which a run arrives are not compared. One part more: at the deepest no run ever has a test accuracy of 30%. "
        "Holds: in all parts. Fails: in none. Mixed: in some, or within two standard errors.",
        compare=compare,
        reads={"depth": ("implementation", "normalization", "depth")},
        thresholds={"chance": CHANCE, **PAIRED},
    ),
    findings={
        "holds": "Each step in depth costs iterations, and the deepest network stays at chance for the whole budget. "
        "See [gradients](#gradients) for what reaches its first layer.",
        "fails": "More depth costs no iterations here, and the deepest network leaves chance.",
    },
    caution="This is said of these initial weights and this learning rate, not of depth as such.",
)
