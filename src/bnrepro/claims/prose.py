"""Numbers and lists in the sentences that a claim's remarks are made of."""

import math
from collections.abc import Callable, Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Context

from bnrepro.claims.engine import Part
from bnrepro.claims.statistics import Effect
from bnrepro.study.factors import FACTORS

SO = {True: "yes", False: "no", None: "undecided"}


def listed(items: Iterable[object]) -> str:
    """`1`, `1 and 3`, `1, 3 and 5`; nothing twice."""
    words = list(dict.fromkeys(map(str, items)))
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def percent(share: float | None) -> str:
    return "–" if share is None or math.isnan(share) else f"{100 * share:.1f}%"


def points(share: float) -> str:
    """A difference of shares, in percentage points."""
    return f"{100 * share:.1f}"


def number(value: float | None) -> str:
    """Whole from a thousand on, with three digits below."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def span(values: Iterable[float], form: str = "{:.2g}") -> str:
    """`4`, or `1.4 to 9.6`: the lowest and the highest of them as written."""
    ordered = sorted(values)
    return " to ".join(dict.fromkeys(form.format(end) for end in (ordered[0], ordered[-1])))


def effect(effect: Effect, form: Callable[[float], str] = number) -> str:
    """`2.1 (1.8 to 2.5)`; of an interval that is open, the end that is known: `at least 1.8`."""
    open_low, open_high = effect.low in (-math.inf, 0), effect.high == math.inf
    if not open_low and not open_high:
        return f"{form(effect.estimate)} ({form(effect.low)} to {form(effect.high)})"
    if open_low and open_high:
        return "not determined"
    bound, side = (effect.high, ROUND_CEILING) if open_low else (effect.low, ROUND_FLOOR)
    return f"{'at most' if open_low else 'at least'} {form(_rounded(bound, side))}"


def _rounded(bound: float, side: str) -> float:
    """A bound with three digits, on the side on which it stays true."""
    return float(Context(prec=3, rounding=side).create_decimal(repr(bound)))


def values(parts: Iterable[Part], factor: str) -> str:
    """The values of a factor that parts are at, in a reader's words."""
    return listed(FACTORS[factor].tell_value(part.at[factor]) for part in parts)


def answers(parts: Iterable[Part]) -> str:
    """`5 yes, 2 no, 1 undecided`: in how many a statement is so."""
    found = [part.so for part in parts]
    return ", ".join(f"{found.count(so)} {words}" for so, words in SO.items() if so in found)


def answers_by(parts: Iterable[Part], factor: str) -> str:
    """`at depth 1 5 yes, 2 no; at depth 3 7 yes`: the same, by the values of a factor."""
    by_value: dict[object, list[Part]] = {}
    for part in parts:
        by_value.setdefault(part.at[factor], []).append(part)
    return "; ".join(f"at {factor} {value} {answers(own)}" for value, own in by_value.items())
