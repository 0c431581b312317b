"""The metadata of an archive: a Workflow Run RO-Crate, by which machines know what its files are and what made them.

It conforms to RO-Crate 1.1, on which the profiles build: Workflow RO-Crate 1.0, Process Run Crate 0.5 and Workflow Run
Crate 0.5 (https://w3id.org/ro/wfrun). The pipeline is the workflow; what it made of a dataset is a run of it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rocrate.model import ContextEntity

from bnrepro.archive import contents, rubric, runs
from bnrepro.archive.draft import Archive, Draft

NAME = "ro-crate-metadata.json"
_RO_CRATE, _WORKFLOW_CRATE = "https://w3id.org/ro/crate/1.1", "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    _WORKFLOW_CRATE: ("Workflow RO-Crate", "1.0"),
}


def describe(archive: Archive, reported: Sequence[runs.Run]) -> bytes:
    """The content of `NAME`.

    Raises:
        LookupError: CITATION.cff lacks something.
    """
    draft = Draft(archive)
    authors = [_author(draft, author) for author in archive.citation["authors"]]
    _root(draft, authors)
    _payload(draft)
    runs.add(draft, reported, authors)
    metadata = draft.crate.metadata.generate()
    metadata["@graph"] = [_compact(entity) for entity in metadata["@graph"]]
    text = json.dumps(metadata, indent=1, sort_keys=True, ensure_ascii=False)
    return f"{text}\n".encode()


def _compact(entity: Mapping[str, Any]) -> dict[str, Any]:
    """As RO-Crate recommends: one value is no list."""
    return {name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in entity.items()}


def _root(draft: Draft, authors: list[ContextEntity]) -> None:
    """The archive as a whole: who made it, from what, and under which license."""
    archive, citation, root = draft.archive, draft.archive.citation, draft.root
    draft.crate.metadata["conformsTo"] = [{"@id": _RO_CRATE}, {"@id": _WORKFLOW_CRATE}]
    root["name"] = citation["title"]
    about = " ".join(citation["abstract"].split())
    root["description"] = f"{about} All files but {NAME} and {rubric.NAME} are those of commit {archive.commit}."
    root["version"] = str(citation["version"])
    root["identifier"] = f"swh:1:rev:{archive.commit}"  # what Software Heritage calls a commit of git's
    root["datePublished"] = archive.date
    root["author"], root["publisher"] = authors, authors[0]
    root["license"] = draft.other(
        f"https://spdx.org/licenses/{citation['license']}",
        "CreativeWork",
        name=citation["license"],
        description="The license of this archive.",
    )
    root["citation"] = [_paper(draft, paper) for paper in citation["references"]]
    root["conformsTo"] = [
        draft.other(profile, ["CreativeWork", "Profile"], name=name, version=version)
        for profile, (name, version) in _PROFILES.items()
    ]


def _author(draft: Draft, author: Mapping[str, Any]) -> ContextEntity:
    """Of a work in CITATION.cff: a group has one name, a person two."""
    name = author.get("name") or f"{author['given-names']} {author['family-names']}"
    url = author.get("orcid") or author.get("website")
    identifier = url or "#" + re.sub(r"\W+", "-", name.lower())
    return draft.other(identifier, "Organization" if "name" in author else "Person", name=name, url=url)


def _paper(draft: Draft, paper: Mapping[str, Any]) -> ContextEntity:
    authors = [_author(draft, author) for author in paper["authors"]]
    told = {"name": paper["title"], "author": authors, "datePublished": str(paper["year"]), "url": paper["url"]}
    return draft.other(paper["url"], "ScholarlyArticle", **told)


def _payload(draft: Draft) -> None:
    """Each file and each folder of the archive's root."""
    names = sorted(draft.archive.files)
    for folder in dict.fromkeys(name.split("/")[0] for name in names if "/" in name):
        draft.folder(f"{folder}/")
    for name in names:
        if "/" not in name and name != contents.WORKFLOW:
            draft.file(name)
    draft.crate.get("README.md")["about"] = draft.root
