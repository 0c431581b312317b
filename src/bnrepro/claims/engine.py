"""A claim: a statement, where it is made, and the rule that judges it.

A rule is a function. Its words are its docstring; its digest covers its words, its code, and what else decides its
verdict (`reach`), so that a claim's entry in claims.json shows whether the rule is still the one that was committed
before the runs.
"""

import ast
import hashlib
import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np

from bnrepro import source

Verdict = Literal["holds", "fails", "mixed", "not tested"]
Measured = dict[str, Any]


class NotTested(Exception):
    """The runs that a rule looks at are not there; the message says which."""


@dataclass(frozen=True)
class Part:
    """One of the comparisons that a verdict rests on.

    Attributes:
        name: what is compared.
        first, second: the means of both sides, in the order in which the statement has the first the better.
        met: whether the statement is so in this part; None where that cannot be told.
    """

    name: str
    first: float
    second: float
    met: bool | None = None


@dataclass(frozen=True)
class Claim:
    """A statement, where it is made, and the rule that judges it.

    Attributes:
        rule: from evidence to what was measured and the verdict.
        reach: text of all that decides the verdict beside the rule's own code.
    """

    id: str
    source: str
    statement: str
    rule: Callable[[Any], tuple[Measured, Verdict]]
    reach: str

    def judge(self, evidence: Any | None) -> dict[str, Any]:
        """The claim's entry in claims.json; without evidence it is not tested."""
        measured: Measured = {}
        verdict: Verdict = "not tested"
        reason = "the runs do not show all that the claim is about"
        if evidence is not None:
            try:
                measured, verdict = self.rule(evidence)
            except NotTested as missing:
                reason = str(missing)
        entry = {
            "id": self.id,
            "source": self.source,
            "statement": self.statement,
            "rule": {"words": " ".join((self.rule.__doc__ or "").split()), "digest": digest(self.rule, self.reach)},
            "measured": {name: _plain(value) for name, value in measured.items()},
            "verdict": verdict,
        }
        return entry | ({"reason": reason} if verdict == "not tested" else {})


def digest(rule: Callable[..., Any], reach: str) -> str:
    """SHA-256 (hex) over a rule: its words, its code, and what else decides its verdict."""
    own = source.text(ast.parse(inspect.getsource(rule)))
    return hashlib.sha256(f"{own}\n{reach}".encode()).hexdigest()


def code(*modules: ModuleType | str) -> str:
    """What modules (or the files of modules) do, as text: for a rule's `reach`."""
    files = [module if isinstance(module, str) else str(module.__file__) for module in modules]
    return "\n".join(source.syntax(Path(file)) for file in files)


def of_all(met: Iterable[bool | None]) -> Verdict:
    """`holds` where all are so, `fails` where all are not, `mixed` in between; `not tested` where there are none."""
    met = list(met)
    if not met:
        return "not tested"
    if all(one is True for one in met):
        return "holds"
    return "fails" if all(one is False for one in met) else "mixed"


def of_parts(parts: Sequence[Part], checks: Sequence[Part] = ()) -> tuple[Measured, Verdict]:
    """What was measured, by part, and the verdict over all of them.

    Args:
        checks: listed, and not counted.

    Raises:
        NotTested: there are no parts.
    """
    if not parts:
        raise NotTested("there is nothing to compare in the runs")
    measured = {part.name: {"first": part.first, "second": part.second, "met": part.met} for part in parts}
    measured |= {part.name: {"first": part.first, "second": part.second} for part in checks}
    return measured, of_all(part.met for part in parts)


def every(so: Iterable[bool]) -> bool | None:
    """Of several runs: True where it is so of all, False where of none, None in between."""
    so = list(so)
    return True if all(so) else None if any(so) else False


def _plain(value: Any) -> Any:
    """For JSON, with the tables' six significant digits."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if value is None or isinstance(value, bool | np.bool_):
        return None if value is None else bool(value)
    return float(f"{value:.6g}") if np.isfinite(value) else None
