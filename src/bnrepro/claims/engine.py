"""A claim: a statement, where it is made, the rules that judge it, and the words of the report.

A claim is judged as stated, by what its source says, and where that is not what should have been said, as meant, too. A
rule asks for effects and returns parts; the verdict follows from the parts. Its digest covers what it says as data: the
statement, its words, thresholds, studies and factors, and the settings that it is judged on: targets, seeds and grids.
An entry of claims.json so shows whether both are still those that were committed before the runs. What the code does is
for tests to hold.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from bnrepro import source
from bnrepro.claims.statistics import Effect, TooFew, widened

Verdict = Literal["holds", "fails", "depends", "undecided", "not tested"]
# What the report says that a verdict means.
VERDICTS: dict[Verdict, str] = {
    "holds": "so in every part of the rule",
    "fails": "not so in each part",
    "depends": "so in some parts, and not in others; the rarer answer remains when intervals are widened for all parts",
    "undecided": "an interval is too wide to say, or the rarer of two answers does not remain when they are widened",
    "not tested": "the runs lack what the rule compares",
}


class NotTested(Exception):
    """The runs that a rule compares are missing; the message says which."""


@dataclass(frozen=True)
class Part:
    """One of the comparisons that a verdict rests on.

    Attributes:
        effect: what was compared, with its interval.
        so: whether the statement is so in this part; None where that is not certain.
        at: the values of the factors by which it differs from the rule's other parts.
        name: what is compared, where a rule compares several things.
        note: what a reader has to know of it, such as how many runs arrive.
        counts: whether the verdict rests on it; other parts are listed beside.
    """

    effect: Effect
    so: bool | None
    at: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    note: str = ""
    counts: bool = True

    def among(self, **at: Any) -> "Part":
        """The same part, told from others by these factors, too."""
        return replace(self, at={**at, **self.at})

    def entry(self) -> dict[str, Any]:
        """The part in claims.json."""
        effect = {name: _number(getattr(self.effect, name)) for name in ("estimate", "low", "high")}
        return {
            "name": self.name,
            "note": self.note,
            "at": dict(self.at),
            **effect,
            "pairs": self.effect.pairs,
            "so": self.so,
            "counts": self.counts,
        }

    @classmethod
    def of_entry(cls, entry: Mapping[str, Any]) -> "Part":
        """The part of an entry; an end that JSON could not hold is infinite, and the networks are not told."""
        unknown = {"estimate": np.nan, "low": -np.inf, "high": np.inf}
        estimate, low, high = (unknown[name] if entry[name] is None else float(entry[name]) for name in unknown)
        effect = Effect(estimate, low, high, entry["pairs"])
        return cls(effect, entry["so"], entry["at"], entry["name"], entry["note"], entry["counts"])


def verdict(parts: Sequence[Part]) -> Verdict:
    """What all parts that count make of a statement."""
    answers = [part.so for part in parts if part.counts]
    if all(answers):
        return "holds"
    if True in answers and False in answers:
        return "depends"
    return "undecided" if None in answers else "fails"


def independent(parts: Iterable[Part]) -> int:
    """How many of the comparisons that count share no network: those that share one, directly or by others, are one."""
    groups: list[set[str]] = []
    for part in parts:
        if part.counts:
            joined = set(part.effect.runs)
            apart = []
            for group in groups:
                if group & joined:
                    joined |= group
                else:
                    apart.append(group)
            groups = [*apart, joined]
    return len(groups)


def contradicts(parts: Sequence[Part], widened: Sequence[Part]) -> bool:
    """Whether the rarer of two answers remains in some part when intervals are widened for as many parts as there are.

    Of many parts of a statement that is so everywhere, a few would be "not so" by chance. This is the first step of
    Holm's procedure, which decides whether any is to be believed. Of two answers that are equally frequent both have to
    remain.
    """
    answers = [part.so for part in parts if part.counts]
    remaining = {part.so for part in widened if part.counts}
    frequent = {so: answers.count(so) for so in (True, False)}
    return all(so in remaining for so, times in frequent.items() if times == min(frequent.values()))


def deciding(parts: Iterable[Part]) -> list[str]:
    """The factors that decide where a statement is so: each value of one gives one answer. `name` is one of them.

    Of those that all parts have, and that have a value in two parts at least. Empty where no factor decides by itself,
    or where all parts agree.
    """
    sure = [({"name": part.name, **part.at}, part.so) for part in parts if part.counts and part.so is not None]
    found = []
    for factor in [name for name in sure[0][0] if all(name in at for at, _ in sure)] if sure else []:
        answers: dict[Any, set[bool]] = {}
        for at, so in sure:
            answers.setdefault(at[factor], set()).add(so)
        if len(answers) < len(sure) and max(map(len, answers.values())) == 1 and len(set.union(*answers.values())) == 2:
            found.append(factor)
    return found


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How a statement is judged.

    Attributes:
        statement: what is judged.
        words: the rule as the report prints it.
        compare: from evidence to parts. Raises NotTested where runs are missing.
        reads: the studies that it compares, and of each the factors whose values it asks for. Of any other factor that
            a study crosses it sees the first value alone.
        thresholds: the numbers that decide, by name, as JSON takes them.
        measure: what its effects are, in a few words; empty where the names of its parts say it.
    """

    statement: str
    words: str
    compare: Callable[[Any], list[Part]]
    reads: Mapping[str, Sequence[str]]
    thresholds: Mapping[str, Any] = field(default_factory=dict)
    measure: str = ""

    def judge(self, evidence: Any | None) -> dict[str, Any]:
        """The rule's part of a claim's entry; without evidence it is not tested."""
        told = {"statement": self.statement, "words": self.words}
        told["digest"] = self.digest(evidence.settings if evidence else {})
        try:
            if evidence is None:
                raise NotTested("the runs do not show all that the claim is about")
            seen = evidence.select(self.reads)
            parts = self.compare(seen)
            if not any(part.counts for part in parts):
                raise NotTested("there is nothing to compare in the runs")
        except (NotTested, TooFew) as missing:
            return told | {"verdict": "not tested", "reason": str(missing), "independent": 0, "parts": []}
        found = verdict(parts)
        if found == "depends" and not self._contradicts(seen, parts):
            found = "undecided"
        own = {"verdict": found, "independent": independent(parts), "parts": [part.entry() for part in parts]}
        return told | own

    def _contradicts(self, seen: Any, parts: Sequence[Part]) -> bool:
        """See `contradicts`; no, where nothing can be compared with wider intervals."""
        with widened(sum(part.counts for part in parts)), suppress(NotTested, TooFew):
            return contradicts(parts, self.compare(seen))
        return False

    def digest(self, settings: Mapping[str, Any]) -> str:
        """SHA-256 (hex) over what the rule says, and over the settings that it is judged on.

        Args:
            settings: see `bnrepro.claims.ledger.settings`; of the studies those count that the rule reads.
        """
        studies = settings.get("studies", {})
        rule = {
            "statement": self.statement,
            "words": self.words,
            "thresholds": dict(self.thresholds),
            "reads": {study: sorted(factors) for study, factors in self.reads.items()},
            "settings": {**settings, "studies": {study: studies.get(study) for study in self.reads}},
        }
        return source.digest(rule)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What is taught, how it is judged, and what the report says about it.

    Attributes:
        place: where the lesson has it: its part, and after the point the order within.
        title: a few words.
        source: who says so, and where.
        stated: judges what the source says.
        meant: judges what should have been said, where that differs.
        findings: by verdict of the last of the two, what follows from it in any runs.
        remarks: sentences with the numbers of the runs at hand, from the parts of the last of the two.
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
    stated: Rule
    meant: Rule | None = None
    findings: Mapping[Verdict, str] = field(default_factory=dict)
    remarks: Callable[[Sequence[Part]], Iterable[str]] = lambda parts: ()
    caution: str = ""
    wording: str = ""
    figure: str = ""
    reading: str = ""
    series: str = ""
    beside_figure_3: bool = False

    def judge(self, evidence: Any | None) -> dict[str, Any]:
        """The claim's entry in claims.json."""
        entry: dict[str, Any] = {"id": self.id, "source": self.source, "stated": self.stated.judge(evidence)}
        return entry | ({"meant": self.meant.judge(evidence)} if self.meant else {})


def _number(value: float) -> float | None:
    """With the tables' six significant digits; None where it is no finite number."""
    return float(f"{value:.6g}") if np.isfinite(value) else None
