"""What a dataset's explorer holds: every run's curve and steps to the targets, as the committed tables have them."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
from scipy import stats

from bnrepro import paths
from bnrepro.analysis import tables
from bnrepro.analysis.curves import series
from bnrepro.analysis.steps_to_target import HELD_OUT, MODES
from bnrepro.claims.statistics import CONFIDENCE, LEAST_PAIRS
from bnrepro.data.registry import SOURCES
from bnrepro.errors import BadInput
from bnrepro.figures import layout
from bnrepro.study.factors import FACTORS, OF_A_NORMALIZATION, DatasetName
from bnrepro.study.params import Params
from bnrepro.training.schedule import evaluation_steps

COLUMNS = {mode: (MODES | HELD_OUT)[mode] for mode in ("ema", "population", "validation")}  # as a reader may ask for
MOST_ARMS = 8  # of a study that are shown at first: more lines hide each other

_Key = tuple[Hashable, ...]


def of(params: Params, dataset: DatasetName) -> dict[str, Any]:
    """All that the page shows, ready for JSON.

    Returns:
        title; targets, those of first_steps; target, the headline's; t: by pairs of seeds, the quantile of Student's t
        that a 95% interval takes; provenance; studies (`study`).

    Raises:
        BadInput: a table is missing or damaged, or has evaluations that params.yaml does not ask for.
    """
    names = [name for name in params.studies_of(dataset) if tables.has(dataset, f"curves/{name}")]
    studies = [study(params, dataset, name) for name in names]
    seeds = max((len(arm["runs"]) for study in studies for arm in study["arms"]), default=0)
    made_from = tables.read_provenance(dataset)
    return {
        "title": SOURCES[dataset].title,
        "dataset": dataset,
        "targets": sorted(params.training[dataset].targets),
        "target": params.training[dataset].targets[0],
        "t": {
            pairs: round(float(stats.t.ppf((1 + CONFIDENCE) / 2, pairs - 1)), 9)
            for pairs in range(LEAST_PAIRS, seeds + 1)
        },
        "provenance": {name: made_from[name] for name in ("bnrepro", "data_digest", "records_digest", "processor")},
        "studies": [study for study in studies if study["arms"]],
    }


def study(params: Params, dataset: DatasetName, name: str) -> dict[str, Any]:
    """A study's runs by arm.

    Returns:
        name; evaluated: the steps of its evaluations; kept: those that its table of curves has; modes; factors: those
        that it crosses (`_factor`), with `shown`, the values that the page begins with; arms (`_arms`).
    """
    curves, first = (tables.read(dataset, f"{table}/{name}") for table in ("curves", "first_steps"))
    training, grid = params.training_of(dataset, name), params.studies_of(dataset)[name]
    evaluated = evaluation_steps(training.steps, training.evaluate_every, grid.evaluations)[1:]
    kept = sorted(set(curves["step"].tolist()))
    targets = sorted(params.training[dataset].targets)
    if not set(kept) <= set(evaluated) or (len(first) and targets != sorted(set(first["target"]))):
        path = paths.tables(dataset) / "curves" / f"{name}.csv"
        raise BadInput(f"{path}: is not of this params.yaml; run `dvc repro` or `bnrepro summarize {dataset}`")
    crossed = [factor for factor in series(first)[1:] if first[factor].nunique() > 1]
    crossed.sort(key=lambda factor: factor == "normalization")  # last, so that what is compared stands side by side
    factors = [_factor(first, factor) for factor in crossed]
    arms = _arms(curves, first, crossed)
    for factor, shown in zip(factors, _shown(first, crossed), strict=True):
        factor["shown"] = shown
    modes = [mode for mode in COLUMNS if (first["mode"] == mode).any()]
    return {"name": name, "evaluated": evaluated, "kept": kept, "modes": modes, "factors": factors, "arms": arms}


def _factor(first: pd.DataFrame, name: str) -> dict[str, Any]:
    """A factor's name and title, and its values: a key, which stands in links, and words."""
    values = layout.values(first, name)
    return {
        "name": name,
        "title": FACTORS[name].title,
        "values": [{"key": _key(value), "words": FACTORS[name].tell_value(value)} for value in values],
    }


