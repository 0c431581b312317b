"""The pipeline, and its runs, in the metadata of an archive: what it needs, what it read and what it made."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rocrate.model import ComputationalWorkflow, ComputerLanguage, ContextEntity, Dataset
from rocrate.model.entity import Entity

from bnrepro.archive import contents
from bnrepro.archive.draft import Draft
from bnrepro.data.idx import Idx
from bnrepro.data.registry import SOURCES
from bnrepro.study.factors import DatasetName

_WORKFLOW_PROFILE = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
_PARAMETER_PROFILE = "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"
_TIME = (
    "The end is the time of the commit that last changed these results: when runs began and ended is in no file of "
    "this archive."
)
# What of provenance.json is told by itself: what the runs were given, and what came of them.
_GIVEN = {
    "numerics": "How a processor computes; `portable`: with the same bits on all of them that have AVX2.",
    "device": "What trained: a processor or a GPU.",
    "processor": "The processors that repeat the bits of the runs.",
    "data_digest": "SHA-256 over the prepared images.",
    "source_digest": "SHA-256 over the code that trained, of all implementations.",
}
_CAME = {"runs": "How many networks were trained.", "records_digest": "SHA-256 over the records of all runs."}


@dataclass(frozen=True)
class Run:
    """What the pipeline made of a dataset.

    Attributes:
        committed: when a commit last changed it (ISO 8601, UTC).
        provenance: what its provenance.json holds.
    """

    dataset: DatasetName
    committed: str
    provenance: Mapping[str, Any]


def add(draft: Draft, reported: Sequence[Run], authors: list[ContextEntity]) -> None:
    """Add the workflow and a run of it for each dataset."""
    workflow = _workflow(draft, authors)
    raw = {run.dataset: _raw(draft, run.dataset) for run in reported}
    reports = {run.dataset: _reports(draft, run.dataset) for run in reported}
    params, lock = draft.crate.get(contents.PARAMS), draft.crate.get(contents.LOCK)
    workflow["input"] = [
        _parameter(draft, "params", "File", "Everything that decides a result.", [params]),
        _parameter(draft, "lock", "File", "The packages of the environment.", [lock]),
        _parameter(draft, "dataset", "Dataset", "The raw images and labels of a dataset.", list(raw.values())),
    ]
    what = "Tables, figures, verdicts and report of a dataset."
    workflow["output"] = [_parameter(draft, "reports", "Dataset", what, list(reports.values()))]
    draft.root["mainEntity"] = workflow
    draft.root["mentions"] = [
        draft.other(
            f"#run/{run.dataset}",
            "CreateAction",
            name=f"The pipeline on {SOURCES[run.dataset].title}",
            description=f"What `dvc repro` trained and made of {SOURCES[run.dataset].title}. {_TIME}",
            instrument=workflow,
            agent=authors,
            endTime=run.committed,
            actionStatus="http://schema.org/CompletedActionStatus",
            object=[params, raw[run.dataset], lock, *_values(draft, run, _GIVEN)],
            result=[reports[run.dataset], *reports[run.dataset]["hasPart"], *_values(draft, run, _CAME)],
        )
        for run in reported
    ]


def _workflow(draft: Draft, authors: list[ContextEntity]) -> ComputationalWorkflow:
    citation = draft.archive.citation
    workflow = draft.file(contents.WORKFLOW, ComputationalWorkflow)
    workflow["name"] = f"The pipeline of {citation['title']}"
    workflow["version"] = str(citation["version"])
    workflow["creator"] = authors
    workflow["license"] = draft.root["license"]
    workflow["dateCreated"] = draft.archive.date
    workflow["conformsTo"] = {"@id": _WORKFLOW_PROFILE}
    told = {"name": "DVC", "url": "https://dvc.org/", "version": _locked(draft, "dvc")}
    workflow["programmingLanguage"] = draft.crate.add(ComputerLanguage(draft.crate, "https://dvc.org/", told))
    needed = {
        "Python": ("https://www.python.org/", _found(draft, "pyproject.toml", r'^requires-python = "([^"]+)"')),
        "TensorFlow": ("https://www.tensorflow.org/", _locked(draft, "tensorflow")),
    }
    workflow["softwareRequirements"] = [
        draft.other(url, "SoftwareApplication", name=name, url=url, softwareVersion=version)
        for name, (url, version) in needed.items()
    ]
    return workflow


def _locked(draft: Draft, package: str) -> str:
    """The version of a package in the lock."""
    return _found(draft, contents.LOCK, rf"^{package}==(\S+)")


def _found(draft: Draft, name: str, pattern: str) -> str:
    """What a line of a file of the archive has; empty where none matches."""
    found = re.search(pattern, draft.archive.files[name].decode(), re.MULTILINE)
    return found[1] if found else ""


def _raw(draft: Draft, dataset: DatasetName) -> ContextEntity:
    """A dataset as its publisher has it. Its files have no part in the archive."""
    source = SOURCES[dataset]
    mirrors = source.mirrors if isinstance(source, Idx) else ()
    files = [
        draft.other(
            f"#data/{dataset}/{name}",
            "File",
            name=name,
            encodingFormat=contents.media_type(name),
            contentSize=str(size),
            sha256=digest,
            url=[f"{mirror}{name}" for mirror in mirrors],
        )
        for name, (digest, size) in source.files.items()
    ]
    about = f"{source.title}: {source.about}. {source.total:,} images."
    return draft.other(f"#data/{dataset}", "Dataset", name=source.title, description=about, hasPart=files)


def _reports(draft: Draft, dataset: DatasetName) -> Dataset:
    """The folder with what was made of a dataset, and its parts."""
    top = f"reports/{dataset}/"
    folder = draft.folder(top)
    within = {name.removeprefix(top) for name in draft.archive.files if name.startswith(top)}
    parts = sorted({name.partition("/")[0] + ("/" if "/" in name else "") for name in within})
    folder["hasPart"] = [draft.folder(top + one) if one.endswith("/") else draft.file(top + one) for one in parts]
    return folder


def _values(draft: Draft, run: Run, names: Mapping[str, str]) -> list[ContextEntity]:
    """Entries of provenance.json."""
    return [
        draft.other(
            f"#run/{run.dataset}/{name}",
            "PropertyValue",
            name=name,
            value=str(run.provenance[name]),
            description=about,
        )
        for name, about in names.items()
    ]


def _parameter(draft: Draft, name: str, kind: str, about: str, examples: Sequence[Entity]) -> ContextEntity:
    """An input or an output of the workflow, and what the runs had for it."""
    parameter = draft.other(
        f"#parameter/{name}",
        "FormalParameter",
        name=name,
        description=about,
        additionalType=kind,
        conformsTo={"@id": _PARAMETER_PROFILE},
        workExample=list(examples),
    )
    for example in examples:
        example["exampleOfWork"] = parameter
    return parameter
