"""The plot stage: every figure of a dataset, from its tables."""

import pandas as pd
from matplotlib.figure import Figure

from bnrepro import paths
from bnrepro.analysis import reference, tables
from bnrepro.analysis.curves import further
from bnrepro.figures import (
    accuracy_vs_iterations,
    alternatives,
    calibration,
    catalogue,
    dropout,
    figure_1a,
    figure_1bc,
    iterations_to_target,
    layers,
    learning_rate,
    moving_averages,
    noise,
    origin,
    speedup_by_target,
    style,
)
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import HEADLINE_STUDY, PAPER_STUDY, Params


def draw(params: Params, dataset: DatasetName) -> None:
    """Write `reports/<dataset>/figures`.

    Raises:
        BadInput: a table is missing, damaged or empty.
    """
    provenance = tables.read_provenance(dataset)
    style.apply()
    figures = _of_the_headline(params, dataset) | _of_the_lesson(params, dataset)
    if tables.has(dataset, "paper"):
        figures |= _beside_the_paper(dataset, params.training[dataset].steps)
    with paths.replacing(paths.figures(dataset)) as folder:
        for name, figure in figures.items():
            style.save(figure, folder, name, origin.of(provenance, catalogue.STUDIES[name]))


def _of_the_headline(params: Params, dataset: DatasetName) -> dict[str, Figure]:
    """The figures that every dataset has, of the first learning rate of the headline's study."""
    names = (f"curves/{HEADLINE_STUDY}", "steps_to_target", "speedup", "speedup_by_target")
    curves, steps, speedup, by_target = (tables.headline(tables.read(dataset, name)) for name in names)
    if curves.empty:
        reason = f"no run of studies.{HEADLINE_STUDY} on {dataset} came to an evaluation: nothing to draw"
        raise tables.unusable(dataset, names[0], reason)
    speedup, by_target = (table[table["normalization"] == "batch"] for table in (speedup, by_target))
    training = params.training[dataset]
    target = training.targets[0]
    steps, speedup = (tables.at_target(dataset, table, target) for table in (steps, speedup))
    if steps.empty:
        raise tables.unusable(dataset, "steps_to_target", f"no rows of study {HEADLINE_STUDY}")
    if not set(speedup["depth"]) <= set(steps["depth"]):
        raise tables.unusable(dataset, "speedup", "a depth that steps_to_target.csv does not have")
    figures = {
        iterations_to_target.NAME: iterations_to_target.draw(steps, speedup, target, training.steps),
        accuracy_vs_iterations.NAME: accuracy_vs_iterations.draw(curves, target, training.steps),
    }
    if len(by_target):  # a study of one arm alone has no ratios
        paper = _ratios_of_the_paper(sorted(by_target["target"].unique())) if dataset == reference.DATASET else None
        figures[speedup_by_target.NAME] = speedup_by_target.draw(by_target, paper, reference.DEPTH)
    return figures


def _of_the_lesson(params: Params, dataset: DatasetName) -> dict[str, Figure]:
    """A figure for each study of the lesson's claims, where params.yaml has it and it crosses what is drawn."""
    training = params.training[dataset]
    budget, target = training.steps, training.targets[0]

    def crosses(study: str, factor: str) -> bool:
        grid = params.studies.get(study)
        if grid is None or not grid.applies_to(dataset) or factor not in grid.crossed:
            return False
        return len(tables.read(dataset, f"curves/{study}", *further(grid))) > 0  # or no run came to an evaluation

    def curves(study: str, across: str = "") -> pd.DataFrame:
        return _narrowed(tables.read(dataset, f"curves/{study}"), study, across)

    def rows(name: str, study: str, across: str = "", *factors: str) -> pd.DataFrame:
        return _narrowed(tables.read(dataset, name, *factors), study, across)

    figures: dict[str, Figure] = {}
    if len(looks := rows("layers", HEADLINE_STUDY, "depth")):
        figures[layers.NAME] = layers.draw(looks, budget)
    if crosses("learning_rate", "learning_rate_times") or crosses("learning_rate", "learning_rate"):
        steps = tables.at_target(dataset, rows("steps_to_target", "learning_rate", "learning_rate"), target)
        if steps.empty:
            raise tables.unusable(dataset, "steps_to_target", "no rows of study learning_rate")
        ends = rows("finals", "learning_rate", "learning_rate")
        figures[learning_rate.NAME] = learning_rate.draw(steps, ends, training.learning_rate, target, budget)
    if crosses("dropout", "dropout"):
        figures[dropout.NAME] = dropout.draw(curves("dropout"), rows("layers", "dropout", "", "dropout"), budget)
    if crosses("momentum", "momentum") and crosses("updates", "updates"):
        updates = curves("updates", "implementation")
        looks = rows("layers", "momentum", "", "momentum")
        figures[moving_averages.NAME] = moving_averages.draw(curves("momentum"), looks, updates, budget)
    if crosses("alternatives", "activation"):
        ended = rows("final_accuracy", "alternatives", "depth", "activation")
        figures[alternatives.NAME] = alternatives.draw(curves("alternatives", "depth"), ended, budget)
    if crosses("noise", "noise"):
        figures[noise.NAME] = noise.draw(curves("noise"), rows("layers", "noise", "", "noise"), budget)
    return figures


def _narrowed(table: pd.DataFrame, study: str, across: str) -> pd.DataFrame:
    """A study's rows of its first implementation, depth and learning rate; of all of the one that is drawn across."""
    table = table[table["study"] == study]
    for factor in ("implementation", "depth", "learning_rate"):
        if factor != across and len(table):
            table = table[table[factor] == table[factor].iloc[0]]
    return table


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
        ours = tables.read(dataset, "sigmoid_inputs")
        if not set(arms) <= set(ours["normalization"]):
            raise tables.unusable(dataset, "sigmoid_inputs", f"not the units of {' and '.join(arms)}")
        figures[figure_1bc.NAME] = figure_1bc.draw(ours, inputs, budget)
    surface = tables.read(dataset, "calibration")
    if len(surface):
        figures[calibration.NAME] = calibration.draw(surface)
    return figures
