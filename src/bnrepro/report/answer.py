"""The answer that a report begins with: does batch normalization save iterations, at one rate and at tuned ones?"""

from collections.abc import Mapping, Sequence
from typing import Any

from bnrepro.claims import prose
from bnrepro.claims.engine import Part
from bnrepro.claims.tuned import AT_AN_EDGE
from bnrepro.study.factors import FACTORS
from bnrepro.study.params import PAPER_DEPTH

AT_ONE_RATE, TUNED = "fewer-iterations", "best-against-best"
_TELL = FACTORS["optimizer"].tell


def context(found: Mapping[str, Mapping[str, Any]], targets: Sequence[float]) -> dict[str, Any]:
    """The ratios of iterations of Keras models, without over with batch normalization.

    Args:
        found: the entries of claims.json, by id.
        targets: test accuracies; the first is the headline's.

    Returns:
        `sentence`, empty if no comparison has parts; `targets` that a run reaches, in order; and `rows`, for each
        comparison its name, seeds, and a ratio for each target, with `†` if a rate is at an edge of its grid.
    """
    tuned = [part for part in map(Part.of_entry, found[TUNED]["stated"]["parts"]) if not part.name]
    compared = {("one rate for both", "sgd"): _at_one_rate(found[AT_ONE_RATE])}
    for optimizer in dict.fromkeys(part.at["optimizer"] for part in tuned):
        own = [part for part in tuned if part.at["optimizer"] == optimizer]
        compared["each network's own best rate", optimizer] = own
    compared = {name: parts for name, parts in compared.items() if parts}
    arrived = {part.at["target"] for parts in compared.values() for part in parts}
    ordered = sorted(arrived.intersection(targets))
    return {
        "sentence": _sentence(compared, targets[0]) if compared else "",
        "targets": [_percent(target) for target in ordered],
        "rows": [
            {
                "name": f"{rates}, {_TELL(optimizer)}",
                "seeds": _seeds(parts),
                "ratios": [_cell(_at(parts, target)) for target in ordered],
            }
            for (rates, optimizer), parts in compared.items()
        ],
    }


def _at_one_rate(entry: Mapping[str, Any]) -> list[Part]:
    """Of the Keras model with as many hidden layers as the paper's network."""
    parts = map(Part.of_entry, entry["stated"]["parts"])
    return [part for part in parts if (part.at["implementation"], part.at["depth"]) == ("keras", PAPER_DEPTH)]


def _sentence(compared: Mapping[tuple[str, str], Sequence[Part]], target: float) -> str:
    answers: dict[str, list[str]] = {}
    for (rates, optimizer), parts in compared.items():
        answers.setdefault(rates, []).append(f"{_TELL(optimizer)} {_saves(_at(parts, target))}")
    told = "; ".join(f"with {rates}: {', '.join(own)}" for rates, own in answers.items())
    return f"Iterations to {_percent(target)} test accuracy, {told}."


def _at(parts: Sequence[Part], target: float) -> Part | None:
    return next((part for part in parts if part.at["target"] == target), None)


def _saves(part: Part | None) -> str:
    """`2.1 (1.8 to 2.5) times fewer`; of an effect that is not known to matter, no number."""
    if part is None:
        return "no run arrives"
    if part.so:
        return f"{prose.effect(part.effect)} times fewer"
    if part.so is None:
        return "undecided"
    return f"{prose.effect(part.effect.inverse)} times more" if part.effect.high < 1 else "hardly fewer"


def _cell(part: Part | None) -> str:
    return prose.effect(part.effect) + " †" * part.note.endswith(AT_AN_EDGE) if part else "–"


def _seeds(parts: Sequence[Part]) -> str:
    return prose.span((part.effect.pairs for part in parts), "{:.0f}")


def _percent(target: float) -> str:
    return f"{100 * target:g}%"
