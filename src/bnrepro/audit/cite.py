"""`bnrepro cite`: a figure's caption, the commands that rebuild it, the commit that made it, and BibTeX."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pandas as pd

from bnrepro import paths
from bnrepro.analysis import tables
from bnrepro.audit import citation, git, scratch
from bnrepro.claims import prose
from bnrepro.data.registry import SOURCES
from bnrepro.errors import BadInput, Failed
from bnrepro.figures import origin, registry

_DRAWN_FROM = ("src", "params.yaml", "dvc.yaml", "data/reference")  # beside a dataset's tables and provenance.json


def cite(figure: str) -> str:
    """Everything that a text needs to show a figure of this clone.

    Args:
        figure: a file in reports/<dataset>/figures or plots, or `<dataset>/<name>`, or a name.

    Raises:
        BadInput: there is no such figure, or several.
        Failed: no commit made it as it is: the tree has changes, the figure was never committed, or drawn again by its
            commit from that commit's tables it has other bytes.
    """
    path = _find(figure)
    dataset, name = _dataset_of(path), path.stem
    made_from = origin.read(path)
    commit, date = _commit_of(path)
    if sys.stderr.isatty():  # it takes ten seconds, and who waits wants to know for what
        click.echo(f"Drawing {dataset}'s figures again by commit {commit[:12]}, to compare ...", err=True)
    _is_what_the_commit_draws(path, dataset, commit)
    entry, source = registry.find(name), SOURCES[dataset]
    steps = tables.read(dataset, "steps_to_target")
    runs = " and ".join(_runs(steps, study, values["records"]) for study, values in made_from["studies"].items())
    version = f"bnrepro {made_from['bnrepro']}, commit {commit[:12]}"
    what = f"{entry.caption}. {entry.legend} Data: {source.title}; {runs}; {version}."
    rebuild = source.make or f"dvc exp run -S 'datasets=[{dataset}]'"
    return "\n\n".join(
        [
            what,
            f"Rebuild it:\n    git checkout {commit}\n    {rebuild}",
            f"or draw it again from the committed tables: bnrepro plot {dataset}",
            f"Last changed by commit {commit} of {date}.",
            *citation.entries(commit, date),
        ]
    )


def _runs(steps: pd.DataFrame, study: str, count: int) -> str:
    """`84 runs of study depth, of 3 to 8 seeds`, by steps_to_target.csv."""
    seeds = prose.span(steps.loc[steps["study"] == study, "runs"], "{:.0f}")
    return f"{count} runs of study {study}, of {seeds} seeds"


def _find(figure: str) -> Path:
    """The file of a figure, from what a user calls it."""
    file = Path(figure).resolve()
    reports = paths.root().resolve() / "reports"
    every = [path for dataset in SOURCES for path in sorted((reports / dataset / "figures").glob("*.svg"))]
    if file.suffix.removeprefix(".") in origin.FORMATS:
        if file.parent.name not in ("figures", "plots") or file.parent.parent.parent != reports:
            raise BadInput(f"{figure}: not a figure of this clone; those are in reports/<dataset>/figures and plots")
        found = [file] if file.is_file() else []
        if found and _dataset_of(file) not in SOURCES:
            known = ", ".join(SOURCES)
            raise BadInput(
                f"{figure}: {_dataset_of(file)} is no dataset that src/bnrepro/data/registry.py lists: {known}"
            )
    else:
        dataset, _, name = figure.rpartition("/")
        found = [path for path in every if path.stem == name and dataset in ("", _dataset_of(path))]
    if not found:
        known = ", ".join(dict.fromkeys(path.stem for path in every))
        raise BadInput(f"{figure}: there is no such figure; known names: {known}")
    if len(found) > 1:
        raise BadInput(f"{figure}: which one, {' or '.join(f'{_dataset_of(path)}/{path.stem}' for path in found)}?")
    return found[0]


def _dataset_of(path: Path) -> str:
    """The dataset of a figure in this clone's reports."""
    return path.relative_to(paths.root().resolve() / "reports").parts[0]


def _commit_of(path: Path) -> tuple[str, str]:
    """The commit that last changed a file, and its date; refused where that is not what the tree holds."""
    git.refuse_changes()
    git.refuse_shallow("when a figure was changed")
    found = git.last_commit("%H %cs", str(path))
    if not found:
        raise Failed(f"{path.name} was never committed: no commit made it")
    commit, date = found
    return commit, date


def _is_what_the_commit_draws(path: Path, dataset: str, commit: str) -> None:
    """Draw the figures again by a commit's own code, from its own tables, and compare."""
    reports = f"reports/{dataset}"
    wanted = [*_DRAWN_FROM, f"{reports}/tables", f"{reports}/provenance.json"]
    archive = git.output("archive", "--format=tar", commit, "--", *wanted)
    with scratch.folder() as folder:
        unpacked = subprocess.run(["tar", "-x", "-C", folder], input=archive, capture_output=True, check=False)
        if unpacked.returncode:
            raise Failed(f"tar: {unpacked.stderr.decode(errors='replace')[:200]}")
        drawn = subprocess.run(
            [sys.executable, "-m", "bnrepro", "plot", dataset],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(folder / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
        if drawn.returncode:
            reason = " ".join(drawn.stderr.split())[-200:]
            raise Failed(f"commit {commit[:12]} cannot draw its figures again: {reason}")
        again = folder / path.relative_to(paths.root().resolve())
        if not again.is_file() or again.read_bytes() != path.read_bytes():
            raise Failed(
                f"{path.name} is not what commit {commit[:12]} made: drawn again by its code from its tables, "
                "in this environment, it has other bytes"
            )
