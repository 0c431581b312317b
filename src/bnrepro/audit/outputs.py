"""Tables, verdicts, figures and report: made again from what they were made from, and compared byte by byte."""

from collections.abc import Iterator
from pathlib import Path

from bnrepro import explorer, paths
from bnrepro.audit import scratch
from bnrepro.audit.finding import Finding, compared
from bnrepro.errors import BadInput
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import Params

_DRAWN = ("figures/", "plots/", "report.", explorer.NAME)  # of a dataset's report: made from the tables


def check(params: Params, dataset: DatasetName) -> Iterator[Finding]:
    """Make a dataset's tables from its recorded runs, and its figures and report from the committed tables."""
    yield _tables(params, dataset)
    yield _figures_and_report(params, dataset)


def differing_files(committed: Path, made: Path) -> list[str]:
    """Files that only one of the two folders has, or that differ.

    The explorer is not in git: one that is not committed is no difference.
    """
    names = {
        path.relative_to(folder).as_posix()
        for folder in (committed, made)
        for path in folder.rglob("*")
        if path.is_file()
    }
    if not (committed / explorer.NAME).exists():
        names.discard(explorer.NAME)
    return sorted(name for name in names if _bytes(committed / name) != _bytes(made / name))


def _tables(params: Params, dataset: DatasetName) -> Finding:
    from bnrepro.claims.summarize import summarize

    what = f"{dataset} tables"
    studies = params.studies_of(dataset)
    missing = [study for study in studies if not paths.runs(dataset, study).is_dir()]
    if missing:
        return Finding(what, "not checked", f"the runs of {missing[0]} are not in this clone (`dvc repro` trains them)")
    committed, made_from = paths.reports(dataset), [paths.runs(dataset, study) for study in studies]
    try:
        with scratch.project(paths.reference(), paths.prepared(dataset), *made_from):  # some tables need the images
            summarize(params, dataset)
            unlike = differing_files(committed, paths.reports(dataset))
    except BadInput as error:
        return Finding(what, "DIFFERS", f"the runs cannot be summarized: {error.message}")
    differing = [f"reports/{dataset}/{name}" for name in unlike if not name.startswith(_DRAWN)]
    return compared(what, differing, "what summarize makes of the recorded runs, byte by byte")


def _figures_and_report(params: Params, dataset: DatasetName) -> Finding:
    from bnrepro.explorer.write import write as write_explorer
    from bnrepro.figures.draw import draw
    from bnrepro.report.write import write

    what = f"{dataset} figures and report"
    committed = paths.reports(dataset)
    made_from = (paths.tables(dataset), paths.claims(dataset), paths.provenance(dataset))
    try:
        with scratch.project(paths.reference(), *made_from, paths.metrics(dataset)):
            draw(params, dataset)
            write(params, dataset)
            write_explorer(params, dataset)
            differing = [f"reports/{dataset}/{name}" for name in differing_files(committed, paths.reports(dataset))]
    except BadInput as error:
        return Finding(what, "DIFFERS", f"they cannot be made: {error.message}")
    return compared(what, differing, "what plot and report make of the tables, byte by byte")


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
