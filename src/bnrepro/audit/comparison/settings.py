"""Two settings of a study in the working tree's tables: pairs of networks that differ in these settings alone.

The numbers are those of the explorer: iterations of the tables, and of their ratio the interval of the rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bnrepro.analysis import ratios, tables
from bnrepro.analysis.steps_to_target import bound
from bnrepro.audit.comparison.parts import EVALUATED, Overlay, Table
from bnrepro.claims import statistics
from bnrepro.errors import BadInput
from bnrepro.explorer import content
from bnrepro.report import wording
from bnrepro.study.factors import FACTORS, DatasetName
from bnrepro.study.params import Params

_Setting = dict[str, str]  # by factor, the key of its value in the explorer


class _Pair(NamedTuple):
    """What both are, in words, and an arm of each setting (see `content.study`)."""

    name: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """Two settings of a study.

    Attributes:
        names: of both, in words.
        study: see `bnrepro.explorer.content.study`.
        targets: those of the tables, in order.
        pairs: of arms that differ in the settings alone.
    """

    dataset: DatasetName
    names: tuple[str, str]
    study: dict[str, Any]
    targets: Sequence[float]
    pairs: Sequence[_Pair]

    def tables(self, target: float) -> list[Table]:
        """Iterations to a target with either setting, and how many times fewer they are with the second."""
        heads = [f"iterations to {100 * target:g}%, {self.dataset}", *self.names, "times fewer (95% interval)"]
        rows = []
        for mode, evaluated in EVALUATED.items():
            for pair in self.pairs:
                arms = (pair.before, pair.after)
                if mode == "ema" or any(arm["normalization"] == "batch" for arm in arms):  # others have no statistics
                    arrivals = [self._arrivals(arm, mode, target) for arm in arms]
                    told = [wording.steps(_summary(own)) for own in arrivals]
                    rows.append([f"{pair.name}, {evaluated}", *told, _ratio(*arrivals)])
        note = (
            "Times fewer: iterations with the first setting over those with the second, the geometric mean over the "
            f"seeds of both. The interval needs {statistics.LEAST_PAIRS} seeds."
        )
        return [Table(heads, rows, note)]

    def overlays(self) -> list[Overlay]:
        """The curves of every pair."""
        return [Overlay(pair.name, self._curves(pair.before), self._curves(pair.after)) for pair in self.pairs]

    def _arrivals(self, arm: dict[str, Any], mode: str, target: float) -> pd.DataFrame:
        """By seed, when an arm's runs arrive: `at`, the steps or the budget; `low` and `high`, bounds; `at_first`."""
        place = self.targets.index(target)
        grid = self.study["evaluated"]
        rows = {}
        for run in arm["runs"]:
            steps, accuracy = (run[name].get(mode, run[name]["ema"]) for name in ("first", "accuracy"))
            at = steps[place]
            # It may have arrived just before its end, where no evaluation confirms it.
            unconfirmed = at is None and not run["diverged"] and accuracy[-1:] >= [target]
            last = grid[-1] if unconfirmed else at
            low = max([0, *(step for step in grid if step < last)]) if last else run["budget"]
            rows[run["seed"]] = (at or run["budget"], low, at or np.inf, at == grid[0])
        return pd.DataFrame.from_dict(rows, orient="index", columns=["at", "low", "high", "at_first"])

    def _curves(self, arm: dict[str, Any]) -> pd.DataFrame:
        kept = self.study["kept"]
        runs = {run["seed"]: run["accuracy"]["ema"] for run in arm["runs"]}
        return pd.DataFrame({seed: pd.Series(own, kept[: len(own)], dtype=float) for seed, own in runs.items()})


def of(params: Params, dataset: DatasetName, name: str | None, before: str, after: str | None) -> Settings:
    """The comparison of two settings of a study.

    Args:
        before, after: `factor=value`, and more of them after commas.

    Raises:
        BadInput: the dataset has no tables of the study, a setting is none of it, or nothing differs in these alone.
    """
    if name is None or after is None or not ("=" in before and "=" in after):
        raise BadInput("two settings of one study are compared: --study STUDY FACTOR=VALUE FACTOR=VALUE")
    if name not in params.studies_of(dataset) or not tables.has(dataset, f"curves/{name}"):
        raise BadInput(f"the working tree has no study {name} on {dataset}")
    study = content.study(params, dataset, name)
    one, other = (_setting(study, text) for text in (before, after))
    return Settings(
        dataset,
        (_told(one), _told(other)),
        study,
        sorted(params.training[dataset].targets),
        _pairs(study, one, other),
    )


