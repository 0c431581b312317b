"""codemeta.json and .zenodo.json, from CITATION.cff and pyproject.toml: `python -m tests.metadata` writes them.

CITATION.cff is for people and for GitHub, codemeta.json (https://codemeta.github.io) for catalogs of software, and
.zenodo.json for Zenodo, which takes it before CITATION.cff.
"""

import json
from typing import Any

from bnrepro.audit import citation
from tests.pipeline import ROOT

FILES = ("codemeta.json", ".zenodo.json")


def rendered() -> dict[str, str]:
    """The text of each file."""
    cited = citation.read()
    made = zip(FILES, (_codemeta(cited), _zenodo(cited)), strict=True)
    return {name: json.dumps(content, indent=2, ensure_ascii=False) + "\n" for name, content in made}


def _codemeta(cited: dict[str, Any]) -> dict[str, Any]:
    paper = cited["references"][0]
    return {
        "@context": "https://w3id.org/codemeta/3.0",
        "@type": "SoftwareSourceCode",
        "name": cited["title"],
        "description": _line(cited["abstract"]),
        "version": str(cited["version"]),
        "license": f"https://spdx.org/licenses/{cited['license']}",
        "author": [_agent(author) for author in cited["authors"]],
        "keywords": list(cited["keywords"]),
        "programmingLanguage": "Python",
        "operatingSystem": ["Linux", "macOS"],
        "referencePublication": {
            "@type": "ScholarlyArticle",
            "name": paper["title"],
            "author": [_agent(author) for author in paper["authors"]],
            "url": paper["url"],
        },
    }


def _zenodo(cited: dict[str, Any]) -> dict[str, Any]:
    paper = cited["references"][0]
    return {
        "title": cited["title"],
        "upload_type": "software",
        "description": _line(cited["abstract"]),
        "version": str(cited["version"]),
        "license": cited["license"],
        "creators": [{"name": _name(author)} for author in cited["authors"]],
        "keywords": list(cited["keywords"]),
        "related_identifiers": [{"identifier": paper["url"], "relation": "references", "scheme": "url"}],
    }


def _agent(author: dict[str, str]) -> dict[str, str]:
    if "name" in author:
        return {"@type": "Organization", "name": author["name"]}
    return {"@type": "Person", "givenName": author["given-names"], "familyName": author["family-names"]}


def _name(author: dict[str, str]) -> str:
    return author["name"] if "name" in author else f"{author['family-names']}, {author['given-names']}"


def _line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    for name, text in rendered().items():
        (ROOT / name).write_text(text, encoding="utf-8")
