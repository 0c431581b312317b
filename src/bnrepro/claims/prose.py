"""Numbers and lists in the sentences that a claim's remarks are made of."""

import math
from collections.abc import Iterable, Mapping

from bnrepro.claims.engine import Part


def listed(items: Iterable[object]) -> str:
    """`1`, `1 and 3`, `1, 3 and 5`."""
    words = [str(item) for item in items]
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def depths(items: Iterable[object]) -> str:
    """`depth 3`, `depths 1 and 3`."""
    words = list(items)
    return f"{'depth' if len(words) == 1 else 'depths'} {listed(words)}"


def answers(pairs: Iterable[tuple[Mapping[str, str], Part]], said: Mapping[bool | None, str]) -> str:
    """What is said of each answer, with the depths at which parts have it: `is so at depth 3 and is not at depth 1`."""
    pairs = list(pairs)
    at = {met: [fields["depth"] for fields, part in pairs if part.met is met] for met in said}
    return listed(f"{said[met]} at {depths(found)}" for met, found in at.items() if found)


def percent(share: float | None) -> str:
    return "–" if share is None or math.isnan(share) else f"{100 * share:.1f}%"


def number(value: float | None) -> str:
    """Whole from a thousand on, with three digits below."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def span(values: Iterable[float], form: str = "{:.2g}") -> str:
    """`4`, or `1.4 to 9.6`: the lowest and the highest of them as written."""
    ordered = sorted(values)
    return " to ".join(dict.fromkeys(form.format(end) for end in (ordered[0], ordered[-1])))
