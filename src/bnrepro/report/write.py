"""The report stage: one text from tables and figures, as Markdown for a repository and as a page that stands alone."""

import re
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from bnrepro import paths, reading
from bnrepro.analysis import tables
from bnrepro.claims import ledger
from bnrepro.claims.engine import VERDICTS
from bnrepro.data.registry import SOURCES
from bnrepro.figures import registry
from bnrepro.figures.style import IMPLEMENTATIONS
from bnrepro.report import answer, figure_2, lesson, pages, paper, published, studies, wording
from bnrepro.study.factors import FACTORS, OPTIONAL, DatasetName
from bnrepro.study.params import HEADLINE_STUDY, Params

FIRST = ("best_against_best", "figure_2", "gradient_flow")  # figures that a report begins with
_ENTITIES = str.maketrans({sign: f"&#{ord(sign)};" for sign in reading.MARKUP - {">"}} | {"\n": " ", "\r": " "})
_EMPHASIS = re.compile(r"(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")  # within a word `_` is text in Markdown, too


def _escaped(value: Any) -> Markup:
    """A value as text, in Markdown as in HTML, unless a template marks it as markup (`| markup`)."""
    return value if isinstance(value, Markup) else Markup(_EMPHASIS.sub("&#95;", str(value).translate(_ENTITIES)))


_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("bnrepro.report"),
    autoescape=True,
    finalize=_escaped,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_TEMPLATES.filters["markup"] = Markup  # for what this package's own code says
_TEMPLATES.filters["percent"] = wording.percent
_TEMPLATES.filters["points"] = wording.points


def write(params: Params, dataset: DatasetName) -> None:
    """Write `reports/<dataset>/report.md` and `report.html`.

    Raises:
        BadInput: a table or a figure is missing or damaged.
    """
    grid, training = params.studies_of(dataset)[HEADLINE_STUDY], params.training_of(dataset, HEADLINE_STUDY)
    folder = paths.reports(dataset)
    steps, speedup, finals = (
        tables.headline(tables.read(dataset, name)) for name in ("steps_to_target", "speedup", "final_accuracy")
    )
    speedup = speedup[speedup["normalization"] == "batch"]
    seeds = [len(params.seeds(dataset, HEADLINE_STUDY, name)) for name in grid.implementation]
    targets = {
        target: _rows(tables.at_target(dataset, steps, target), tables.at_target(dataset, speedup, target))
        for target in training.targets
    }
    drawn = {path.stem for path in (folder / "figures").glob("*.svg")}
    claims = lesson.context(params, dataset)
    beside = paper.context(params, dataset) if tables.has(dataset, "paper") else None
    inception = figure_2.context(params, dataset) if tables.has(dataset, "figure_3") else None
    tabulated = paper.tabulated(beside) | {
        entry["claim"].series: f"[{entry['id']}](#{entry['id']})" for entry in claims if entry["series"]["rows"]
    }
    text = _TEMPLATES.get_template("report.md.j2").render(
        source=SOURCES[dataset],
        data=params.data[dataset],
        network=params.network,
        training=training,
        evaluations=grid.evaluations,
        named=[FACTORS[name].tell(values[0]) for name, values in grid.lists.items() if name in OPTIONAL],
        learning_rate=finals["learning_rate"].iloc[0],
        seeds=f"{min(seeds)}" if len(set(seeds)) == 1 else f"{min(seeds)} to {max(seeds)}",
        targets=targets,
        finals=[{**row, "implementation": IMPLEMENTATIONS[row["implementation"]]} for row in finals.to_dict("records")],
        answer=answer.context(ledger.read(dataset), training.targets),
        first=_first(drawn),
        lesson=claims,
        judged=[*claims, *(entry for part in (beside, inception) if part for entry in part["claims"])],
        verdicts=VERDICTS,
        first_seed=training.first_seed,
        confirmatory=training.first_seed >= published.CONFIRMATORY_FROM.get(dataset, 0),
        published=published.is_published(params, dataset),
        captions={name: Markup(entry.caption) for name, entry in registry.with_modules().items()},
        figures=drawn,
        image=f"{100 / params.data[dataset].test:.2g}",
        paper=beside,
        inception=inception,
        studies=studies.context(params, dataset, drawn, tabulated),
        provenance=tables.read_provenance(dataset),
    )
    page = _TEMPLATES.get_template("report.html.j2").render(
        title=SOURCES[dataset].title, dataset=dataset, **pages.parts(text, folder)
    )
    paths.write_text(folder / "report.md", text)
    paths.write_text(folder / "report.html", page)


def _first(drawn: set[str]) -> dict[str, str]:
    """The figures that a report begins with, where they are drawn, and how to read each."""
    by_figure = {claim.figure: claim.reading for claim in ledger.LESSON}
    readings = {name: by_figure.get(name, figure_2.READING) for name in FIRST}
    return {name: reading for name, reading in readings.items() if name in drawn}


def _rows(steps: pd.DataFrame, speedup: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a target's table: iterations without and with, and the ratios in both modes."""
    rows = []
    for implementation, depth in steps[["implementation", "depth"]].drop_duplicates().itertuples(index=False):
        own = {"implementation": implementation, "depth": depth}
        row = {"implementation": FACTORS["implementation"].tell(implementation), "depth": depth}
        row["none"] = wording.steps(tables.row(steps, normalization="none", mode="ema", **own))
        for mode in ("ema", "population"):
            row[mode] = wording.steps(tables.row(steps, normalization="batch", mode=mode, **own))
            row[f"{mode}_ratio"] = wording.ratio(tables.row(speedup, mode=mode, **own))
        rows.append(row)
    return rows
