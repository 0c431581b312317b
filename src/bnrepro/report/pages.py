"""The report as a page that stands alone: its Markdown as HTML, with contents, figures inside, tables that scroll."""

import re
import xml.etree.ElementTree as etree
from pathlib import Path
from urllib.parse import quote

import markdown
from markdown.extensions import Extension
from markdown.extensions.toc import TocExtension
from markdown.treeprocessors import Treeprocessor
from markupsafe import Markup

from bnrepro.errors import BadInput

# Of an SVG's text, in a URL between double quotes; base64 would make the page a third longer.
_LITERAL = " <>/:;=,()*+'!?@[]{}|"
_REFERENCE = re.compile(r"arXiv:(\d{4}\.\d{5})")
_FILE = re.compile(r"<code>((?:docs|benchmarks)/\w+\.md|(?:claims|provenance)\.json)</code>")


def parts(text: str, folder: Path) -> dict[str, Markup]:
    """The parts of a page: its `abstract`, all before the first section; `contents`, as links; and `sections`.

    Args:
        text: the report, in Markdown.
        folder: of the report; the page has its figures in it, and opens them from there.

    Raises:
        BadInput: a figure is missing or damaged.
    """
    converter = markdown.Markdown(extensions=["tables", "md_in_html", TocExtension(toc_depth="2-3"), _Accessible()])
    body = _linked(_with_figures_inside(converter.convert(text), folder))
    abstract, heading, sections = body.partition("<h2")
    return {
        "abstract": Markup(abstract),
        "contents": Markup(converter.toc),  # type: ignore[attr-defined]
        "sections": Markup(heading + sections),
    }


class _Accessible(Extension):
    def extendMarkdown(self, md: markdown.Markdown) -> None:
        md.treeprocessors.register(_Elements(md), "accessible", 0)


class _Elements(Treeprocessor):
    """Tables that a keyboard scrolls, and whose headers say so; figures that open by themselves."""

    def run(self, root: etree.Element) -> None:
        for parent in list(root.iter()):
            for place, child in enumerate(parent):
                if child.tag == "table":
                    parent[place] = _within("div", child, {"class": "wide", "tabindex": "0"})
                elif child.tag == "img":
                    parent[place] = _within("a", child, {"href": child.get("src", ""), "class": "figure"})
        for header in root.iter("th"):
            header.set("scope", "col")


def _within(tag: str, element: etree.Element, attributes: dict[str, str]) -> etree.Element:
    outer = etree.Element(tag, attributes)
    outer.tail, element.tail = element.tail, None
    outer.append(element)
    return outer


def _linked(body: str) -> str:
    """Papers and files that the text names, as links."""
    body = _REFERENCE.sub(r'<a href="https://arxiv.org/abs/\1">arXiv:\1</a>', body)
    return _FILE.sub(lambda match: f'<a href="{"../../" if "/" in match[1] else ""}{match[1]}">{match[0]}</a>', body)


def _with_figures_inside(body: str, folder: Path) -> str:
    """The page's images as data, so that the page is one file."""

    def inside(match: re.Match[str]) -> str:
        try:
            image = (folder / match[1]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{folder / match[1]}: not readable; run `bnrepro plot {folder.name}`") from error
        if not image.rstrip().endswith("</svg>"):
            raise BadInput(f"{folder / match[1]}: no whole SVG; run `bnrepro plot {folder.name}`")
        single = image.replace("'", "&apos;").replace('"', "'")  # one character instead of three each
        return f'src="data:image/svg+xml,{quote(" ".join(single.split()), safe=_LITERAL)}"'

    return re.sub(r'src="(figures/[^"]+\.svg)"', inside, body)
