"""The report's part on the paper's own figure: what was measured beside what the paper shows, for the template."""

import json
from typing import Any

import pandas as pd

from bnrepro import paths
from bnrepro.analysis import reference, tables
from bnrepro.analysis.against_paper import COMPARED, SETTING
from bnrepro.analysis.steps_to_target import MODES
from bnrepro.errors import Failed
from bnrepro.figures.iterations_to_target import times
from bnrepro.params import DatasetName, Params

# Studies that vary one thing in the arm with batch normalization; the report lays each beside the paper's curve.
FACTORS = {
    "learning_rate": "learning rate",
    "initial_stddev": "standard deviation of the initial weights",
    "momentum": "momentum of the moving averages",
    "pixels": "pixels",
}
# Studies that have both arms at the paper's depth; each of their settings predicts the arm with batch normalization.
PREDICTIONS = (COMPARED, "runner_up", "pixels")
_SIGNS = {"none": "", "lower": "≥", "upper": "≤", "both": "?"}


def context(params: Params, dataset: DatasetName) -> dict[str, Any]:
    """What the template says of the paper's figure.

    Raises:
        Failed: a table or claims.json is missing or damaged.
    """
    comparison, surface, distances = (
        tables.read(dataset, name) for name in ("paper", "calibration", "distance_to_paper")
    )
    inputs = tables.read(dataset, "sigmoid_inputs")
    return {
        "seeds": params.seeds(dataset, COMPARED, "keras"),
        "arms": _arms(comparison),
        "ratios": _ratios(comparison),
        "distance": {
            name: _points(_only(comparison, quantity="distance", normalization=name, mode="population"))
            for name in ("none", "batch")
        },
        "claims": _claims(dataset),
        "calibration": _calibration(params, dataset, surface) if len(surface) else None,
        "factors": _factors(params, distances),
        "predictions": _predictions(params, dataset, distances),
        "units": tables.read(dataset, "sigmoid_inputs_over_units").to_dict("records"),
        "shown": inputs.drop_duplicates("normalization")[["normalization", "seed", "unit"]].to_dict("records"),
    }


def _arms(comparison: pd.DataFrame) -> list[dict[str, str]]:
    """A row for the final accuracy and for the steps to every target: ours and the paper's, in both arms."""
    rows = []
    for (quantity, target), group in comparison.groupby(["quantity", "target"], sort=False, dropna=False):
        if quantity in ("final_accuracy", "steps"):
            write = _percent if quantity == "final_accuracy" else _steps
            row = {"what": "final accuracy" if quantity == "final_accuracy" else f"steps to {100 * target:g}%"}
            for normalization, mode in (("none", "ema"), ("batch", "population"), ("batch", "ema")):
                found = _only(group, normalization=normalization, mode=mode)
                row[f"{normalization}_{mode}"] = write(found)
                row[f"{normalization}_paper"] = write(found, of_paper=True)
            rows.append(row)
    return rows


def _ratios(comparison: pd.DataFrame) -> list[dict[str, str]]:
    """A row for every target: how many times fewer steps, ours in both modes and the paper's."""
    rows = []
    for target, group in comparison[comparison["quantity"] == "speedup"].groupby("target", sort=False):
        row = {"target": f"{100 * target:g}%"}
        for mode in ("population", "ema"):
            found = _only(group, mode=mode)
            row[mode], row["paper"] = _ratio(found), _ratio(found, of_paper=True)
        rows.append(row)
    return rows


def _calibration(params: Params, dataset: DatasetName, surface: pd.DataFrame) -> dict[str, Any]:
    """The setting that calibration chose, how sharp the choice is, and whether params.yaml has it."""
    best, close = surface.iloc[0], surface[surface["close"]]
    training = params.training[dataset]
    asked = (params.data[dataset].pixels, training.initial_stddev, training.learning_rate)
    late = surface.sort_values("distance_late").iloc[0]
    return {
        "settings": len(surface),
        "seeds": int(best["seeds"]),
        "best": best.to_dict(),
        "second": surface.iloc[min(1, len(surface) - 1)].to_dict(),
        "close": close[SETTING].to_dict("records"),
        "late": late.to_dict(),
        "used": tuple(best[name] for name in SETTING) == asked,
        "edges": [
            name
            for name in ("initial_stddev", "learning_rate")
            if best[name] in (surface[name].min(), surface[name].max())
        ],
    }


