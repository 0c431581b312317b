"""All claims, found in their folders, in the order of the lesson: what claims.json holds, written and read back."""

import importlib
import pkgutil
from types import ModuleType
from typing import Any

from pydantic import BaseModel, TypeAdapter

from bnrepro import paths
from bnrepro.analysis import tables
from bnrepro.claims import figure_2, lesson, paper
from bnrepro.claims.engine import Claim, Verdict
from bnrepro.claims.evidence import Evidence
from bnrepro.reading import Digest, Text, Word
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import Params


class _Part(BaseModel, extra="forbid"):
    name: Text
    note: Text
    at: dict[Word, Text | float]
    estimate: float | None
    low: float | None
    high: float | None
    pairs: int
    so: bool | None
    counts: bool


class _Rule(BaseModel):
    statement: str
    words: str
    digest: Digest
    verdict: Verdict
    independent: int
    parts: list[_Part]
    reason: str = ""


class _Entry(BaseModel):
    """See `bnrepro.claims.engine.Claim.judge`."""

    id: Word
    source: str
    stated: _Rule
    meant: _Rule | None = None


_ENTRIES: TypeAdapter[Any] = TypeAdapter(list[_Entry])


def claims_of(package: ModuleType) -> list[Claim]:
    """The claims of a folder's modules, in the order of their places."""
    names = [found.name for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")]
    return sorted((importlib.import_module(name).CLAIM for name in names), key=lambda claim: claim.place)


LESSON = claims_of(lesson)
PAPER = claims_of(paper)
FIGURE_2 = claims_of(figure_2)


def settings(params: Params, dataset: DatasetName) -> dict[str, Any]:
    """What verdicts of a dataset rest on beside the rules, as JSON takes it.

    Returns:
        `first_seed`; `data`, `network` and `training` (targets are in it): the dataset's sections; `studies`: by name,
        the grid, its settings and its seeds on this dataset. Defaults and other datasets' settings are left out.
    """
    sections = {"data": params.data[dataset], "network": params.network, "training": params.training[dataset]}
    dumped = {name: section.model_dump(exclude_defaults=True) for name, section in sections.items()}
    studies = {}
    for name, grid in params.studies_of(dataset).items():
        seeds = {one: list(params.seeds(dataset, name, one)) for one in grid.implementation}
        crossed = grid.model_dump(exclude_defaults=True, exclude={"datasets", "seeds", "first_seed"})
        studies[name] = crossed | grid.once | {"seeds": seeds}
    return {"first_seed": dumped["training"].pop("first_seed"), **dumped, "studies": studies}


def judge(evidence: Evidence | None) -> list[dict[str, Any]]:
    """The entries of the lesson's claims."""
    return [claim.judge(evidence) for claim in LESSON]


def judge_paper(evidence: Evidence | None) -> list[dict[str, Any]]:
    """The entries of the claims about the paper's own figure; None: the runs do not show all that it does."""
    return [claim.judge(evidence) for claim in PAPER]


def judge_figure_2(evidence: Evidence) -> list[dict[str, Any]]:
    """The entries of the claims about the paper's Figures 2 and 3."""
    return [claim.judge(evidence) for claim in FIGURE_2]


def read(dataset: str) -> dict[str, dict[str, Any]]:
    """The entries of claims.json, by id.

    Raises:
        BadInput: it is missing or damaged.
    """
    return {entry["id"]: entry for entry in tables.read_json(dataset, paths.claims(dataset), _ENTRIES)}
