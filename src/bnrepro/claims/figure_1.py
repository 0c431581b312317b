"""Our curves beside the paper's Figure 1(a), read as it is drawn: what the rules about it compare, and their table."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from bnrepro.analysis import against_paper, reference
from bnrepro.claims.engine import NotTested
from bnrepro.claims.evidence import PLAIN, Evidence
from bnrepro.claims.statistics import Effect, Sample, TooFew, difference, mean, ratio, typical
from bnrepro.study.params import PAPER_STUDY

STUDY = PAPER_STUDY
RATES = "learning_rate"  # the study of networks without batch normalization at other rates, and its factor
# Of a test accuracy: a third of what the paper's networks differ by at the end. On the same test images runs scatter by
# less than the images would let accuracies on other images do.
ACCURACY_TOLERANCE = 0.003
FACTOR = 1.25  # between numbers of steps that agree; the paper's curve has a point every 4,000 steps
ARMS = ("none", "batch")
COLUMNS = ["quantity", "normalization", "target", "ours", "low", "high", "seeds", "paper", "paper_censored"]


def curves(runs: Evidence, normalization: str) -> pd.DataFrame:
    """The curves of study `paper`, see `against_paper.drawn`.

    Raises:
        NotTested: they end before the paper's do.
    """
    if runs.budget(STUDY) < reference.last_step():
        raise NotTested("the runs do not show all that the paper's figure does")
    return against_paper.drawn(runs.rows(STUDY, normalization=normalization))


def accuracy(runs: Evidence, normalization: str, step: float) -> Sample:
    """Test accuracy at a step."""
    by_seed = curves(runs, normalization).apply(lambda curve: np.interp(step, curve.index, curve))
    return runs.seen(by_seed, STUDY, normalization=normalization)


def distance(runs: Evidence, normalization: str) -> Sample:
    """See `against_paper.distance`, of each network from the paper's own."""
    by_seed = against_paper.distance(curves(runs, normalization), normalization)
    return runs.seen(by_seed, STUDY, normalization=normalization)


def from_the_prediction(runs: Evidence) -> tuple[Sample, dict[float, Sample]]:
    """Distances from the paper's curve with batch normalization, over the steps that study `learning_rate` has, too.

    Returns:
        Ours with batch normalization; and, by learning rate, those of networks without it.
    """
    until = min(runs.budget(STUDY), runs.budget(RATES))

    def of(study: str, **arm: Any) -> Sample:
        by_seed = against_paper.distance(against_paper.drawn(runs.rows(study, **arm)), "batch", until)
        return runs.seen(by_seed, study, **arm)

    rates = map(float, runs.values(RATES, RATES, **PLAIN))
    return of(STUDY, normalization="batch"), {rate: of(RATES, **PLAIN, learning_rate=rate) for rate in rates}


def steps(runs: Evidence, normalization: str, target: float) -> Sample:
    """Steps to where the curve first crosses a test accuracy.

    A curve that starts above it has crossed it by its first point; one that ends below takes more than the budget.
    """
    ours = curves(runs, normalization)
    crossed = ours.apply(lambda curve: pd.Series(reference.crossing(curve, target), ["step", "at_first"])).T
    at = crossed["step"].astype(float).fillna(ours.index[-1])
    low, high = at.mask(crossed["at_first"].astype(bool), 0.0), at.mask(crossed["step"].isna(), np.inf)
    return runs.seen(at, STUDY, normalization=normalization)._replace(low=low, high=high)


def speedup(runs: Evidence, target: float) -> Effect:
    """Steps without over steps with batch normalization."""
    without, with_it = (steps(runs, arm, target) for arm in ARMS)
    return ratio(with_it, without)


def against(paper: float, ours: Sample) -> tuple[Sample, Sample]:
    """One number of the paper's for every seed, and ours: what `ratio` and `difference` take."""
    return Sample.known(pd.Series(paper, ours.at.index)), ours


def crossed(runs: Evidence, normalization: str) -> Iterator[tuple[float, float]]:
    """The targets that the paper's curve crosses, and the paper's steps to them."""
    for target in sorted(runs.targets):
        papers, at_first = reference.steps_to(normalization, target)
        if not np.isnan(papers) and not at_first:
            yield target, papers


def comparison(runs: Evidence) -> pd.DataFrame:
    """What study `paper` measured beside what the paper's curves show.

    Returns:
        A row for every quantity, normalization and target: ours, with the 95% interval from low to high over so many
        seeds; paper, and paper_censored, which says what kind of bound that is (`none`, `lower`, `upper`, `both`).
        Accuracies and distances are shares of 1. Distances, steps and ratios are geometric means; steps and ratios are
        bounds where an interval ends at 0 or nowhere. Quantities: `final_accuracy`, at the last step of the paper's
        curve; `advantage`, of the accuracy with batch normalization at the end of the runs; `distance`; `steps`;
        `speedup`. Nothing where the runs end before the paper's curves do, or have fewer than three seeds.
    """
    try:
        rows = _compared(runs.select({STUDY: ("normalization",)}))
    except (NotTested, TooFew):
        rows = []
    return pd.DataFrame(
        [(*what, ours.estimate, ours.low, ours.high, ours.pairs, *papers) for *what, ours, papers in rows],
        columns=COLUMNS,
    )


def _compared(runs: Evidence) -> list[tuple]:
    rows: list[tuple] = []
    for arm in ARMS:
        step, final = reference.last_point(arm)
        rows.append(("final_accuracy", arm, np.nan, mean(accuracy(runs, arm, step)), (final, "none")))
        rows.append(("distance", arm, np.nan, typical(distance(runs, arm)), (0.0, "none")))
        for target in sorted(runs.targets):
            papers, at_first = reference.steps_to(arm, target)
            rows.append(
                ("steps", arm, target, typical(steps(runs, arm, target)), (papers, "upper" if at_first else "none"))
            )
    rows.append(("advantage", "batch", np.nan, advantage(runs), (np.nan, "none")))
    for target in sorted(runs.targets):
        rows.append(("speedup", "batch", target, speedup(runs, target), reference.speedup(target)))
    return rows


def advantage(runs: Evidence) -> Effect:
    """By how much the test accuracy is higher with batch normalization at the end of the runs."""
    return difference(*(accuracy(runs, arm, runs.budget(STUDY)) for arm in ARMS))


def null(runs: Evidence) -> pd.DataFrame:
    """How near networks without batch normalization come to the paper's curve with it, beside ours with it.

    Returns:
        A row for each learning rate without batch normalization, and one with it: normalization, learning_rate, seeds,
        distance (a share of 1; geometric mean) and its 95% interval from low to high. NaN where a run diverged. Nothing
        where there are no such runs, or fewer than three of a kind.
    """
    try:
        ours, others = from_the_prediction(runs.select({STUDY: ("normalization",), RATES: ("normalization", RATES)}))
        at = {("batch", float(runs.values(STUDY, RATES)[0])): ours} | {
            ("none", rate): of for rate, of in others.items()
        }
        effects = {key: typical(sample) for key, sample in at.items()}
    except (NotTested, TooFew):
        effects = {}
    rows = [(*key, own.pairs, own.estimate, own.low, own.high) for key, own in effects.items()]
    return pd.DataFrame(rows, columns=["normalization", "learning_rate", "seeds", "distance", "low", "high"])
