"""Our curves beside the paper's Figure 1(a), read as it is drawn: what the rules about it compare, and their table."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bnrepro.analysis import against_paper, reference
from bnrepro.claims.engine import NotTested
from bnrepro.claims.evidence import Evidence
from bnrepro.claims.statistics import Effect, Sample, TooFew, difference, mean, ratio
from bnrepro.study.params import PAPER_STUDY

STUDY = PAPER_STUDY
ACCURACY_TOLERANCE = 0.003  # two standard errors of an accuracy of 97.5% on 10,000 images
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
        Accuracies and distances are shares of 1, as means; steps and ratios are geometric means, and bounds where an
        interval ends at 0 or nowhere. Quantities: `final_accuracy`, at the last step of the paper's curve; `advantage`,
        of the accuracy with batch normalization at the end of the runs; `distance`; `steps`; `speedup`.

        Nothing where the runs end before the paper's curves do, or have fewer than three seeds.
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
        rows.append(("distance", arm, np.nan, mean(distance(runs, arm)), (0.0, "none")))
        for target in sorted(runs.targets):
            papers, at_first = reference.steps_to(arm, target)
            ours = ratio(*against(1.0, steps(runs, arm, target)))
            rows.append(("steps", arm, target, ours, (papers, "upper" if at_first else "none")))
    rows.append(("advantage", "batch", np.nan, advantage(runs), (np.nan, "none")))
    for target in sorted(runs.targets):
        rows.append(("speedup", "batch", target, speedup(runs, target), reference.speedup(target)))
    return rows


def advantage(runs: Evidence) -> Effect:
    """By how much the test accuracy is higher with batch normalization at the end of the runs."""
    return difference(*(accuracy(runs, arm, runs.budget(STUDY)) for arm in ARMS))
