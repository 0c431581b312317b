"""The plot stage: every figure of a dataset, from its tables."""

import pandas as pd
from matplotlib.figure import Figure

from bnrepro import paths
from bnrepro.analysis import reference, tables
from bnrepro.errors import Failed
from bnrepro.figures import (
    accuracy_vs_iterations,
    alternatives,
    calibration,
    dropout,
    figure_1a,
    figure_1bc,
    iterations_to_target,
    layers,
    learning_rate,
    moving_averages,
    noise,
    speedup_by_target,
    style,
)
from bnrepro.params import HEADLINE_STUDY, PAPER_STUDY, DatasetName, Params


def draw(params: Params, dataset: DatasetName) -> None:
    """Write `reports/<dataset>/figures`.

    Raises:
        Failed: a table is missing or empty.
    """
    style.apply()
    figures = _of_the_headline(params, dataset) | _of_the_lesson(params, dataset)
    if tables.has(dataset, "paper"):
        figures |= _beside_the_paper(dataset, params.training[dataset].steps)
    with paths.replacing(paths.figures(dataset)) as folder:
        for name, figure in figures.items():
            style.save(figure, folder, name)


def _of_the_headline(params: Params, dataset: DatasetName) -> dict[str, Figure]:
    """The figures that every dataset has, of the first learning rate of the headline's study."""
    names = (f"curves/{HEADLINE_STUDY}", "steps_to_target", "speedup", "speedup_by_target")
    curves, steps, speedup, by_target = (tables.headline(tables.read(dataset, name)) for name in names)
    if curves.empty:
        raise Failed(f"no run of studies.{HEADLINE_STUDY} on {dataset} came to an evaluation: nothing to draw")
    training = params.training[dataset]
    target = training.targets[0]
    steps, speedup = (tables.at_target(dataset, table, target) for table in (steps, speedup))
    figures = {
        iterations_to_target.NAME: iterations_to_target.draw(steps, speedup, target, training.steps),
        accuracy_vs_iterations.NAME: accuracy_vs_iterations.draw(curves, target, training.steps),
    }
    if len(by_target):  # a study of one arm alone has no ratios
        paper = _ratios_of_the_paper(sorted(by_target["target"].unique())) if dataset == reference.DATASET else None
        figures[speedup_by_target.NAME] = speedup_by_target.draw(by_target, paper, reference.DEPTH)
    return figures


def _of_the_lesson(params: Params, dataset: DatasetName) -> dict[str, Figure]:
    """A figure for each study of the lesson's claims that params.yaml has."""
    budget, target = params.training[dataset].steps, params.training[dataset].targets[0]
    looks = tables.read(dataset, "layers")

    def curves(study: str) -> pd.DataFrame:
        return tables.read(dataset, f"curves/{study}")

    def looked_at(study: str) -> pd.DataFrame:
        return looks[looks["study"] == study]

    def finals(study: str) -> pd.DataFrame:
        table = tables.read(dataset, "final_accuracy")
        return table[table["study"] == study]

    figures: dict[str, Figure] = {}
    if len(own := tables.headline(looks)):
        figures[layers.NAME] = layers.draw(own, budget)
    drawn = {
        learning_rate.NAME: (("learning_rate",), lambda: _learning_rate(params, dataset, target, budget)),
        dropout.NAME: (("dropout",), lambda: dropout.draw(curves("dropout"), looked_at("dropout"), budget)),
        moving_averages.NAME: (
            ("momentum", "updates"),
            lambda: moving_averages.draw(curves("momentum"), looked_at("momentum"), curves("updates"), budget),
        ),
        alternatives.NAME: (
            ("alternatives",),
            lambda: alternatives.draw(curves("alternatives"), finals("alternatives"), budget),
        ),
        noise.NAME: (("noise",), lambda: noise.draw(curves("noise"), looked_at("noise"), budget)),
    }
    for name, (studies, make) in drawn.items():
        if all(study in params.studies and params.studies[study].applies_to(dataset) for study in studies):
            figures[name] = make()
    return figures


def _learning_rate(params: Params, dataset: DatasetName, target: float, budget: int) -> Figure:
    steps, finals = (tables.read(dataset, name) for name in ("steps_to_target", "final_accuracy"))
    steps, finals = (table[table["study"] == "learning_rate"] for table in (steps, finals))
    usual = params.training[dataset].learning_rate
    return learning_rate.draw(tables.at_target(dataset, steps, target), finals, usual, target, budget)


def _ratios_of_the_paper(targets: list[float]) -> pd.DataFrame:
    rows = [(target, *reference.speedup(target)) for target in targets]
    return pd.DataFrame(rows, columns=["target", "ratio", "censored"])


def _beside_the_paper(dataset: DatasetName, budget: int) -> dict[str, Figure]:
    """The figures that compare with the paper's."""
    arms = [arm.normalization for arm in style.PAPER_ARMS]
    curves = tables.read(dataset, f"curves/{PAPER_STUDY}")
    accuracy = {arm: reference.test_accuracy(arm) for arm in arms}
    figures = {figure_1a.NAME: figure_1a.draw(curves, accuracy, budget)}
    if tables.has(dataset, "sigmoid_inputs"):
        inputs = {arm: reference.sigmoid_inputs(arm) for arm in arms}
        figures[figure_1bc.NAME] = figure_1bc.draw(tables.read(dataset, "sigmoid_inputs"), inputs, budget)
    surface = tables.read(dataset, "calibration")
    if len(surface):
        figures[calibration.NAME] = calibration.draw(surface)
    return figures
