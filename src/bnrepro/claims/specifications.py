"""The specification curve: the ratio of iterations at every setting at which both networks were trained.

The paper does not state its initial weights and its learning rate. A result that hangs on one choice of them says
little.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bnrepro.analysis import against_paper
from bnrepro.claims.evidence import NORMALIZED, PLAIN, Evidence
from bnrepro.claims.statistics import TooFew, ratio
from bnrepro.study.factors import FACTORS
from bnrepro.study.params import PAPER_DEPTH, PAPER_STUDY

# Of a setting that several have, the first counts.
STUDIES = (PAPER_STUDY, "learning_rate", "specifications", "initial_weights", "tuned_momentum", "tuned_adam")
SETTING = ["pixels", "initial_scheme", "initial_stddev", "optimizer", "learning_rate"]
TARGETS = (0.96, 0.97)  # which both of the paper's curves cross
COLUMNS = ["target", "pairs", "arrived_without", "arrived_with", "ratio", "low", "high"]


def table(runs: Evidence, usual: Mapping[str, Any]) -> pd.DataFrame:
    """Iterations without over iterations with batch normalization, by setting, with three hidden layers.

    Iterations are those to two evaluations in a row at a test accuracy, as in the lesson, and by population statistics.
    Many settings are there before the paper's curves begin.

    Args:
        usual: what runs have where their study says nothing (`bnrepro.study.params.Params.usual`).

    Returns:
        A row for every setting and target: study, the setting's factors, chosen (whether it is the usual one), target,
        pairs of runs, how many of either network arrived, ratio, and its 95% interval from low to high. An interval
        that ends at 0 or nowhere makes the ratio a bound; NaN where it would end at both, as where no run arrived, or
        there are fewer than three pairs.
    """
    defaults = {name: FACTORS[name].default for name in SETTING} | dict(usual)
    rows: dict[tuple, list[tuple]] = {}
    for study in STUDIES:
        own = runs.select({study: ("normalization", "depth", *SETTING)})
        if not {"none", "batch"} <= set(own.curves["normalization"]):
            continue
        crossed = [name for name in SETTING if name in own.curves and own.curves[name].notna().any()]
        for values in own.curves[crossed].drop_duplicates().itertuples(index=False, name=None):
            chosen = dict(zip(crossed, values, strict=True))
            setting = _setting(defaults | chosen)
            if setting not in rows:
                rows[setting] = [
                    (study, *setting, setting == _setting(defaults), *_compared(own, study, target, chosen))
                    for target in TARGETS
                ]
    columns = ["study", *SETTING, "chosen", *COLUMNS]
    return pd.DataFrame([row for of_setting in rows.values() for row in of_setting], columns=columns)


def _setting(values: Mapping[str, Any]) -> tuple:
    """The setting's factors; its standard deviation is None where another scheme gives it."""
    kept = {name: FACTORS[name].drop(values[name], {"activation": "sigmoid", **values}) for name in SETTING}
    return tuple(kept.values())


def _compared(runs: Evidence, study: str, target: float, chosen: Mapping[str, Any]) -> tuple:
    """See `COLUMNS`."""
    without, with_it = (
        runs.steps(study, target, against_paper.ACCURACY, **arm, depth=PAPER_DEPTH, **chosen)
        for arm in (PLAIN, NORMALIZED)
    )
    arrived = [int(np.isfinite(arm.high).sum()) for arm in (without, with_it)]
    counts = (target, len(without.at.index.intersection(with_it.at.index)), *arrived)
    nothing = (*counts, np.nan, np.nan, np.nan)
    try:
        effect = ratio(with_it, without)
    except TooFew:
        return nothing
    return nothing if effect.low == 0 and np.isinf(effect.high) else (*counts, effect.estimate, effect.low, effect.high)
