"""Numbers and lists in the sentences that a claim's remarks are made of."""

from collections.abc import Iterable


def listed(items: Iterable[object]) -> str:
    """`1`, `1 and 3`, `1, 3 and 5`."""
    words = [str(item) for item in items]
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def depths(items: Iterable[object]) -> str:
    """`depth 3`, `depths 1 and 3`."""
    words = list(items)
    return f"{'depth' if len(words) == 1 else 'depths'} {listed(words)}"


def percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}%"


def number(value: float | None) -> str:
    """Whole from a thousand on, with three digits below."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def span(values: Iterable[float], form: str = "{:.2g}") -> str:
    """`4`, or `1.4 to 9.6`: the lowest and the highest of them as written."""
    ordered = sorted(values)
    ends = dict.fromkeys(form.format(end) for end in (ordered[0], ordered[-1]))
    return " to ".join(ends)
