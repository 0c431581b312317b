"""Pages that stand alone: each holds its data and the charts' library, runs its own scripts and asks for nothing."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import jinja2
import vl_convert
from markupsafe import Markup


def assets(package: str) -> dict[str, str]:
    """The texts in a package's folder `assets`, by name."""
    folder = resources.files(package) / "assets"
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}


def page(template: str, style: str, scripts: Sequence[str], data: Mapping[str, Any], **words: Any) -> str:
    """A page that runs those scripts alone whose digests its security policy names.

    Args:
        template: HTML for Jinja with places for `policy`, `style`, `scripts` and `data`, and for `words`, escaped.
        scripts: one module's parts. Vega-Lite comes before them, as `vegaEmbed`.
        data: what they find in the element that has it, as JSON.
    """
    modules = [vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"), "".join(scripts)]
    return (
        jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
        .from_string(template)
        .render(
            words,
            policy="; ".join(
                [
                    "default-src 'none'",
                    f"script-src {' '.join(_digest(module) for module in modules)}",
                    "style-src 'unsafe-inline'",  # Vega's tooltip brings its own
                    "base-uri 'none'",
                    "form-action 'none'",
                ]
            ),
            style=Markup(style),
            scripts=[Markup(module) for module in modules],
            data=Markup(_json(data)),
        )
    )


def _digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _json(data: Mapping[str, Any]) -> str:
    """JSON that is text within HTML."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False, ensure_ascii=False).replace("<", "\\u003c")
