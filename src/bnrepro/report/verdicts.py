"""Verdicts as readers are told them: the effects that decide, what they were measured at, and what follows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Part, Rule, Verdict, deciding
from bnrepro.study.factors import FACTORS

# The answers of which a verdict's line in the ledger quotes one part each.
_QUOTED: dict[Verdict, Sequence[bool | None]] = {
    "holds": [True],
    "fails": [False],
    "depends": [True, False],
    "undecided": [None],
    "not tested": [],
}
# What parts differ by, beside the factors of runs; and its values.
_NAMES = {"name": "what is compared", "share": "time", "times": "learning rate", "level": "accuracy"}
_VALUES: dict[str, Callable[[float], str]] = {
    "target": lambda value: f"to {100 * value:g}%",
    "share": lambda value: f"at {100 * value:g}% of training",
    "times": lambda value: f"{value:.2g} times the rate",
    "times_best_rate": lambda value: f"from {value:g} times the best rate",
    "level": lambda value: f"at an accuracy of {100 * value:.3g}%",
}


def told(
    entry: Mapping[str, Any], claim: Claim, headline: Mapping[str, Any], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """An entry of claims.json for the templates.

    Args:
        headline: values of factors; of parts with the same answer, the one that has most of them is quoted.
        settings: those that the claim is judged on today (`bnrepro.claims.ledger.settings`).

    Returns:
        `claim`, `id`, `source`; `rules`, those by which the claim is judged as stated and, if it is, as meant;
        `tested`: whether one of them was; `last`, the last of them that was tested, or else the first; `finding` and
        `remarks`: what follows, if the very last was tested.
    """
    own = {"stated": claim.stated, "meant": claim.meant}
    rules = [
        _rule(name, entry[name], rule, headline) | {"current": entry[name]["digest"] == rule.digest(settings)}
        for name, rule in own.items()
        if rule and name in entry
    ]
    tested = [rule for rule in rules if rule["verdict"] != "not tested"]
    finding, remarks = "", ""
    if rules[-1] in tested and rules[-1]["current"]:  # no words about another rule's parts
        finding = claim.findings.get(rules[-1]["verdict"], "")
        remarks = " ".join(claim.remarks([Part.of_entry(part) for part in entry[rules[-1]["as"]]["parts"]]))
    return {
        "claim": claim,
        "id": entry["id"],
        "source": _said(entry["source"], claim.source),
        "rules": rules,
        "tested": bool(tested),
        "last": (tested or rules)[-1],
        "finding": finding,
        "remarks": remarks,
    }


def _rule(name: str, entry: Mapping[str, Any], rule: Rule, headline: Mapping[str, Any]) -> dict[str, Any]:
    parts = [Part.of_entry(part) for part in entry["parts"]]
    counted = [part for part in parts if part.counts]
    answers = _QUOTED[entry["verdict"]]
    if not any(part.so in answers for part in counted):
        answers = [True, False]  # of `undecided`, whose parts may all be decided
    quoted = []
    for answer in answers:
        if own := [part for part in counted if part.so is answer]:
            part = max(own, key=lambda part: sum(part.at.get(name) == value for name, value in headline.items()))
            quoted.append({"so": prose.SO[part.so], "text": f"{_measured(part, rule)}: {prose.effect(part.effect)}"})
    return {
        "as": name,
        "statement": _said(entry["statement"], rule.statement),
        "words": _said(entry["words"], rule.words),
        "verdict": entry["verdict"],
        "depends_on": prose.listed(map(_factor, deciding(parts))) if entry["verdict"] == "depends" else "",
        "reason": entry.get("reason"),
        "independent": entry["independent"],
        "seeds": prose.span((part.effect.pairs for part in counted), "{:.0f}") if counted else "–",
        "tally": prose.answers(counted),
        "quoted": quoted,
        "parts": [
            {
                "name": _measured(part, rule),
                "effect": prose.effect(part.effect),
                "seeds": part.effect.pairs,
                "so": prose.SO[part.so] if part.counts else "listed beside",
            }
            for part in parts
        ],
    }


def _measured(part: Part, rule: Rule) -> str:
    """`times fewer iterations, Keras model, depth 3, to 95%`."""
    return ", ".join(filter(None, [rule.measure, part.name, *(_value(*item) for item in part.at.items()), part.note]))


def _value(name: str, value: Any) -> str:
    if name in _VALUES and not isinstance(value, str):
        return _VALUES[name](value)
    return FACTORS[name].tell(value) if name in FACTORS else f"{name.replace('_', ' ')} {value}"


def _factor(name: str) -> str:
    return _NAMES.get(name) or (FACTORS[name].title if name in FACTORS else name)


def _said(found: str, own: str) -> str:
    """What claims.json says: as markup where this package says the same, and else as any file's text."""
    return Markup(found) if found == own else found
