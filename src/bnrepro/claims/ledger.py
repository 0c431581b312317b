"""All claims, found in their folders, in the order of the lesson: what claims.json holds, written and read back."""

import importlib
import pkgutil
from types import ModuleType
from typing import Any

from pydantic import BaseModel, TypeAdapter

from bnrepro import paths
from bnrepro.analysis import tables
from bnrepro.claims import figure_1, lesson, paper
from bnrepro.claims.engine import Claim, Verdict
from bnrepro.claims.evidence import Evidence
from bnrepro.errors import BadInput
from bnrepro.reading import Text, Word


class _Sides(BaseModel, extra="forbid"):
    first: float | None
    second: float | None
    met: bool | None = None


class _Entry(BaseModel):
    """See `bnrepro.claims.engine.Claim.judge`."""

    id: Word
    source: str
    statement: str
    rule: dict[str, str]
    measured: dict[Text, float | _Sides | None]
    verdict: Verdict


_ENTRIES: TypeAdapter[Any] = TypeAdapter(list[_Entry])


def claims_of(package: ModuleType) -> list[Claim]:
    """The claims of a folder's modules, in the order of their places."""
    names = [found.name for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")]
    return sorted((importlib.import_module(name).CLAIM for name in names), key=lambda claim: claim.place)


LESSON = claims_of(lesson)
PAPER = claims_of(paper)


def judge(evidence: Evidence | None) -> list[dict[str, Any]]:
    """The entries of the lesson's claims."""
    return [claim.judge(evidence) for claim in LESSON]


def judge_paper(evidence: figure_1.Evidence | None) -> list[dict[str, Any]]:
    """The entries of the claims about the paper's own figure; None: the runs do not show all that it does."""
    return [claim.judge(evidence) for claim in PAPER]


def read(dataset: str) -> dict[str, dict[str, Any]]:
    """The entries of claims.json, by id.

    Raises:
        BadInput: it is missing or damaged, or its statements and rules are not those of this code.
    """
    found = {entry["id"]: entry for entry in tables.read_json(dataset, paths.claims(dataset), _ENTRIES)}
    for claim in (*LESSON, *PAPER):
        entry, now = found.get(claim.id), claim.judge(None)
        if entry and any(entry[name] != now[name] for name in ("source", "statement", "rule")):
            reason = f"{claim.id} has another wording or rule by now"
            raise BadInput(f"{paths.claims(dataset)}: {reason}; run `dvc repro` or `bnrepro summarize {dataset}`")
    return found
