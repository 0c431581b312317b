"""What a check found."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "DIFFERS", "not checked"]
_SHOWN = 50  # differences; who has more has another problem than their names


@dataclass(frozen=True)
class Finding:
    """What one check found, as it is printed.

    Attributes:
        what: was looked at.
        state: `not checked` where something that the check needs is not there.
        detail: what was compared with what; or what differs, by name; or why it was not checked.
    """

    what: str
    state: State
    detail: str

    def __str__(self) -> str:
        return f"{self.state:<11}  {self.what}: {self.detail}"


def compared(what: str, differing: list[str], agreement: str) -> Finding:
    """Found in agreement, unless something differs: then it is named, each on a line of its own where it is several."""
    if not differing:
        return Finding(what, "ok", agreement)
    if len(differing) == 1:
        return Finding(what, "DIFFERS", differing[0])
    shown = [*differing[:_SHOWN], *([f"and {len(differing) - _SHOWN} more"] if len(differing) > _SHOWN else [])]
    return Finding(what, "DIFFERS", "".join(f"\n{'':13}{difference}" for difference in shown))
