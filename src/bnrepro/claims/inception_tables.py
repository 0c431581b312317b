"""The paper's Figures 2 and 3 and ours as tables."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd

from bnrepro.analysis import reference, steps_to_target
from bnrepro.claims import tuned
from bnrepro.claims.engine import NotTested
from bnrepro.claims.evidence import Evidence
from bnrepro.claims.inception import (
    ARMS,
    BASELINE,
    MODE,
    RATES,
    READS,
    Arm,
    best,
    rate,
    reached,
    speedup,
    steps,
)
from bnrepro.claims.statistics import TooFew, mean, ratio, typical

SHARES = [percent / 100 for percent in range(50, 101, 2)]  # of the baseline's best accuracy: targets
_ARM = ["arm", "study", "normalization", "activation", "learning_rate"]
_STEPS = ["steps", "steps_low", "steps_high", "steps_censored"]
_RATIO = ["ratio", "low", "high", "censored"]


def figure_3(evidence: Evidence) -> pd.DataFrame:
    """After the paper's Figure 3: steps to the baseline's best accuracy, and the best of every network.

    Returns:
        A row for each arm that has three seeds: arm, study, normalization, activation, learning_rate, seeds, arrived
        (seeds that reach their own baseline's best accuracy); steps (geometric mean; a run that does not arrive counts
        with its budget), ratio (the baseline's steps over these; empty for the baseline), each with its 95% interval
        (empty where a bound leaves it open) and kind of bound (`steps_to_target.bound`); best, best_low and best_high
        (accuracy, a share of 1, with its 95% interval); and the paper's steps, ratio and best, empty where it gives
        none.
    """
    runs = evidence.select(READS)
    papers = reference.figure_3()
    columns = [*_ARM, "seeds", "arrived", *_STEPS, *_RATIO, "best", "best_low", "best_high"]
    rows = []
    for name, arm in ARMS.items():
        with suppress(NotTested, TooFew):  # a study has other rates, or fewer seeds
            rows.append((name, *_named(runs, arm), *_reached(runs, arm)))
    table = pd.DataFrame(rows, columns=columns)
    own = papers.reindex(table["arm"]).reset_index(drop=True)
    ratios = papers.loc[reference.BASELINE, "steps"] / own["steps"]
    return table.assign(paper_steps=own["steps"], paper_ratio=ratios, paper_best=own["best"])


def _named(runs: Evidence, arm: Arm) -> tuple[Any, ...]:
    return arm.study, arm.normalization, arm.activation, rate(runs, arm.times)


def _reached(runs: Evidence, arm: Arm) -> tuple[Any, ...]:
    taken, highest = steps(runs, arm, best(runs, BASELINE).at), mean(best(runs, arm))
    against = speedup(runs, arm).tabulated if arm != BASELINE else (np.nan, np.nan, np.nan, "none")
    arrived = int(np.isfinite(taken.high).sum())
    return (
        *(len(taken.at), arrived),
        *typical(taken).tabulated,
        *against,
        *(highest.estimate, highest.low, highest.high),
    )


def by_target(evidence: Evidence) -> pd.DataFrame:
    """How many times fewer steps than the baseline the paper's other networks take, to shares of its best accuracy.

    Returns:
        A row for each arm of the paper's Figure 2 but the baseline, and target: arm, target (a share of the best
        accuracy of the baseline, seed by seed), ratio, low, high (95% interval) and censored, as in `figure_3`; and
        paper_ratio and paper_censored: the same of the paper's curves.
    """
    runs = evidence.select(READS)
    rows: list[tuple[Any, ...]] = []
    for name in reference.figure_3().index.drop(reference.BASELINE):
        with suppress(NotTested, TooFew):
            rows += _ratios(runs, name)
    return pd.DataFrame(rows, columns=["arm", "target", *_RATIO, "paper_ratio", "paper_censored"])


def _ratios(runs: Evidence, name: str) -> Iterator[tuple[Any, ...]]:
    papers, papers_own = (reference.validation_accuracy(network) for network in (reference.BASELINE, name))
    for share in SHARES:
        target = share * best(runs, BASELINE).at
        effect = ratio(*(steps(runs, arm, target) for arm in (ARMS[name], BASELINE)))
        yield (name, share, *effect.tabulated, *reference.fewer(papers, papers_own, share * papers.max()))


def rates(evidence: Evidence) -> pd.DataFrame:
    """Steps by learning rate to the highest whole percent that the baseline reaches in every seed at its best rate.

    Returns:
        Rows of `steps_to_target.summary` for study `inception_rates`, by moving averages and by population statistics,
        and `chosen`: whether held-out images choose this rate for most seeds. Empty without the study.
    """
    runs = evidence.select({RATES: READS[RATES]})
    try:
        target, found = reached(runs), runs.rows(RATES)
        arms = {arm: tuned.Grid(runs, RATES, {"normalization": arm}) for arm in runs.values(RATES, "normalization")}
        chosen = {arm: grid.choose(target).usual_rate for arm, grid in arms.items()}
    except NotTested:
        return pd.DataFrame(columns=["normalization", "learning_rate", "mode", "target", "chosen"])
    modes = {name: column for name, column in steps_to_target.MODES.items() if column in ("accuracy", MODE)}
    table = steps_to_target.summary(steps_to_target.first_steps(found, [target], modes)).dropna(axis=1, how="all")
    return table.assign(chosen=table["learning_rate"] == table["normalization"].map(chosen))
