"""The plot stage: every figure of a dataset, from its tables."""

from bnrepro import paths
from bnrepro.analysis import tables
from bnrepro.errors import Failed
from bnrepro.figures import accuracy_vs_iterations, iterations_to_target, style
from bnrepro.params import HEADLINE_STUDY, DatasetName, Params


def draw(params: Params, dataset: DatasetName) -> None:
    """Write `reports/<dataset>/figures`.

    Raises:
        Failed: a table is missing or empty.
    """
    style.apply()
    curves = tables.read(dataset, f"curves/{HEADLINE_STUDY}")
    steps = tables.read(dataset, "steps_to_target")
    speedup = tables.read(dataset, "speedup")
    if curves.empty:
        raise Failed(f"studies.{HEADLINE_STUDY} has no runs on {dataset}: nothing to draw")
    # The headline shows one learning rate; a study that crosses several has a figure of its own.
    rate = curves["learning_rate"].iloc[0]
    curves, steps, speedup = (
        table[(table["study"] == HEADLINE_STUDY) & (table["learning_rate"] == rate)]
        for table in (curves, steps, speedup)
    )
    target = params.training[dataset].targets[0]
    figures = {
        iterations_to_target.NAME: iterations_to_target.draw(steps, speedup, target, int(curves["step"].max())),
        accuracy_vs_iterations.NAME: accuracy_vs_iterations.draw(curves, target),
    }
    for name, figure in figures.items():
        style.save(figure, paths.figures(dataset), name)