def _key(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _shown(first: pd.DataFrame, crossed: list[str]) -> list[list[str]]:
    """Of each factor, the keys of the values that a reader sees at first: all, if that makes `MOST_ARMS` arms at most.

    Else fewer of the factor that has most of them, but for normalizations: the last word goes, or both ends of numbers.
    """
    values = {factor: layout.values(first, factor) for factor in crossed}
    arms = first[crossed].drop_duplicates()

    def count() -> int:
        shown = pd.DataFrame({name: arms[name].isin(own) | arms[name].isna() for name, own in values.items()})
        return int(shown.all(axis=1).sum())

    while crossed and count() > MOST_ARMS:
        longest = max((name for name in crossed if name != "normalization"), key=lambda name: len(values[name]))
        if len(values[longest]) == 1:
            break
        own = values[longest]
        values[longest] = own[:-1] if isinstance(own[0], str) else own[1:-1] or own[:1]
    return [[_key(value) for value in values[factor]] for factor in crossed]


def _arms(curves: pd.DataFrame, first: pd.DataFrame, crossed: list[str]) -> list[dict[str, Any]]:
    """A study's series.

    Returns:
        name; normalization; values: of each crossed factor its key, None where it does not apply; baseline: the arm
        without normalization that differs in nothing else, by index, None where there is none; runs (`_runs`).
    """
    factors = series(first)[1:]
    match = [factors.index(name) for name in factors if name not in ("normalization", *OF_A_NORMALIZATION)]
    runs = _runs(curves, first, factors)
    order = {factor: layout.values(first, factor) for factor in crossed}

    def place(key: _Key) -> list[int]:
        own = dict(zip(factors, key, strict=True))
        return [-1 if own[factor] is None else order[factor].index(own[factor]) for factor in crossed]

    keys = sorted(runs, key=place)
    normalizations = [key[factors.index("normalization")] for key in keys]
    shared = [tuple(key[index] for index in match) for key in keys]
    baselines = {own: index for index, own in enumerate(shared) if normalizations[index] == "none"}
    arms = []
    for key, normalization, own in zip(keys, normalizations, shared, strict=True):
        values = dict(zip(factors, key, strict=True))
        told = [FACTORS[name].tell(values[name]) for name in crossed if values[name] is not None]
        arms.append(
            {
                "name": " · ".join(told) or FACTORS["normalization"].tell(normalization),
                "normalization": normalization,
                "values": [None if values[name] is None else _key(values[name]) for name in crossed],
                "baseline": baselines.get(own) if normalization != "none" else None,
                "runs": runs[key],
            }
        )
    return arms


def _runs(curves: pd.DataFrame, first: pd.DataFrame, factors: list[str]) -> dict[_Key, list[dict[str, Any]]]:
    """By series, its runs.

    Returns:
        Of each: seed; budget; diverged; accuracy: by mode, at the study's kept steps from the first on, as far as the
        run went; first: by mode, the steps to each target, None where it does not arrive. A mode that is missing is as
        `ema`.
    """
    identity = [*factors, "seed"]
    learned = dict(_groups(curves.sort_values("step"), identity))
    found: dict[_Key, list[dict[str, Any]]] = {}
    for key, rows in _groups(first.sort_values(["seed", "target"]), identity):
        steps = {mode: _plain(own["steps"]) for mode, own in rows.groupby("mode", sort=False) if mode in COLUMNS}
        own = learned.get(key, curves.iloc[:0])
        accuracy = {mode: _plain(own[column]) for mode, column in COLUMNS.items() if mode in steps}
        found.setdefault(key[:-1], []).append(
            {
                "seed": int(rows["seed"].iloc[0]),
                "budget": int(rows["budget"].iloc[0]),
                "diverged": bool(rows["diverged"].iloc[0]),
                "accuracy": _without_repeats(accuracy),
                "first": _without_repeats(steps),
            }
        )
    return found


def _groups(table: pd.DataFrame, names: list[str]) -> list[tuple[_Key, pd.DataFrame]]:
    """A table's rows by the values of columns, where an empty one is None and equals another."""
    found = table.groupby(names, sort=False, dropna=False)
    return [(tuple(None if pd.isna(value) else value for value in key), rows) for key, rows in found]


def _plain(values: pd.Series) -> list[Any]:
    """Numbers for JSON; whole ones as integers, missing ones as None."""
    return [None if pd.isna(value) else int(value) if value == int(value) else value for value in values.tolist()]


def _without_repeats(by_mode: Mapping[str, Any]) -> dict[str, Any]:
    """Without batch normalization population statistics are the moving averages; they need no place of their own."""
    return {mode: own for mode, own in by_mode.items() if mode != "population" or own != by_mode["ema"]}
