"""Does a smaller learning rate shift inputs less, and train more slowly?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, NotTested, Part, Rule
from bnrepro.claims.evidence import CHANCE, MATTERS, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS, Sample, ratio

TIMES = (0.3333, 0.1)  # the dataset's learning rate
STUDY = "learning_rate"
SHIFT, SLOWER = "shift", "iterations"


def compare(runs: Evidence) -> list[Part]:
    parts = []
    for times in TIMES:
        arms = [{**PLAIN, "learning_rate": runs.rate(STUDY, one)} for one in (times, 1)]
        level = min(float(runs.best(STUDY, **arm).at.min()) for arm in arms)
        if level >= CHANCE:
            shift = ratio(*(_shift(runs, arm, level) for arm in arms))
            parts.append(Part(shift, shift.exceeds(1, MATTERS), {"times": times, "level": level}, SHIFT))
        parts += [
            replace(part, name=SLOWER).among(times=times)
            for target in runs.targets
            for part in runs.fewer_steps(STUDY, target, *reversed(arms))
        ]
    if not any(part.name == SHIFT for part in parts):
        raise NotTested("at no smaller rate all runs leave chance")
    return parts


def _shift(runs: Evidence, arm: Mapping[str, Any], level: float) -> Sample:
    """By the first look at which a network has reached an accuracy, the mean over layers."""
    looks = runs.look(STUDY, "shift", runs.steps(STUDY, level, **arm).at, **arm)
    return runs.seen(looks.mean(axis=1), STUDY, **arm)


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    if slower := [part for part in parts if part.name == SLOWER]:
        yield f"A smaller rate needs more iterations: {prose.answers(slower)}."
    for part in parts:
        if part.name == SHIFT:
            yield (
                f"On the way to {prose.percent(part.at['level'])} inputs shift {prose.effect(part.effect)} times as "
                f"far at the dataset's rate as at {part.at['times']:.2g} of it."
            )


CLAIM = Claim(
    id="small-learning-rate",
    place=1.4,
    title="A smaller learning rate",
    source=LECTURE,
    stated=Rule(
        statement="A smaller learning rate reduces the shift, and slows training.",
        words="Without batch normalization, a third and a tenth of the dataset's learning rate against that rate "
        "itself. Study `learning_rate`. Parts, for each: with the smaller rate what the layers get shifts less far on "
        "the way to the same accuracy, from the start to the first look after the network has it, which is the highest "
        "that all runs of both rates reach, if that is 30% or more (measured as for "
        "[covariate-shift](#covariate-shift), the mean over layers from the second on); iterations with the smaller "
        "rate are more, to every target at which all runs of one rate arrive. Not tested: at no smaller rate all runs "
        "leave chance.",
        compare=compare,
        reads={"depth": (), STUDY: ("normalization", "learning_rate")},
        thresholds={"times": TIMES, "chance": CHANCE, "matters": MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "At a smaller rate the layers' inputs shift less on the way to the same accuracy, and training takes "
        "longer.",
        "depends": "A smaller rate does not both shift inputs less on the way to the same accuracy and slow training, "
        "at every rate and target.",
        "undecided": "These runs do not tell whether a smaller rate shifts inputs less on the way to the same "
        "accuracy, or slows training, everywhere.",
        "fails": "A smaller rate neither shifts inputs less on the way to the same accuracy nor slows training.",
    },
    remarks=remarks,
    caution="A single step is smaller at a smaller rate, and shifts inputs less, by definition. The rule asks for the "
    "shift on the way to the same accuracy.",
)
