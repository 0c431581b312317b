"""Records of runs as tables: a row for every run and evaluation, and one for what each run ends with."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from bnrepro import source
from bnrepro.study.factors import COLUMNS, FACTORS, OPTIONAL, settings
from bnrepro.study.studies import Study

SERIES = ["study", *COLUMNS]
ACCURACIES = ["accuracy", "population_accuracy", "test_batch_accuracy", "training_accuracy"]
MEASURED = [
    "accuracy",
    "population_accuracy",
    "loss",
    "training_accuracy",
    "test_batch_accuracy",
    "validation_accuracy",
]
MOST_STEPS = 100  # a run
MOST_BYTES = 2**20  # a file


def further(grid: Study) -> list[str]:
    """The optional factors by which a study tells its series apart."""
    return [name for name in grid.crossed if name in OPTIONAL]


def series(table: pd.DataFrame) -> list[str]:
    """The columns that tell a table's series apart. An empty field: the study does not name that factor."""
    return [name for name in [*SERIES, *OPTIONAL] if name in table]


def first_values(table: pd.DataFrame, *kept: str) -> pd.DataFrame:
    """The rows of one study with the first value of every factor but those `kept`.

    A factor narrows no rows to which it does not apply, or in which another factor fixes it.
    """
    for factor in [name for name in series(table)[1:] if name not in kept]:
        fixed = table[factor].isna()
        for other, value in FACTORS[factor].fixed:
            if other in table:  # else no study names it, and all rows have its default
                fixed |= table[other] == value
        if not fixed.all():
            table = table[fixed | (table[factor] == table.loc[~fixed, factor].iloc[0])]
    return table


def from_records(records: Iterable[dict[str, Any]], study: str, further: Sequence[str] = ()) -> pd.DataFrame:
    """Curves of a study's runs, from step 0 on.

    Args:
        further: the study's optional factors (`further`).

    Returns:
        Columns: the series' factors, seed, network (see `network`), budget (steps), diverged (bool), step, and what was
        measured (`MEASURED`; validation_accuracy only where images were held out). Accuracies are shares of 1, the loss
        is in nats.

    Raises:
        ValueError: two runs do not differ in these columns.
    """
    factors = [*SERIES, *further]
    frames = []
    for record in records:
        frame = pd.DataFrame(record["curve"]).astype({"loss": float})  # one that was never finite is None throughout
        spec = record["spec"]
        for factor in [*factors[1:], "seed"]:
            frame[factor] = spec[factor]
        frame["network"] = network(spec)
        frame["budget"] = spec["steps"]
        frame["diverged"] = record["diverged_at"] is not None
        frames.append(frame)
    if not frames:
        return pd.DataFrame(columns=[*factors, "seed", "network", "budget", "diverged", "step", *MEASURED[:-1]])
    table = pd.concat(frames, ignore_index=True)
    table.insert(0, "study", study)
    if table.duplicated([*factors, "seed", "step"]).any():
        raise ValueError(f"runs of {study} differ in a factor that is no column of its tables")
    measured = [name for name in MEASURED if name in table]
    return table[[*factors, "seed", "network", "budget", "diverged", "step", *measured]]


def network(spec: Mapping[str, Any]) -> str:
    """A name for the network that a run trains: runs that are the same mathematics have the same name.

    Without batch normalization all implementations are; with it all but the canned estimator.
    """
    own = spec["normalization"] == "batch" and spec["implementation"] == "canned_estimator"
    same = {name: value for name, value in settings(spec).items() if own or name not in ("implementation", "updates")}
    return source.digest(same)[:16]


def finals(records: Sequence[dict[str, Any]], study: str, further: Sequence[str] = ()) -> pd.DataFrame:
    """What every run of a study ends with.

    Returns:
        A row for every run: the series' factors, seed, network (see `network`), diverged (bool), the last accuracies of
        its curve, and what was measured once (`bnrepro.measurement`): `population_accuracy` is Algorithm 2 over the
        whole training set. NaN where the run diverged, or has no such thing.
    """
    factors, rows = [*SERIES, *further], []
    for record in records:
        row = {"study": study, **{factor: record["spec"][factor] for factor in [*factors[1:], "seed"]}}
        row["network"] = network(record["spec"])
        row["diverged"] = record["diverged_at"] is not None
        if not row["diverged"]:
            row |= {name: record["curve"][name][-1] for name in ACCURACIES} | record["final"]
        rows.append(row)
    if not rows:
        return pd.DataFrame(columns=[*factors, "seed", "network", "diverged", *ACCURACIES])
    table = pd.DataFrame(rows)
    return table.reindex(columns=list(dict.fromkeys([*table.columns, *ACCURACIES])))


def final_accuracy(finals: pd.DataFrame) -> pd.DataFrame:
    """What series end with: means over the seeds that did not diverge.

    Args:
        finals: see `finals`.

    Returns:
        Columns: the series' factors, runs, diverged (how many), and the means of the accuracies.
    """
    groups = finals.groupby(series(finals), sort=False, dropna=False)
    means = groups[ACCURACIES].mean()
    means.insert(0, "runs", groups.size())
    means.insert(1, "diverged", groups["diverged"].sum())
    return means.reset_index()


def tabulated(curves: pd.DataFrame) -> pd.DataFrame:
    """Curves (`from_records`) as they are committed: without what other tables have of a run."""
    return curves.drop(columns=["network", "budget", "diverged"])


def thinned_csv(table: pd.DataFrame) -> str:
    """A table of runs by step as it is committed: at most 100 steps a run and 1 MiB in all.

    Where that takes thinning, all runs of a study keep the same steps: every k-th, counted back from the study's last,
    and step 0 where the table has it.
    """
    place = table["step"].astype(float).groupby(table["study"]).rank("dense", ascending=False) - 1
    stride = 1
    while True:
        kept = table[(place % stride == 0) | (table["step"] == 0)]
        text, steps = to_csv(kept), kept[kept["step"] > 0].groupby("study")["step"].nunique().max()
        if not steps > 1 or (steps <= MOST_STEPS and len(text.encode()) < MOST_BYTES):
            return text
        stride += 1


def to_csv(table: pd.DataFrame) -> str:
    """The same text everywhere: six significant digits, Unix line ends."""
    return table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
