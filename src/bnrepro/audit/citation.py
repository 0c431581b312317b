"""How to cite this software and the paper: CITATION.cff, and BibTeX made from it."""

import re
from typing import Any
from urllib.parse import urlsplit

from ruamel.yaml.error import YAMLError

from bnrepro import paths
from bnrepro.audit import git
from bnrepro.errors import BadInput
from bnrepro.study import reading

_LATEX = str.maketrans({sign: f"\\{sign}" for sign in "&%#$_"})  # braces are this module's own


def read() -> Any:
    """What CITATION.cff holds.

    Raises:
        BadInput: it is missing, or no YAML.
    """
    try:
        return reading.load(paths.root() / "CITATION.cff")
    except (OSError, ValueError, YAMLError) as error:
        raise BadInput(f"CITATION.cff: not readable ({error})") from error


def bibtex() -> str:
    """Entries for the software at its last commit, and for the paper.

    Raises:
        BadInput: CITATION.cff lacks what they need.
        Failed: the tree has changes that no commit has; or git is not installed.
    """
    git.refuse_changes()
    commit, date = git.last_commit("%H %cs")
    return "\n\n".join(entries(commit, date))


def entries(commit: str, date: str) -> list[str]:
    """BibTeX of the software at a commit, and of the paper.

    Raises:
        BadInput: CITATION.cff lacks what they need.
    """
    citation = read()
    try:
        paper = citation["references"][0]  # a fork may add others
        return [
            _entry("software", "bnrepro", _of_software(citation, commit, date)),
            _entry("inproceedings", "ioffe2015batch", _of_paper(paper)),
        ]
    except (LookupError, TypeError, AttributeError) as error:
        raise BadInput(f"CITATION.cff: lacks what BibTeX needs of this software, or of the paper ({error})") from error


def repository(citation: dict[str, Any]) -> str | None:
    """Where the code is: what CITATION.cff says, or else where this clone is from; None if that is a folder."""
    if "repository-code" in citation:
        return str(citation["repository-code"])
    try:
        origin = git.text("remote", "get-url", "origin").strip()
    except git.Refused:
        return None
    if short := re.fullmatch(r"(?:[^@/]+@)?([^:/]+):([^/].*)", origin):  # git@host:owner/name.git
        host, path = short.groups()
    else:
        parts = urlsplit(origin)
        host, path = parts.hostname or "", parts.path.lstrip("/")
        if parts.scheme in ("http", "https") and parts.port:
            host += f":{parts.port}"
        if parts.scheme == "file":
            return None
    return f"https://{host}/{path.removesuffix('.git')}" if host else None


def _of_software(citation: dict[str, Any], commit: str, date: str) -> dict[str, str]:
    where = repository(citation)
    return {
        "author": _authors(citation),
        "title": f"{{{citation['title']}}}",
        "year": date[:4],
        "version": str(citation["version"]),
        "note": f"commit {commit}",
        **({"url": where} if where else {}),
    }


def _of_paper(paper: dict[str, Any]) -> dict[str, str]:
    return {
        "author": _authors(paper),
        "title": f"{{{paper['title']}}}",
        "booktitle": paper["collection-title"],
        "volume": str(paper["volume"]),
        "pages": f"{paper['start']}--{paper['end']}",
        "year": str(paper["year"]),
        "url": paper["url"],
    }


def _authors(work: dict[str, Any]) -> str:
    """Of a work in CITATION.cff: a person has two names, a group one that BibTeX must not take apart."""
    return " and ".join(
        f"{{{author['name']}}}" if "name" in author else f"{author['family-names']}, {author['given-names']}"
        for author in work["authors"]
    )


def _entry(kind: str, key: str, fields: dict[str, str]) -> str:
    written = {name: value if name == "url" else value.translate(_LATEX) for name, value in fields.items()}
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in written.items())
    return f"@{kind}{{{key},\n{lines}\n}}"
