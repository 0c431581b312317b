"""Write a dataset's explorer: one page that holds its data and its library, and asks for nothing."""

import base64
import hashlib
import json
from importlib import resources
from typing import Any

import jinja2
import vl_convert
from markupsafe import Markup

from bnrepro import explorer, paths
from bnrepro.explorer import content
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import Params

_SCRIPTS = ("statistics.js", "chart.js", "explorer.js")


def write(params: Params, dataset: DatasetName) -> None:
    """Write `reports/<dataset>/explorer.html`. The same tables and libraries give the same bytes.

    Raises:
        BadInput: a table is missing or damaged.
    """
    paths.write_text(paths.reports(dataset) / explorer.NAME, page(content.of(params, dataset)))


def page(data: dict[str, Any]) -> str:
    """The page of what `content.of` gives. It runs those scripts alone whose digests its security policy names."""
    assets = resources.files("bnrepro.explorer") / "assets"
    read = {file.name: file.read_text(encoding="utf-8") for file in assets.iterdir()}
    scripts = [vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"), "".join(read[name] for name in _SCRIPTS)]
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
        read["explorer.html.j2"]
    )
    return template.render(
        title=data["title"],
        policy="; ".join(
            [
                "default-src 'none'",
                f"script-src {' '.join(_digest(script) for script in scripts)}",
                "style-src 'unsafe-inline'",  # Vega's tooltip brings its own
                "base-uri 'none'",
                "form-action 'none'",
            ]
        ),
        style=Markup(read["explorer.css"]),
        scripts=[Markup(script) for script in scripts],
        data=Markup(_json(data)),
    )


def _digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _json(data: dict[str, Any]) -> str:
    """JSON that is text within HTML."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False, ensure_ascii=False).replace("<", "\\u003c")
