"""Does a smaller learning rate shift inputs less, and train more slowly?"""

from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import CHANCE, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import PAIRED, less

TIMES = (1 / 3, 0.1)  # the dataset's learning rate
STUDY = "learning_rate"


def compare(runs: Evidence) -> list[Part]:
    usual = runs.usual_rate()
    parts = []
    for times in TIMES:
        rate = runs.rate_near(usual * times)
        small, other = ({"learning_rate": one, **PLAIN} for one in (rate, usual))
        if all(runs.leave_chance(STUDY, **arm) for arm in (small, other)):
            first, second = (runs.over_layers(STUDY, "jumped", **arm).mean(axis=1) for arm in (small, other))
            name = f"shift, rate {rate:g} and {usual:g}"
            parts.append(Part.of_means(name, first, second, less(first, second)))
        first, second = (runs.steps(STUDY, **arm) for arm in (other, small))
        name = f"steps, rate {usual:g} and {rate:g}"
        parts.append(Part.of_means(name, first, second, runs.fewer_steps(STUDY, first, second)))
    return parts


CLAIM = Claim(
    id="small-learning-rate",
    place=1.4,
    title="A smaller learning rate",
    source=LECTURE,
    statement="A smaller learning rate reduces the shift, and slows training.",
    rule=Rule(
        words="Without batch normalization, a smaller learning rate shifts inputs less, and trains more slowly. Study "
        "`learning_rate`: the dataset's rate against a third and a tenth of it. Parts, for each: the median input of a "
        "unit moves less from one look to the next (the median over units, the mean over layers), where all runs leave "
        "chance; steps to the headline's target are more (not so where no run at the dataset's rate arrives). Holds: "
        "in all parts. Fails: in none. Mixed: in some, or within two standard errors.",
        compare=compare,
        reads={"depth": (), STUDY: ("normalization", "learning_rate")},
        thresholds={"times": TIMES, "chance": CHANCE, **PAIRED},
    ),
    findings={
        "holds": "Smaller steps move the layers' inputs less from one look to the next, and training takes longer. As "
        "a remedy, a smaller rate gives away the speed that it was to save.",
        "mixed": "Less shift and slower training do not go together at all rates; the numbers say at which they do.",
        "fails": "A smaller rate neither shifts inputs less nor trains more slowly.",
    },
)
