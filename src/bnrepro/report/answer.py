"""The answer that a report begins with: does batch normalization save iterations, at one rate and at tuned ones?"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bnrepro.claims import prose
from bnrepro.claims.engine import Part
from bnrepro.claims.tuned import AT_AN_EDGE
from bnrepro.study.factors import FACTORS
from bnrepro.study.params import PAPER_DEPTH

AT_ONE_RATE, TUNED = "fewer-iterations", "best-against-best"
_SAVES = {
    True: "batch normalization saves iterations",
    False: "batch normalization saves no iterations",
    None: "these runs do not say whether batch normalization saves iterations",
}


def context(found: Mapping[str, Mapping[str, Any]], targets: Sequence[float]) -> dict[str, Any]:
    """The ratios of iterations of Keras models, without over with batch normalization.

    Args:
        found: the entries of claims.json, by id.
        targets: test accuracies; the first is the headline's.

    Returns:
        `sentences`, one for each comparison that has parts; `targets`, in order; and `rows`, for each comparison its
        name, seeds, and a ratio for each target, with `†` if a rate is at an edge of its grid.
    """
    tuned = [part for part in map(Part.of_entry, found[TUNED]["stated"]["parts"]) if not part.name]
    compared = {"one learning rate for both (SGD)": _at_one_rate(found[AT_ONE_RATE])}
    for optimizer in dict.fromkeys(part.at["optimizer"] for part in tuned):
        name = f"each network at its own best learning rate ({FACTORS['optimizer'].tell(optimizer)})"
        compared[name] = [part for part in tuned if part.at["optimizer"] == optimizer]
    compared = {name: parts for name, parts in compared.items() if parts}
    ordered = sorted(targets)
    return {
        "sentences": [_sentence(name, parts, targets[0]) for name, parts in compared.items()],
        "targets": [_percent(target) for target in ordered],
        "rows": [
            {"name": name, "seeds": _seeds(parts), "ratios": [_cell(parts, target) for target in ordered]}
            for name, parts in compared.items()
        ],
    }


def _at_one_rate(entry: Mapping[str, Any]) -> list[Part]:
    """Of the Keras model with as many hidden layers as the paper's network."""
    parts = map(Part.of_entry, entry["stated"]["parts"])
    return [part for part in parts if (part.at["implementation"], part.at["depth"]) == ("keras", PAPER_DEPTH)]


def _sentence(name: str, parts: Sequence[Part], target: float) -> str:
    headline = [part for part in parts if part.at["target"] == target]
    if not headline:
        return f"With {name}, no run arrives at {_percent(target)}."
    ends = [min(parts, key=_known), max(parts, key=_known)]
    lowest, highest = (f"{prose.effect(part.effect)} at {_percent(part.at['target'])}" for part in ends)
    over_all = f"; over all targets it runs from {lowest} to {highest}" if len(parts) > 1 else ""
    return (
        f"With {name}, {_SAVES[headline[0].so]}: the ratio of iterations, without it over with it, is "
        f"{prose.effect(headline[0].effect)} to {_percent(target)} test accuracy ({_seeds(parts)} seeds){over_all}."
    )


def _known(part: Part) -> float:
    """Of a bound, the end that is known."""
    effect = part.effect
    return effect.low if effect.high == math.inf else effect.high if effect.low == 0 else effect.estimate


def _cell(parts: Sequence[Part], target: float) -> str:
    at = [part for part in parts if part.at["target"] == target]
    return prose.effect(at[0].effect) + " †" * at[0].note.endswith(AT_AN_EDGE) if at else "–"


def _seeds(parts: Sequence[Part]) -> str:
    return prose.span((part.effect.pairs for part in parts), "{:.0f}")


def _percent(target: float) -> str:
    return f"{100 * target:g}%"
