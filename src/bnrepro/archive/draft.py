"""A crate that is being described: what its entities are made with."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rocrate.model import ContextEntity, Dataset, File
from rocrate.rocrate import ROCrate

from bnrepro.archive import contents

Properties = dict[str, Any]


@dataclass(frozen=True)
class Archive:
    """What is described.

    Attributes:
        files: the content of each, by name.
        citation: what CITATION.cff holds.
        commit: the one that the files are of.
        date: when it was made (ISO 8601, UTC).
    """

    files: Mapping[str, bytes]
    citation: Mapping[str, Any]
    commit: str
    date: str


class Draft:
    """The crate of an archive.

    Attributes:
        crate: ro-crate-py's. It is never written: what it describes is not on disk.
    """

    def __init__(self, archive: Archive):
        self.archive = archive
        self.crate = ROCrate(version="1.1")
        self.crate.metadata.extra_terms["sha256"] = "http://schema.org/sha256"  # which RO-Crate 1.1 does not know

    @property
    def root(self) -> Dataset:
        return self.crate.root_dataset

    def file(self, name: str, kind: type[File] = File) -> File:
        """Add a file of the archive."""
        content = self.archive.files[name]
        properties = _said(
            name=name,
            description=contents.about(name),
            encodingFormat=contents.media_type(name),
            contentSize=str(len(content)),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        return self.crate.add(kind(self.crate, dest_path=name, properties=properties))

    def folder(self, name: str) -> Dataset:
        """Add a folder of the archive, which stands for all that is in it."""
        properties = _said(name=name, description=contents.about(name))
        return self.crate.add(Dataset(self.crate, dest_path=name, properties=properties))

    def other(self, identifier: str, kind: str | list[str], **properties: Any) -> ContextEntity:
        """Add what is no file of the archive."""
        return self.crate.add(ContextEntity(self.crate, identifier, {"@type": kind, **_said(**properties)}))


def _said(**properties: Any) -> Properties:
    """Those that say something."""
    return {name: value for name, value in properties.items() if value}
