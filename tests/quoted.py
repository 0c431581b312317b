"""What documents quote of the reports, beside comments that name sources: `python -m tests.quoted` renders it.

    <!-- mnist fewer-iterations implementation=keras depth=3 target=0.95 -->3.5 (3.1 to 3.9)<!-- / -->

A source is one of

- `DATASET CLAIM FACTOR=VALUE ...`: the effect of a part of the claim as stated, with its 95% interval. `name=` is the
  part's own; `meant` after the claim takes the part as meant; `points` at the end writes shares as percentage points;
- `DATASET arrived STUDY FACTOR=VALUE ...`: how many runs with these values in steps_to_target.csv arrived; by moving
  averages unless `mode=` says otherwise;
- `DATASET setting NAME`: of the dataset's training; `DATASET rate OPTIMIZER TARGET with|without`: the one that held-out
  images choose for most seeds;
- `DATASET verdicts`: how many rules of its lesson have which verdict;
- `DATASET CLAIM verdict`, with `meant` or without; `DATASET CLAIM finding`: what the report says of the claim;
- `DATASET answer`: the sentence that the report begins with; `DATASET ratios`: its table; `DATASET runs`: how many
  runs it has;
- `verdicts`: the table of the lesson's verdicts; `verdicts figure_2`: of those about the paper's Figures 2 and 3.
"""

import re
import shlex
from pathlib import Path
from typing import Any

from bnrepro import paths
from bnrepro.analysis import tables
from bnrepro.claims import ledger, prose
from bnrepro.claims.engine import Claim, Part
from bnrepro.report import answer, verdicts
from bnrepro.study import params

ROOT = Path(__file__).parents[1]
DOCUMENTS = ["README.md", "docs/findings.md", "docs/summary.md"]
TITLES = {"digits": "digits", "mnist": "MNIST", "fashion_mnist": "Fashion-MNIST"}
MARK = re.compile(r"<!-- (?P<source>[^/]+?) -->(?P<text>.*?)<!-- / -->", re.DOTALL)
_VERBS = {
    "holds": "hold",
    "fails": "fail",
    "depends": "depend",
    "undecided": "are undecided",
    "not tested": "are not tested",
}
CLAIMS = {claim.id: claim for claim in (*ledger.LESSON, *ledger.PAPER, *ledger.FIGURE_2)}


def rendered(text: str) -> str:
    """The text with all that it quotes, from the reports of the project in the working folder."""
    return MARK.sub(lambda mark: f"<!-- {mark['source']} -->{_quote(*shlex.split(mark['source']))}<!-- / -->", text)


def unquoted(text: str) -> str:
    """The text without what it quotes."""
    return MARK.sub("", text)


def _quote(dataset: str, *source: str) -> str:
    if dataset == "verdicts":
        if source:
            return _verdicts(ledger.FIGURE_2, "digits", "fashion_mnist")
        return _verdicts(ledger.LESSON, "digits", "mnist")
    name, *rest = source
    found = ledger.read(dataset)
    if name in ("answer", "ratios"):
        told = answer.context(found, params.load(paths.params()).training[dataset].targets)
        return told["sentence"] if name == "answer" else _ratios(told)
    if name == "runs":
        return f"{tables.read_provenance(dataset)['runs']:,}"
    if name == "arrived":
        return _arrived(dataset, *rest)
    if name == "setting":
        return f"{getattr(params.load(paths.params()).training[dataset], rest[0]):g}"
    if name == "rate":
        optimizer, target, arm = rest
        chosen = tables.row(tables.read(dataset, "best_against_best"), optimizer=optimizer, target=float(target))
        return f"{chosen[f'rate_{arm}']:g}"
    if name == "verdicts":
        return _counted(found)
    if rest == ["finding"]:
        settings = ledger.settings(params.load(paths.params()), dataset)
        told = verdicts.told(found[name], CLAIMS[name], {}, settings)
        sentences = " ".join(filter(None, [told["finding"], told["remarks"]]))
        return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", sentences)  # its links are the report's
    rule = found[name]["meant" if "meant" in rest else "stated"]
    if "verdict" in rest:
        return rule["verdict"]
    return _effect(rule, dict(one.split("=", 1) for one in rest if "=" in one), "points" in rest)


def _effect(rule: dict[str, Any], at: dict[str, str], points: bool) -> str:
    """Of the one part that has these values."""
    (part,) = [
        part
        for part in map(Part.of_entry, rule["parts"])
        if at.items() <= ({"name": part.name} | {key: f"{value}" for key, value in part.at.items()}).items()
    ]
    return prose.effect(part.effect, (lambda share: f"{100 * share:.2f}") if points else prose.number)


def _arrived(dataset: str, study: str, *values: str) -> str:
    at = {"mode": "ema"} | dict(value.split("=", 1) for value in values)
    steps = tables.read(dataset, "steps_to_target")
    row = tables.row(steps, study=study, **{name: _as_number(value) for name, value in at.items()})
    return f"{row['reached']} of {row['runs']}"


def _as_number(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value


def _counted(found: dict[str, Any]) -> str:
    given = [
        found[claim.id][which]["verdict"]
        for claim in ledger.LESSON
        for which in ("stated", "meant")
        if which in found[claim.id]
    ]
    counts = prose.listed(f"{given.count(verdict)} {verb}" for verdict, verb in _VERBS.items() if verdict in given)
    return f"{len(given)} statements {counts}"


def _ratios(told: dict[str, Any]) -> str:
    head = ["iterations without over with", "seeds", *(f"to {target}" for target in told["targets"])]
    rows = [head, ["---"] * len(head), *([row["name"], row["seeds"], *row["ratios"]] for row in told["rows"])]
    return "\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _verdicts(claims: list[Claim], *datasets: str) -> str:
    """A row for each rule of the claims, a column for each dataset."""
    found = {dataset: ledger.read(dataset) for dataset in datasets}
    heads = ["claim", "", "what is judged", *(TITLES[dataset] for dataset in datasets)]
    rows = [f"| {' | '.join(heads)} |", f"|---|---|:---|{'---|' * len(datasets)}"]
    for claim in claims:
        for which, rule in (("stated", claim.stated), ("meant", claim.meant)):
            if rule:
                judged = " | ".join(found[dataset][claim.id][which]["verdict"] for dataset in datasets)
                link = f"[{claim.id}](../reports/{datasets[-1]}/report.md#{claim.id})" if which == "stated" else ""
                rows.append(f"| {link} | as {which} | {rule.statement} | {judged} |")
    return "\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    for document in DOCUMENTS:
        path = ROOT / document
        path.write_text(rendered(path.read_text(encoding="utf-8")), encoding="utf-8")
