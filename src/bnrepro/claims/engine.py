"""A claim: a statement, where it is made, the rule that judges it, and the words of the report.

A rule compares runs and returns parts; the verdict follows from the parts. Its digest covers what it says as data: the
statement, its words, thresholds, studies, factors and seeds. An entry of claims.json so shows whether the rule is still
the one that was committed before the runs. What the code does is for tests to hold.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

Verdict = Literal["holds", "fails", "mixed", "not tested"]
# What the report says that a verdict means.
VERDICTS: dict[Verdict, str] = {
    "holds": "so in every part of the rule",
    "fails": "in none",
    "mixed": "in some, or a difference is within two standard errors, or pairs of seeds disagree",
    "not tested": "the runs lack what the rule compares",
}


class NotTested(Exception):
    """The runs that a rule compares are missing; the message says which."""


@dataclass(frozen=True)
class Part:
    """One of the comparisons that a verdict rests on.

    Attributes:
        name: what is compared.
        first, second: the means of both sides, in the order in which the statement has the first the better; `second`
            is None where the statement itself has the other number.
        met: whether the statement is so in this part; None where that cannot be told.
        counts: whether the verdict rests on it; other parts are listed beside.
    """

    name: str
    first: float
    second: float | None = None
    met: bool | None = None
    counts: bool = True

    @classmethod
    def of_means(
        cls, name: str, first: pd.Series, second: pd.Series, met: bool | None = None, counts: bool = True
    ) -> "Part":
        """Of both sides' numbers, by seed."""
        return cls(name, first.mean(), second.mean(), met, counts)

    def entry(self) -> Any:
        """The part in claims.json: its numbers, and `met` where it counts; one number where there is no second."""
        if self.second is None:
            return _number(self.first)
        numbers = {"first": _number(self.first), "second": _number(self.second)}
        return numbers | ({"met": None if self.met is None else bool(self.met)} if self.counts else {})


def of_parts(parts: Sequence[Part]) -> Verdict:
    """`holds` where all parts are so, `fails` where none is, `mixed` in between."""
    if all(part.met is True for part in parts):
        return "holds"
    return "fails" if all(part.met is False for part in parts) else "mixed"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How a claim is judged.

    Attributes:
        words: the rule as the report prints it.
        compare: from evidence to parts. Raises NotTested where runs are missing.
        reads: the studies that it compares, and of each the factors whose values it asks for. Of any other factor that
            a study crosses it sees the first value alone.
        thresholds: the numbers that decide, by name, as JSON takes them.
        first_seed: it sees runs of this seed and of higher ones.
        verdict: from the parts that count to the verdict.
    """

    words: str
    compare: Callable[[Any], list[Part]]
    reads: Mapping[str, Sequence[str]]
    thresholds: Mapping[str, Any] = field(default_factory=dict)
    first_seed: int = 0
    verdict: Callable[[Sequence[Part]], Verdict] = of_parts


@dataclass(frozen=True)
class Found:
    """What the runs of a report gave, for the words about it.

    Attributes:
        parts: of the claim's entry in claims.json, by name; NaN where a run that diverged has no number.
        steps: the rows of steps_to_target.csv at the headline's target.
    """

    parts: Mapping[str, Part]
    steps: pd.DataFrame

    def like(self, form: str) -> list[tuple[dict[str, str], Part]]:
        """The parts whose names a format string gives, each with what stands in its fields."""
        pattern = re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(form)))
        matches = [(pattern.fullmatch(name), part) for name, part in self.parts.items()]
        return [(match.groupdict(), part) for match, part in matches if match]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A statement, its rule, and what the report says about it.

    Attributes:
        place: where the lesson has it: its part, and after the point the order within.
        title: a few words.
        source: who says so, and where.
        statement: as it is taught.
        findings: by verdict, what follows from it in any runs.
        remarks: sentences with the numbers of the runs at hand.
        caution: what the verdict must not be taken for.
        wording: what should be said instead, with its source.
        figure: the one that shows it.
        reading: how to read that figure.
        series: the study whose series the report lists.
        beside_figure_3: whether the report adds the table after the paper's Figure 3.
    """

    id: str
    place: float
    title: str
    source: str
    statement: str
    rule: Rule
    findings: Mapping[Verdict, str] = field(default_factory=dict)
    remarks: Callable[[Found], Iterable[str]] = lambda found: ()
    caution: str = ""
    wording: str = ""
    figure: str = ""
    reading: str = ""
    series: str = ""
    beside_figure_3: bool = False

    def judge(self, evidence: Any | None) -> dict[str, Any]:
        """The claim's entry in claims.json; without evidence it is not tested."""
        parts: list[Part] = []
        verdict: Verdict = "not tested"
        reason = "the runs do not show all that the claim is about"
        if evidence is not None:
            try:
                parts = self.rule.compare(evidence.select(self.rule.reads, self.rule.first_seed))
                counted = [part for part in parts if part.counts]
                if not counted:
                    raise NotTested("there is nothing to compare in the runs")
                verdict = self.rule.verdict(counted)
            except NotTested as missing:
                parts, reason = [], str(missing)
        entry = {
            "id": self.id,
            "source": self.source,
            "statement": self.statement,
            "rule": {"words": self.rule.words, "digest": self.digest()},
            "measured": {part.name: part.entry() for part in parts},
            "verdict": verdict,
        }
        return entry | ({"reason": reason} if verdict == "not tested" else {})

    def digest(self) -> str:
        """SHA-256 (hex) over what the rule says: statement, words, thresholds, studies, factors and seeds."""
        rule = {
            "statement": self.statement,
            "words": self.rule.words,
            "thresholds": dict(self.rule.thresholds),
            "reads": {study: sorted(factors) for study, factors in self.rule.reads.items()},
            "first_seed": self.rule.first_seed,
        }
        return hashlib.sha256(json.dumps(rule, sort_keys=True).encode()).hexdigest()


def _number(value: float) -> float | None:
    """With the tables' six significant digits; None where it is no number."""
    return float(f"{value:.6g}") if np.isfinite(value) else None