def _factors(params: Params, distances: pd.DataFrame) -> list[dict[str, Any]]:
    """For every value of every factor varied alone: the network with batch normalization beside the paper's."""
    rows = []
    for study, name in FACTORS.items():
        if study in params.studies:
            own = distances[(distances["study"] == study) & (distances["normalization"] == "batch")]
            for row in own[own["mode"] == "population"].to_dict("records"):
                ema = _only(own, mode="ema", **{study: row[study]})
                rows.append({"factor": name, "value": row[study], "population": row, "ema": ema})
    return rows


def _predictions(params: Params, dataset: DatasetName, distances: pd.DataFrame) -> list[dict[str, Any]]:
    """For every setting at which both arms were trained, the chosen one first: distances of both, and the ratios."""
    training = params.training[dataset]
    usual = {
        "pixels": params.data[dataset].pixels,
        "initial_stddev": training.initial_stddev,
        "learning_rate": training.learning_rate,
    }
    speedup = tables.read(dataset, "speedup")
    rows: dict[tuple, dict[str, Any]] = {}
    for study in PREDICTIONS:
        own = distances[distances["study"] == study]
        crossed = [name for name in SETTING if name in own and own[name].notna().all()]
        for values, group in own.groupby(crossed, sort=False):
            setting = usual | dict(zip(crossed, values, strict=True))
            ratios = speedup[speedup["study"] == study]
            for name, value in zip(crossed, values, strict=True):
                ratios = ratios[ratios[name] == value]
            row = {"setting": setting, "seeds": group["seeds"].max()}
            row["none"] = _only(group, normalization="none", mode="ema")
            row["batch"] = {mode: _only(group, normalization="batch", mode=mode) for mode in MODES}
            row["ratios"] = {mode: _of_mode(ratios, mode, training.targets) for mode in MODES}
            rows.setdefault(tuple(setting.values()), row)  # the first study has the most seeds
    return list(rows.values())


def _of_mode(ratios: pd.DataFrame, mode: str, targets: list[float]) -> dict[str, str]:
    """By target that both of the paper's curves cross: our ratio."""
    found = {}
    for target in sorted(targets):
        paper, censored = reference.speedup(target)
        if censored == "none":
            row = _only(ratios, mode=mode, target=target)
            found[f"{100 * target:g}%"] = _ratio({**row, "ours": row["ratio"], "paper": paper})
    return found


def _claims(dataset: DatasetName) -> list[dict[str, Any]]:
    path = paths.claims(dataset)
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return [{**entry, "measured": _measured(entry["measured"])} for entry in entries]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Failed(f"{path}: not readable ({error}); run `dvc repro` or `bnrepro summarize {dataset}`") from error


def _measured(values: dict[str, float | None]) -> str:
    return ", ".join(f"{name}: {'–' if value is None else f'{value:.4g}'}" for name, value in values.items())


def _only(table: pd.DataFrame, **values: Any) -> dict[str, Any]:
    """The row with these values."""
    for name, value in values.items():
        table = table[table[name] == value]
    (row,) = table.to_dict("records")
    return row


def _percent(row: dict[str, Any], of_paper: bool = False) -> str:
    if of_paper:
        return f"{100 * row['paper']:.1f}%"
    return f"{100 * row['ours']:.2f}% ({100 * row['low']:.2f}–{100 * row['high']:.2f})"


def _points(row: dict[str, Any]) -> str:
    if pd.isna(row["ours"]):
        return "–"
    return f"{100 * row['ours']:.2f} ({100 * row['low']:.2f}–{100 * row['high']:.2f})"


def _steps(row: dict[str, Any], of_paper: bool = False) -> str:
    if of_paper:
        return "never" if pd.isna(row["paper"]) else f"{_SIGNS[row['paper_censored']]}{row['paper']:,.0f}"
    return f"{_SIGNS[row['censored']]}{row['ours']:,.0f} ({row['low']:,.0f}–{row['high']:,.0f})"


def _ratio(row: dict[str, Any], of_paper: bool = False) -> str:
    ratio, censored = (row["paper"], row["paper_censored"]) if of_paper else (row["ours"], row["censored"])
    if pd.isna(ratio):
        return "–"
    text = f"{_SIGNS[censored]}{times(ratio, censored)}×"
    return text if of_paper else f"{text} ({times(row['low'])}–{times(row['high'])})"
