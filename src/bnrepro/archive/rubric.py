"""The replication as a rubric: every claim, how it was judged on each dataset, and the files that show it.

The tree has the shape of PaperBench's rubrics (Starace et al. 2025, arXiv:2504.01848): a node has `id`, `requirements`,
`weight` and `sub_tasks`, and a leaf a `task_category`. What else a node has is this project's own. The tree goes from
the replication to groups of claims, to claims, to the rules that judge a claim, and to a leaf for each dataset.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bnrepro import paths
from bnrepro.analysis import tables
from bnrepro.claims import ledger
from bnrepro.claims.engine import VERDICTS, Claim, Rule
from bnrepro.figures import registry
from bnrepro.report import verdicts
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import Params

NAME = "rubric.json"
WEIGHT = 1  # of every node: no claim is said to count more than another
_GROUPS: list[tuple[str, str, Sequence[Claim]]] = [
    ("lesson", "The claims that batch normalization is taught with", ledger.LESSON),
    ("figure-1", "What the paper's Figure 1 shows, on MNIST", ledger.PAPER),
    ("figures-2-and-3", "What the paper's Figures 2 and 3 show, with Inception networks", ledger.FIGURE_2),
]
_KEYS = {
    "weight": "equal everywhere: no claim is said to count more than another",
    "requirements": "of a claim what its source states; of a rule the statement that it judges; of a leaf the rule in "
    "words",
    "judged": "as stated: by the words of the source; as meant: in words of this project, where the source's are "
    "imprecise",
    "digest": "SHA-256 over the rule and the settings that it is judged on, as in claims.json",
    "independent": "how many of the comparisons share no network",
    "parts": "the comparisons: estimate and 95% interval over so many pairs of runs; `so`: whether the statement is so "
    "in it, null where that is undecided; `counts`: whether the verdict rests on it",
    "evidence": "paths in this archive: the tables that have rows of the studies that the rule reads, and the figures "
    "that show these studies",
    "studies": "the studies that the rule reads, below `studies` in params.yaml",
}
# The tables that do not name the studies of their rows.
_STUDIES_OF = {
    "calibration": ["calibration"],
    "deep_accuracy": ["deep"],
    "dropout": ["dropout"],
    "figure_2_by_target": ["inception", "inception_faster"],
    "gradient_flow": ["deep"],
    "noise": ["noise"],
    "null": ["learning_rate"],
    "paper": ["paper"],
    "sigmoid_inputs": ["paper"],
    "sigmoid_inputs_over_units": ["paper"],
}


@dataclass(frozen=True)
class _Reported:
    """What the leaves of a dataset are made from."""

    dataset: DatasetName
    entries: Mapping[str, Mapping[str, Any]]
    settings: Mapping[str, Any]
    tables: Sequence[tuple[str, set[str]]]
    figures: Sequence[tuple[str, set[str]]]

    @classmethod
    def read(cls, params: Params, dataset: DatasetName) -> "_Reported":
        tables = [(path, _in_table(dataset, path)) for path in sorted(paths.tables(dataset).rglob("*.csv"))]
        figures = [(path, _in_figure(path.stem)) for path in sorted(paths.figures(dataset).glob("*.svg"))]
        named = [[(_name(path), studies) for path, studies in files] for files in (tables, figures)]
        return cls(dataset, ledger.read(dataset), ledger.settings(params, dataset), *named)

    def judged(self, claim: Claim, which: str) -> bool:
        return which in self.entries.get(claim.id, {})

    def leaf(self, claim: Claim, which: str, rule: Rule) -> dict[str, Any]:
        entry = self.entries[claim.id]
        told = verdicts.told(entry, claim, {}, self.settings)
        (words,) = [one for one in told["rules"] if one["as"] == which]
        own = {key: value for key, value in entry[which].items() if key not in ("statement", "words")}
        return _node(f"{claim.id}/{which}/{self.dataset}", entry[which]["words"]) | {
            "task_category": "Result Analysis",
            "finegrained_task_category": "Evaluation, Metrics & Benchmarking",
            "dataset": self.dataset,
            **own,
            "answers": words["tally"],
            "depends_on": words["depends_on"],
            "finding": told["finding"] if words is told["rules"][-1] else "",
            "studies": list(rule.reads),
            "evidence": self.evidence(claim, rule),
        }

    def evidence(self, claim: Claim, rule: Rule) -> dict[str, Any]:
        shown = {
            kind: [path for path, studies in files if studies & set(rule.reads)]
            for kind, files in (("tables", self.tables), ("figures", self.figures))
        }
        report = _name(paths.reports(self.dataset))
        return {"claims": _name(paths.claims(self.dataset)), "report": f"{report}/report.md#{claim.id}", **shown}


def rubric(params: Params, datasets: Sequence[DatasetName]) -> dict[str, Any]:
    """The root of the tree, as JSON takes it, from the reports of these datasets.

    Raises:
        BadInput: a table or claims.json is missing or damaged.
    """
    reported = [_Reported.read(params, dataset) for dataset in datasets]
    groups = [
        _node(name, title, _with_leaves(_of_claim(claim, reported) for claim in claims))
        for name, title, claims in _GROUPS
    ]
    title = "The claims of Ioffe and Szegedy (2015), and of a lesson on it, judged by runs of this project"
    return _node("bnrepro", title, _with_leaves(groups)) | {"keys": _KEYS, "verdicts": VERDICTS}


def _of_claim(claim: Claim, reported: Sequence[_Reported]) -> dict[str, Any]:
    nodes = []
    for which, rule in (("stated", claim.stated), ("meant", claim.meant)):
        if rule:
            leaves = [one.leaf(claim, which, rule) for one in reported if one.judged(claim, which)]
            own = {"judged": f"as {which}", "measure": rule.measure}
            nodes.append(_node(f"{claim.id}/{which}", rule.statement, leaves) | own)
    return _node(claim.id, claim.stated.statement, _with_leaves(nodes)) | {"title": claim.title, "source": claim.source}


def _node(name: str, requirements: str, sub_tasks: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    own = {"id": name, "requirements": requirements, "weight": WEIGHT, "sub_tasks": list(sub_tasks)}
    return own | {"task_category": None, "finegrained_task_category": None}


def _with_leaves(nodes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those with a leaf below them: a claim that no dataset's runs are about has none."""
    return [node for node in nodes if node["sub_tasks"]]


def _name(path: Path) -> str:
    """The path within the archive."""
    return path.relative_to(paths.root()).as_posix()


def _in_table(dataset: DatasetName, path: Path) -> set[str]:
    if path.parent != paths.tables(dataset):  # curves, first_steps and layers have a table for each study
        return {path.stem}
    table = tables.read(dataset, path.stem)
    if table.empty:
        return set()
    return set(table["study"]) if "study" in table else set(_STUDIES_OF.get(path.stem, ()))


@cache
def _in_figure(name: str) -> set[str]:
    return set(registry.find(name).studies)
