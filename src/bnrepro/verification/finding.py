"""What a check found."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "DIFFERS", "not checked"]


@dataclass(frozen=True)
class Finding:
    """One line of the answer.

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
    """Found in agreement, unless something differs: then the first few are named."""
    if not differing:
        return Finding(what, "ok", agreement)
    more = f" and {len(differing) - 5} more" if len(differing) > 5 else ""
    return Finding(what, "DIFFERS", "; ".join(differing[:5]) + more)
