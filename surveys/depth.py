"""Study `depth` on MNIST with many seeds, so that intervals stand where the report has ranges."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np
import pandas as pd

from bnrepro.analysis import curves
from bnrepro.claims.evidence import NORMALIZED, PLAIN, Evidence
from bnrepro.claims.statistics import ratio
from bnrepro.records import grid
from bnrepro.study.factors import Resolved
from bnrepro.study.params import Params
from surveys.runs import Outcome, Run

DATASET, STUDY = "mnist", "depth"
FIRST_SEED = 20_000  # no run has used these seeds


def runs(params: Params, seeds: int, device: Resolved) -> list[Run]:
    """The study's Keras runs, with other seeds."""
    specs = [spec for spec in grid.expand(params, DATASET, STUDY, device) if spec.implementation == "keras"]
    series = dict.fromkeys(replace(spec, seed=0, numerics="fast") for spec in specs)
    return [Run(replace(spec, seed=FIRST_SEED + number)) for number in range(seeds) for spec in series]


def table(outcomes: Mapping[Run, Outcome], targets: Sequence[float]) -> pd.DataFrame:
    """Steps without over steps with batch normalization, a row for every depth and target.

    Returns:
        depth, target, seeds, arrived_without and arrived_with (how many did), ratio (the geometric mean over seeds),
        and its 95% interval from low to high; an end is 0 or infinite where steps are bounds, and all three are NaN
        where both would be. Evaluated by moving averages.
    """
    records = [{"spec": asdict(run.spec), **outcome} for run, outcome in outcomes.items()]
    nothing = pd.DataFrame({"study": [], "seed": []})
    evidence = Evidence(curves.from_records(records, STUDY), nothing, nothing, targets, test_images=10_000)
    rows = []
    for depth in evidence.values(STUDY, "depth"):
        for target in sorted(targets):
            without, with_it = (evidence.steps(STUDY, target, **arm, depth=depth) for arm in (PLAIN, NORMALIZED))
            effect = ratio(with_it, without)
            if effect.low == 0 and np.isinf(effect.high):
                effect = replace(effect, estimate=np.nan, low=np.nan, high=np.nan)
            arrived = [int(np.isfinite(arm.high).sum()) for arm in (without, with_it)]
            rows.append((depth, target, effect.pairs, *arrived, effect.estimate, effect.low, effect.high))
    columns = ["depth", "target", "seeds", "arrived_without", "arrived_with", "ratio", "low", "high"]
    return pd.DataFrame(rows, columns=columns)
