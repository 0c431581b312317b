"""The report stage: one text from tables and figures, as Markdown for a repository and as a page that stands alone."""

import base64
import re
from pathlib import Path
from typing import Any

import jinja2
import markdown
import pandas as pd

from bnrepro import paths
from bnrepro.analysis import tables
from bnrepro.analysis.steps_to_target import INTERVAL_FROM
from bnrepro.figures.iterations_to_target import ratio_text, times
from bnrepro.figures.style import IMPLEMENTATIONS
from bnrepro.params import HEADLINE_STUDY, DatasetName, Params

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("bnrepro.report"),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_TEMPLATES.filters["percent"] = lambda share: "–" if pd.isna(share) else f"{100 * share:.1f}%"


def write(params: Params, dataset: DatasetName) -> None:
    """Write `reports/<dataset>/report.md` and `report.html`.

    Raises:
        Failed: a table or a figure is missing.
    """
    provenance = tables.read_provenance(dataset)
    text = _TEMPLATES.get_template("report.md.j2").render(
        dataset=dataset,
        data=params.data[dataset],
        network=params.network,
        training=params.training[dataset],
        targets=_by_target(dataset, params.training[dataset].targets),
        finals=_finals(dataset),
        provenance=provenance,
        versions=provenance["versions"],
        interval="range of the seeds" if params.training[dataset].seeds < INTERVAL_FROM else "95% bootstrap interval",
    )
    folder = paths.reports(dataset)
    paths.write_text(folder / "report.md", text)
    body = markdown.markdown(text, extensions=["tables"])
    page = _TEMPLATES.get_template("report.html.j2").render(dataset=dataset, body=_with_figures_inside(body, folder))
    paths.write_text(folder / "report.html", page)


def _by_target(dataset: str, targets: list[float]) -> list[dict[str, Any]]:
    """For each target the rows of its table: iterations without and with, and the ratios in both modes."""
    steps, speedup = _headline(tables.read(dataset, "steps_to_target")), _headline(tables.read(dataset, "speedup"))
    series = speedup.drop_duplicates(["implementation", "depth"])[["implementation", "depth"]]
    result = []
    for target in targets:
        rows = []
        for implementation, depth in series.itertuples(index=False):
            own = {"implementation": implementation, "depth": depth, "target": target}
            row = {"implementation": IMPLEMENTATIONS[implementation], "depth": depth}
            row["none"] = _steps(_pick(steps, normalization="none", mode="ema", **own))
            for mode in ("ema", "population"):
                row[mode] = _steps(_pick(steps, normalization="batch", mode=mode, **own))
                row[f"{mode}_ratio"] = _ratio(_pick(speedup, mode=mode, **own))
            rows.append(row)
        result.append({"target": target, "rows": rows})
    return result


def _finals(dataset: str) -> list[dict[str, Any]]:
    rows = _headline(tables.read(dataset, "final_accuracy")).to_dict("records")
    return [{**row, "implementation": IMPLEMENTATIONS[row["implementation"]]} for row in rows]


def _headline(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that the headline figure shows: one study, one learning rate."""
    table = table[table["study"] == HEADLINE_STUDY]
    return table[table["learning_rate"] == table["learning_rate"].iloc[0]]


def _pick(table: pd.DataFrame, **factors: Any) -> dict[str, Any]:
    for name, value in factors.items():
        table = table[table[name] == value]
    return table.to_dict("records")[0]


def _steps(row: dict[str, Any]) -> str:
    """`600 (500–750)`; a bound, and how many arrived, where not all did or some were there at the first evaluation."""
    if row["reached"] == 0:
        return f"not within {row['mean_restricted_steps']:,.0f}"
    text = f"{row['mean_restricted_steps']:,.0f} ({row['low']:,.0f}–{row['high']:,.0f})"
    if row["reached"] < row["runs"]:
        return f"≥{text}, {row['reached']} of {row['runs']}"
    return f"≤{text}" if row["at_first"] else text


def _ratio(row: dict[str, Any]) -> str:
    text = ratio_text(row["ratio"], row["censored"])
    return text if pd.isna(row["ratio"]) else f"{text} ({times(row['low'])}–{times(row['high'])})"


def _with_figures_inside(body: str, folder: Path) -> str:
    """The page's images as data, so that the page is one file."""

    def inside(match: re.Match[str]) -> str:
        image = base64.b64encode((folder / match[1]).read_bytes()).decode()
        return f'src="data:image/svg+xml;base64,{image}"'

    return re.sub(r'src="(figures/[^"]+\.svg)"', inside, body)
