"""Write a dataset's explorer: one page that holds its data and its library, and asks for nothing."""

from typing import Any

from bnrepro import explorer, paths
from bnrepro.explorer import content, standalone
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import Params

_STYLES = ("page.css", "explorer.css")
_SCRIPTS = ("statistics.js", "chart.js", "explorer.js")


def write(params: Params, dataset: DatasetName) -> None:
    """Write `reports/<dataset>/explorer.html`. The same tables and libraries give the same bytes.

    Raises:
        BadInput: a table is missing or damaged.
    """
    paths.write_text(paths.reports(dataset) / explorer.NAME, page(content.of(params, dataset)))


def page(data: dict[str, Any]) -> str:
    """The page of what `content.of` gives."""
    read = standalone.assets("bnrepro.explorer")
    style, scripts = "".join(read[name] for name in _STYLES), [read[name] for name in _SCRIPTS]
    return standalone.page(read["explorer.html.j2"], style, scripts, data, title=data["title"])
