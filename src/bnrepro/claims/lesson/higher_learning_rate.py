"""Does batch normalization allow higher learning rates, and are they faster?"""

from collections.abc import Iterator

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Found, NotTested, Part, Rule
from bnrepro.claims.evidence import NORMALIZED, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import PAIRED, every

FASTER, FAILING = (5, 30), 30  # times the dataset's learning rate
STUDY = "learning_rate"
WITH, WITHOUT = "steps, with, times {times} and 1", "steps, without, times {times}, and the budget"


def compare(runs: Evidence) -> list[Part]:
    usual = runs.usual_rate()
    if not runs.arrive(STUDY, learning_rate=usual, **PLAIN):
        raise NotTested("without batch normalization not all runs arrive at the dataset's own rate")
    second = runs.steps(STUDY, "population_accuracy", learning_rate=usual, **NORMALIZED)
    parts = []
    for times in FASTER:
        first = runs.steps(STUDY, "population_accuracy", learning_rate=runs.rate_near(usual * times), **NORMALIZED)
        parts.append(Part.of_means(WITH.format(times=times), first, second, runs.fewer_steps(STUDY, first, second)))
    steps = runs.steps(STUDY, learning_rate=runs.rate_near(usual * FAILING), **PLAIN)
    met = every(steps >= runs.budget(STUDY))
    return [*parts, Part(WITHOUT.format(times=FAILING), steps.mean(), runs.budget(STUDY), met)]


def remarks(found: Found) -> Iterator[str]:
    for at, part in found.like(WITH):
        said = {
            True: "takes fewer iterations than",
            False: "takes no fewer iterations than",
            None: "cannot be told from",
        }
        yield f"With batch normalization, {at['times']} times the rate {said[part.met]} the rate itself."
    for at, part in found.like(WITHOUT):
        runs = {True: "no run arrives", False: "every run arrives", None: "some runs arrive and some do not"}
        yield f"Without it, {runs[part.met]} at {at['times']} times the rate."
    rows = found.steps[(found.steps["study"] == STUDY) & (found.steps["mode"] == "ema")]
    for normalization, arm in (("batch", "With"), ("none", "Without")):
        tried = rows[rows["normalization"] == normalization]
        rates = tried[tried["reached"] == tried["runs"]]["learning_rate"]
        if len(rates):
            yield (
                f"{arm} batch normalization all runs arrive at {len(rates)} of {len(tried)} rates, "
                f"{prose.span(rates, '{:.3g}')}."
            )


CLAIM = Claim(
    id="higher-learning-rate",
    place=2.4,
    title="Higher learning rates",
    source=f"{LECTURE}; arXiv:1502.03167, sections 3.3 and 4.2",
    statement="With batch normalization higher learning rates can be used: 5 times the rate trains faster still, 30 "
    "times too, where the network without it fails.",
    rule=Rule(
        words="With batch normalization, 5 and 30 times the learning rate train faster; without it, 30 times the rate "
        "fails. Study `learning_rate`, steps to the headline's target, with batch normalization by population "
        "statistics, since moving averages take their time whatever the rate. Tested where all runs without it arrive "
        "at the dataset's own rate. Parts: with it, fewer steps at 5 times the rate than at the dataset's own; at 30 "
        "times, fewer than at the dataset's own (not so where no run arrives); without it, at 30 times no run arrives. "
        "Holds: in all parts. Fails: in none. Mixed: in some, or within two standard errors.",
        compare=compare,
        reads={"depth": (), STUDY: ("normalization", "learning_rate")},
        thresholds={"faster": FASTER, "failing": FAILING, **PAIRED},
    ),
    remarks=remarks,
    caution="The multiples depend on where one starts: the dataset's own rate need not be the best of either network.",
    figure="learning_rate",
    reading="Left, on log scales: iterations to the target against the learning rate, as a multiple of the dataset's "
    "own (the dotted line); a cross: no run arrived. Right: test accuracy in the end. Means over seeds, and their "
    "range.",
    series=STUDY,
    beside_figure_3=True,
)
