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
    # The headline shows one learning rate; a study that crosses several has a figure of its own.
    names = (f"curves/{HEADLINE_STUDY}", "steps_to_target", "speedup")
    curves, steps, speedup = (tables.headline(tables.read(dataset, name)) for name in names)
    if curves.empty:
        raise Failed(f"no run of studies.{HEADLINE_STUDY} on {dataset} came to an evaluation: nothing to draw")
    training = params.training[dataset]
    target = training.targets[0]
    steps, speedup = (tables.at_target(dataset, table, target) for table in (steps, speedup))
    figures = {
        iterations_to_target.NAME: iterations_to_target.draw(steps, speedup, target, training.steps),
        accuracy_vs_iterations.NAME: accuracy_vs_iterations.draw(curves, target, training.steps),
    }
    with paths.replacing(paths.figures(dataset)) as folder:
        for name, figure in figures.items():
            style.save(figure, folder, name)
