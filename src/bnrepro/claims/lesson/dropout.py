"""Does dropout make a layer depend less on those before it, and limit what is learned?"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pandas as pd

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, NotTested, Part, Rule
from bnrepro.claims.evidence import CHANCE, MATTERS, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS, Sample, difference, ratio

LEVELS = (0.5, 0.7, 0.9)  # training accuracy at which gradients are compared
LEAST_DIFFERENCE = 0.01  # of training accuracies
STUDY = "dropout"
READS = {STUDY: ("normalization", "dropout", "learning_rate")}
SETTLED = 0.002  # of training accuracy: what less than it is gained in the last tenth of a budget
TURN, LIMIT = "turn of the gradient", "training accuracy"


def compare(runs: Evidence) -> list[Part]:
    rates = runs.values(STUDY, "learning_rate", **PLAIN)
    return [part.among(learning_rate=rate) for rate in rates for part in _at(runs, {**PLAIN, "learning_rate": rate})]


def _at(runs: Evidence, plain: dict[str, Any]) -> list[Part]:
    """At one learning rate."""
    parts = []
    without: dict[str, Any] = {**plain, "dropout": 0.0}
    for rate in runs.values(STUDY, "dropout", **plain):
        arms = ({**plain, "dropout": float(rate)}, without)
        if rate == 0 or not all(runs.arrives(STUDY, CHANCE, **arm) for arm in arms):
            continue
        for level in LEVELS:
            if all(runs.arrives(STUDY, level, "training_accuracy", **arm) for arm in arms):
                turn = ratio(*(_turn(runs, arm, level) for arm in arms))
                parts.append(Part(turn, turn.exceeds(1, MATTERS), {"dropout": rate, "level": level}, TURN))
        limit = difference(*(runs.final(STUDY, "training_accuracy", **arm) for arm in arms))
        lower = limit.exceeds(0, LEAST_DIFFERENCE) if all(_gained_late(runs, arm) < SETTLED for arm in arms) else None
        parts.append(Part(limit, lower, {"dropout": rate}, LIMIT))
    return parts


def _gained_late(runs: Evidence, arm: Mapping[str, Any]) -> float:
    """What the last tenth of the budget brings in training accuracy, on average over seeds."""
    curve = runs.rows(STUDY, **arm).pivot(index="step", columns="seed", values="training_accuracy").mean(axis=1)
    return float(curve.iloc[-1] - curve[curve.index <= 0.9 * runs.budget(STUDY)].iloc[-1])


def turns(evidence: Evidence) -> pd.DataFrame:
    """How far a step of the layers before turns the last gradient at equal training accuracy, without normalization.

    At the first learning rate of the study, the dataset's own.

    Returns:
        A row for every run of study `dropout` and level that all runs of its rate reach: dropout, level, seed, turn.
    """
    runs = evidence.select({STUDY: ("normalization", "dropout")})
    rows: list[tuple[float, ...]] = []
    with suppress(NotTested):  # there are no such runs
        for rate in runs.values(STUDY, "dropout", **PLAIN):
            arm = {**PLAIN, "dropout": float(rate)}
            for level in LEVELS:
                if runs.arrives(STUDY, level, "training_accuracy", **arm):
                    rows += [(rate, level, seed, turn) for seed, turn in _turn(runs, arm, level).at.items()]
    return pd.DataFrame(rows, columns=["dropout", "level", "seed", "turn"])


def _turn(runs: Evidence, arm: Mapping[str, Any], level: float) -> Sample:
    """How far a step of the layers before turns the last hidden layer's gradient: 1 - cosine."""
    at = runs.steps(STUDY, level, "training_accuracy", **arm).at
    last = runs.look(STUDY, "gradient_cosine", at, **arm).iloc[:, -1]
    return runs.seen((1 - last).clip(lower=0), STUDY, **arm)  # a cosine may round to more than 1


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    if turns := [part for part in parts if part.name == TURN]:
        yield f"At equal training accuracy dropout turns the gradient less: {prose.answers(turns)}."
    for part in parts:
        if part.name == LIMIT:
            yield (
                f"With dropout {part.at['dropout']:g} at learning rate {part.at['learning_rate']:g} the training "
                f"accuracy at the end is lower by {prose.effect(part.effect, prose.points)} percentage points."
            )


CLAIM = Claim(
    id="dropout",
    place=1.5,
    title="Dropout",
    source=LECTURE,
    stated=Rule(
        statement="Dropout makes a layer robust to the one before it, and as a regularizer limits what the network can "
        "learn.",
        words="Study `dropout`, without batch normalization, at the dataset's own learning rate and at ten times that: "
        "each share above 0 that is dropped against none, where all runs leave chance. Parts: a step of the layers "
        "before turns the gradient of the last hidden layer less with dropout (1 - cosine on a probe batch, a ratio), "
        "at the first look after the training accuracy has reached 50%, 70% and 90%, where all runs of both do; the "
        "training accuracy at the end is lower, by a hundredth or more. The last is undecided where the last tenth of "
        "the budget still brings either network 0.2 percentage points or more: a network that is slow has met no "
        "limit.",
        compare=compare,
        reads=READS,
        thresholds={
            "levels": LEVELS,
            "chance": CHANCE,
            "matters": MATTERS,
            "least_difference": LEAST_DIFFERENCE,
            "settled": SETTLED,
            **THRESHOLDS,
        },
    ),
    findings={
        "holds": "With dropout a step of the layers before turns the last layer's gradient less at the same training "
        "accuracy, and the training accuracy at the end of the budget is lower.",
        "depends": "Dropout does not both make the last layer's gradient steadier and lower the training accuracy, at "
        "every rate and level.",
        "undecided": "These runs do not tell what dropout does, at every rate and level.",
        "fails": "With dropout a step of the layers before turns the last layer's gradient no less at the same "
        "training accuracy, and the training accuracy at the end of the budget is no lower.",
    },
    remarks=remarks,
    caution="Training accuracy that has settled within a budget may rise again in a longer one.",
    figure="dropout",
    reading="At the dataset's own learning rate. Top, on log scales: error against iterations by dropout rate, on test "
    "images in full and on training images dotted; means over seeds in the range of all. A line ends where one of its "
    "runs diverges. Bottom, on a log scale: how far one step of the layers before turns the gradient of the last "
    "hidden layer (1 − cosine), without batch normalization, by dropout rate: at the first look after the training "
    "accuracy has reached 50%, 70% and 90%. Small dots are runs, large ones their medians. A rate has no dot where "
    "some of its runs do not get there.",
    series=STUDY,
)