def _setting(study: dict[str, Any], text: str) -> _Setting:
    crossed = {factor["name"]: [value["key"] for value in factor["values"]] for factor in study["factors"]}
    found = {}
    for part in text.split(","):
        factor, _, value = part.partition("=")
        keys = [key for key in crossed.get(factor, []) if key == value or _number(key) == _number(value)]
        if not keys:
            there = "; ".join(f"{name}={' or '.join(keys)}" for name, keys in crossed.items())
            raise BadInput(f"{part}: study {study['name']} has runs with {there or 'one setting alone'}")
        found[factor] = keys[0]
    return found


def _number(text: str) -> float:
    """NaN, which equals nothing, for a word."""
    try:
        return float(text)
    except ValueError:
        return np.nan


def _told(setting: _Setting) -> str:
    return ", ".join(FACTORS[name].tell(key) for name, key in setting.items())


def _pairs(study: dict[str, Any], before: _Setting, after: _Setting) -> list[_Pair]:
    """Arms of both settings that agree in every other factor, as far as it applies to both.

    Raises:
        BadInput: there are none, or a factor that one setting names varies with the other.
    """
    factors = [factor["name"] for factor in study["factors"]]
    arms = [(dict(zip(factors, arm["values"], strict=True)), arm) for arm in study["arms"]]
    first, second = ([(own, arm) for own, arm in arms if setting.items() <= own.items()] for setting in (before, after))
    for setting, other_arms in ((before, second), (after, first)):
        for name in setting.keys() - (before.keys() & after.keys()):
            if any(own[name] is not None for own, _ in other_arms):
                raise BadInput(f"{name}: name a value of it in both settings")
    shared = [name for name in factors if name not in before | after]
    found = []
    for own, arm in first:
        for others, other in second:
            if all(own[name] == others[name] or None in (own[name], others[name]) for name in shared):
                both = {name: own[name] if others[name] is None else others[name] for name in shared}
                words = [FACTORS[name].tell(key) for name, key in both.items() if key is not None]
                found.append(_Pair(f"study {study['name']}" + (f": {', '.join(words)}" if words else ""), arm, other))
    if not found:
        raise BadInput(f"study {study['name']} has no runs with these settings that are alike in all else")
    return found


def _summary(arrivals: pd.DataFrame) -> dict[str, Any]:
    """As a row of steps_to_target.csv."""
    at = arrivals["at"]
    counts = {"runs": len(at), "reached": int(np.isfinite(arrivals["high"]).sum())}
    counts["at_first"] = int(arrivals["at_first"].sum())
    return {**counts, "mean_restricted_steps": at.mean(), "low": at.min(), "high": at.max()}


def _ratio(before: pd.DataFrame, after: pd.DataFrame) -> str:
    """How many times fewer iterations the second takes, with its interval where there are enough seeds."""
    late = [~np.isfinite(own["high"]) for own in (before, after)]
    seeds = before.index.intersection(after.index)
    if all(own.all() for own in late) or seeds.empty:
        return "–"
    try:
        effect = statistics.ratio(*(statistics.Sample(own["at"], own["low"], own["high"]) for own in (after, before)))
    except statistics.TooFew:
        estimate = float(np.exp(np.log(before["at"][seeds] / after["at"][seeds]).mean()))
        too_low, too_high = late[0].any() or after["at_first"].any(), late[1].any() or before["at_first"].any()
        return ratios.text(_tabulated(estimate), bound(too_low, too_high))
    *numbers, censored = effect.tabulated
    return wording.ratio(
        dict(zip(("ratio", "low", "high"), map(_tabulated, numbers), strict=True)) | {"censored": censored}
    )


def _tabulated(value: float) -> float:
    """As tables have it: a bound of 12 is not 11.999999, which would be told as 11."""
    return float(f"{value:.6g}")
