"""The plot stage: every figure of a dataset, from its tables."""

import matplotlib.pyplot as plt

from bnrepro import paths
from bnrepro.analysis import tables
from bnrepro.errors import BadInput
from bnrepro.figures import column, origin, registry, style
from bnrepro.figures.selection import Tables
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import HEADLINE_STUDY, Params


def draw(params: Params, dataset: DatasetName) -> None:
    """Write `reports/<dataset>/figures` and, as `dvc plots` takes them, `reports/<dataset>/plots`.

    Raises:
        BadInput: a table is missing, damaged or empty.
    """
    provenance, selected = tables.read_provenance(dataset), Tables(params, dataset)
    if selected.headline(f"curves/{HEADLINE_STUDY}").empty:
        raise BadInput(f"no run of studies.{HEADLINE_STUDY} on {dataset} came to an evaluation: nothing to draw")
    style.apply()
    with paths.replacing(paths.figures(dataset)) as figures, paths.replacing(paths.plots(dataset)) as plots:
        for entry, figure in registry.draw(selected):
            made_from = origin.of(provenance, entry.studies)
            style.save(figure, entry.name, made_from, figures, plots)
            if column.stack(figure):
                style.save(figure, entry.name + column.SUFFIX, made_from, figures)
            plt.close(figure)
