"""Study `deep` as tables: gradients by layer, and what every network reaches at its own best learning rate."""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from bnrepro.claims.depths import END, READS, START, STUDY
from bnrepro.claims.engine import NotTested
from bnrepro.claims.evidence import Evidence
from bnrepro.claims.tuned import Grid, Tuned

NETWORK = ["normalization", "activation", "skip", "depth"]


def gradient_flow(evidence: Evidence) -> pd.DataFrame:
    """The gradient by each layer's kernel times the kernel's norm, over that of the last hidden layer.

    Returns:
        A row for each network, moment and layer: normalization, activation, skip, depth, learning_rate (the one that
        held-out images choose for most seeds), when (`start` or `end` of training), layer, gradient (the geometric mean
        over the seeds that have not diverged), low and high (their range).
    """
    runs = evidence.select(READS)
    rows: list[tuple[Any, ...]] = []
    for network, chosen in _networks(runs):
        own = {**network, "learning_rate": chosen.usual_rate}
        for when, step in ((START, 0.0), (END, runs.budget(STUDY))):
            scaled = runs.look(STUDY, "gradient", step, **own) * runs.look(STUDY, "weights", step, **own)
            relative = scaled.div(scaled.get(network["depth"]), axis=0)
            with np.errstate(divide="ignore"):
                typical = np.exp(np.log(relative).mean())
            layers = zip(relative, typical, relative.min(), relative.max(), strict=True)
            rows += [(*own.values(), when, *layer) for layer in layers]
    return pd.DataFrame(rows, columns=[*NETWORK, "learning_rate", "when", "layer", "gradient", "low", "high"])


def accuracy(evidence: Evidence) -> pd.DataFrame:
    """The best test accuracy of every network at its own best learning rate.

    Returns:
        A row for each network: normalization, activation, skip, depth, learning_rate (the one that held-out images
        choose for most seeds), at_edge (whether one of them is at an edge of its grid), seeds, accuracy (a share of 1,
        by population statistics, in two evaluations in a row; the mean over seeds), low and high (their range).
    """
    runs = evidence.select(READS)
    rows = []
    for network, chosen in _networks(runs):
        best = chosen.sample(partial(runs.best, STUDY, "population_accuracy")).at
        reached = (len(best), best.mean(), best.min(), best.max())
        rows.append((*network.values(), chosen.usual_rate, chosen.at_edge, *reached))
    return pd.DataFrame(rows, columns=[*NETWORK, "learning_rate", "at_edge", "seeds", "accuracy", "low", "high"])


def _networks(runs: Evidence) -> Iterator[tuple[dict[str, Any], Tuned]]:
    """Each network of the study, and the rates that are chosen for it."""
    with suppress(NotTested):  # the study has no runs of these seeds
        for network in runs.rows(STUDY)[NETWORK].drop_duplicates().to_dict("records"):
            yield network, Grid(runs, STUDY, network).choose(runs.targets[0])
