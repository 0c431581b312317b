"""What does the momentum of the moving averages set?"""

from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import MATTERS, NORMALIZED, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS, ratio

EARLY = 100  # steps: of the start 0.9 has forgotten all, 0.99 two thirds and 0.999 a tenth
# By when: the momentum that lags less, and the one that lags more.
COMPARED = {"early": ((0.9, 0.999), (0.99, 0.999)), "at the end": ((0.9, 0.0),)}


def compare(runs: Evidence) -> list[Part]:
    steps = {"early": EARLY, "at the end": runs.moment("momentum", 1)}
    parts = []
    for when, pairs in COMPARED.items():
        for pair in pairs:
            less, more = (runs.lag("momentum", steps[when], **NORMALIZED, momentum=momentum) for momentum in pair)
            effect, name = ratio(less, more), f"lag {when}, momentum {pair[1]:g} over {pair[0]:g}"
            parts.append(Part(effect, effect.exceeds(1, MATTERS), name=name))
    return parts


CLAIM = Claim(
    id="momentum",
    place=3.4,
    title="Momentum",
    source=LECTURE,
    stated=Rule(
        statement="Momentum sets how much recent values weigh in the moving averages.",
        words="The higher the momentum, the longer the start weighs; the lower, the more the last mini-batch weighs. "
        "Study `momentum`: the lag, which is the distance of the moving means from the means over a batch of training "
        "images, in standard deviations (mean over layers). Parts, each a ratio of lags: at the first look after "
        f"{EARLY} iterations or more, momentum 0.999 over 0.9 and over 0.99; at the last look 0 over 0.9. The parts at "
        "the start are arithmetic of an exponential average, which runs can hardly contradict: they check that the "
        "implementation has it.",
        compare=compare,
        reads={"momentum": ("momentum",)},
        thresholds={"early": EARLY, "compared": COMPARED, "matters": MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "A high momentum remembers its start for long; a low one weighs the last mini-batches, which are few "
        "images. What is best depends on how long one trains.",
        "fails": "Momentum does not set what the moving averages remember.",
        "depends": "Momentum decides what the moving averages remember in some of these comparisons only.",
        "undecided": "The runs scatter too much to tell one momentum from another in every part.",
    },
    caution="This is how an exponential moving average is defined: the rule could hardly be lost.",
    wording="Momentum is the share of the old value that is kept, not the weight of the new one: Keras' 0.99 keeps "
    "99%, and PyTorch's 0.1 is Keras' 0.9. Training is the same whatever it is.",
    figure="moving_averages",
    reading="Left, on a log scale: how far the moving means are from the means over the probe's training images, in "
    "standard deviations of each unit (root mean square over units, mean over layers). Middle, on a log scale: what "
    "that costs in test error; dotted, the same networks by population statistics. Right: estimators whose updates are "
    "run, and the same whose updates are forgotten. Means over seeds in the range of all.",
    series="momentum",
)
