"""The report's part on the paper's own figure: what was measured beside what the paper shows, for the template."""

from typing import Any

import pandas as pd

from bnrepro.analysis import ratios, reference, tables
from bnrepro.analysis.against_paper import MODES, SETTING
from bnrepro.analysis.steps_to_target import INTERVAL_FROM
from bnrepro.claims import ledger
from bnrepro.report import wording
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import PAPER_DEPTH, PAPER_STUDY, Params

# Studies that vary one thing in the arm with batch normalization; the report lays each beside the paper's curve.
FACTORS = {
    "learning_rate": "learning rate (trained without the held-out images)",
    "initial_stddev": "standard deviation of the initial weights",
    "momentum": "momentum of the moving averages",
    "pixels": "pixels",
}
# Studies that have both arms at the paper's depth; each of their settings predicts the arm with batch normalization.
PREDICTIONS = (PAPER_STUDY, "runner_up", "pixels")
_ARMS = (("none", "ema"), ("batch", "population"), ("batch", "ema"))  # without it both modes are one number


def context(params: Params, dataset: DatasetName) -> dict[str, Any]:
    """What the template says of the paper's figure.

    Raises:
        BadInput: a table or claims.json is missing or damaged.
    """
    comparison, surface, distances = (
        tables.read(dataset, name) for name in ("paper", "calibration", "distance_to_paper")
    )
    inputs = tables.has(dataset, "sigmoid_inputs")
    shown = tables.read(dataset, "sigmoid_inputs") if inputs else pd.DataFrame()
    seeds = params.seeds(dataset, PAPER_STUDY, params.studies[PAPER_STUDY].implementation[0])
    return {
        "seeds": seeds,
        "budget": params.training_of(dataset, PAPER_STUDY).steps,
        "interval": "range of the seeds" if seeds < INTERVAL_FROM else "95% bootstrap interval",
        "accuracies": {arm: _accuracy(comparison, *arm) for arm in _ARMS},
        "distances": {arm: _distance(comparison, *arm) for arm in _ARMS},
        "chosen": tables.row(distances, study=PAPER_STUDY, normalization="none", mode="ema"),
        "steps": _steps(params, dataset, comparison),
        "drawn": _drawn(params, dataset, comparison),
        "claims": _claims(dataset),
        "calibration": _calibration(params, dataset, surface) if len(surface) else None,
        "factors": _factors(params, distances),
        "predictions": _predictions(params, dataset, distances),
        "units": tables.read(dataset, "sigmoid_inputs_over_units").to_dict("records") if inputs else [],
        "shown": shown.drop_duplicates("normalization").to_dict("records") if inputs else [],
    }


def tabulated(context: dict[str, Any] | None) -> dict[str, str]:
    """By study, the heading of the section in which the template has its table; of no context, none."""
    if context is None:
        return {}
    found = {row["study"]: "*What could explain the difference*" for row in context["factors"]}
    if context["calibration"] and len(context["predictions"]) > 1:
        found |= dict.fromkeys(PREDICTIONS, "*Calibration*")
    return found


def _accuracy(comparison: pd.DataFrame, normalization: str, mode: str) -> dict[str, str]:
    row = tables.row(comparison, quantity="final_accuracy", normalization=normalization, mode=mode)
    if row is None or pd.isna(row["ours"]):
        return {"ours": "–", "seeds": "–", "paper": "–"}
    low, high, lowest, highest = (f"{100 * row[name]:.2f}" for name in ("low", "high", "lowest", "highest"))
    return {
        "ours": f"{wording.percent(row['ours'], 2)} ({low}–{high})",
        "seeds": f"{lowest}–{highest}",
        "paper": wording.percent(row["paper"]),
    }


def _distance(comparison: pd.DataFrame, normalization: str, mode: str) -> str:
    row = tables.row(comparison, quantity="distance", normalization=normalization, mode=mode)
    if row is None or pd.isna(row["ours"]):
        return "–"
    return f"{wording.points(row['ours'])} ({wording.points(row['low'])}–{wording.points(row['high'])})"


def _steps(params: Params, dataset: DatasetName, comparison: pd.DataFrame) -> list[dict[str, str]]:
    """A row for every target: steps of each arm and the ratios, as everywhere in the report, beside the paper's."""
    steps, speedup = (
        table[table["study"] == PAPER_STUDY]
        for table in (tables.read(dataset, "steps_to_target"), tables.read(dataset, "speedup"))
    )
    rows = []
    for target in sorted(params.training[dataset].targets):
        own_steps, own_ratios = (tables.at_target(dataset, table, target) for table in (steps, speedup))
        row = {
            f"{arm}_{mode}": wording.steps(tables.row(own_steps, normalization=arm, mode=mode)) for arm, mode in _ARMS
        }
        row |= {f"ratio_{mode}": wording.ratio(tables.row(own_ratios, mode=mode)) for mode in MODES}
        for mode in MODES:
            pairs = tables.row(tables.at_target(dataset, comparison, target), quantity="speedup", mode=mode)
            row[f"pairs_{mode}"] = _pairs(pairs)
        rows.append(row | _paper(target))
    return rows


def _drawn(params: Params, dataset: DatasetName, comparison: pd.DataFrame) -> list[dict[str, str]]:
    """The same with our curves read as the paper's are: first crossings of lines between every 4,000th step."""
    rows = []
    for target in sorted(params.training[dataset].targets):
        own, row = tables.at_target(dataset, comparison, target), {}
        for arm, mode in _ARMS:
            found = tables.row(own, quantity="steps_as_drawn", normalization=arm, mode=mode)
            row[f"{arm}_{mode}"] = wording.bounded(found["ours"], found["censored"]) if found else "–"
        for mode in MODES:
            found = tables.row(own, quantity="speedup_as_drawn", mode=mode)
            row[f"ratio_{mode}"] = wording.ratio({**found, "ratio": found["ours"]} if found else None)
        rows.append(row | _paper(target))
    return rows


def _paper(target: float) -> dict[str, str]:
    """What the paper's own curves say of a target."""
    row = {"target": f"{100 * target:g}%", "ratio_paper": ratios.text(*reference.speedup(target))}
    for normalization in ("none", "batch"):
        steps, at_first = reference.steps_to(normalization, target)
        row[f"{normalization}_paper"] = wording.bounded(steps, "upper" if at_first else "none", none="never")
    return row


def _pairs(row: dict[str, Any] | None) -> str:
    return "–" if row is None or pd.isna(row["lowest"]) else f"{row['lowest']:.1f}–{row['highest']:.1f}"


def _calibration(params: Params, dataset: DatasetName, surface: pd.DataFrame) -> dict[str, Any]:
    """The setting that calibration chose, how sharp the choice is, and whether params.yaml has it."""
    best, close = surface.iloc[0], surface[surface["close"]]
    late, drawn = (
        surface.sort_values(name).iloc[0].to_dict() if surface[name].notna().any() else None
        for name in ("distance_late", "distance_as_drawn")
    )
    edges = {name: (surface[name].min(), surface[name].max()) for name in ("initial_stddev", "learning_rate")}
    return {
        "settings": len(surface),
        "seeds": int(best["seeds"]),
        "best": best.to_dict(),
        "second": surface.iloc[min(1, len(surface) - 1)].to_dict(),
        "close": close.to_dict("records"),
        "late": late,
        "drawn": drawn,
        "nearer_as_drawn": int((surface["distance_as_drawn"] < best["distance_as_drawn"]).sum()),
        "used": tuple(best[name] for name in SETTING) == tuple(_usual(params, dataset).values()),
        "edges": [name.replace("_", " ") for name, ends in edges.items() if close[name].isin(ends).any()],
    }


def _usual(params: Params, dataset: DatasetName) -> dict[str, Any]:
    """The values of `SETTING` that studies have unless they cross them."""
    usual = params.usual(dataset)
    return {name: usual[name] for name in SETTING}


def _factors(params: Params, distances: pd.DataFrame) -> list[dict[str, Any]]:
    """For every value of every factor varied alone: the network with batch normalization beside the paper's."""
    rows = []
    for study, name in FACTORS.items():
        own = distances[(distances["study"] == study) & (distances["normalization"] == "batch")]
        if study in params.studies and study in own:
            for row in own[own["mode"] == "population"].to_dict("records"):
                ema = tables.row(own, mode="ema", **{study: row[study]})
                value = row[study] if isinstance(row[study], str) else f"{row[study]:g}"
                rows.append({"study": study, "factor": name, "value": value, "population": row, "ema": ema})
    return rows


def _predictions(params: Params, dataset: DatasetName, distances: pd.DataFrame) -> list[dict[str, Any]]:
    """For every setting at which both arms were trained, the chosen one first: distances of both, and the ratios."""
    speedup = tables.read(dataset, "speedup")
    speedup = speedup[speedup["depth"] == PAPER_DEPTH]
    rows: dict[tuple, dict[str, Any]] = {}
    for study in PREDICTIONS:
        own = distances[distances["study"] == study]
        crossed = [name for name in SETTING if name in own and own[name].notna().all()]
        for values, group in own.groupby(crossed, sort=False):
            chosen = dict(zip(crossed, values, strict=True))
            setting = _usual(params, dataset) | chosen
            arms = {arm: tables.row(group, normalization=arm[0], mode=arm[1]) for arm in _ARMS}
            if all(arms.values()):
                found = tables.rows(speedup, study=study, **chosen)
                ratios_of = {mode: _of_mode(dataset, found, mode, params.training[dataset].targets) for mode in MODES}
                row = {"setting": setting, "seeds": group["seeds"].max(), "arms": arms, "ratios": ratios_of}
                rows.setdefault(tuple(setting.values()), row)  # the first study has the most seeds
    return list(rows.values())


def _of_mode(dataset: DatasetName, found: pd.DataFrame, mode: str, targets: list[float]) -> dict[str, str]:
    """By target that both of the paper's curves cross: our ratio."""
    return {
        f"{100 * target:g}%": wording.ratio(tables.row(tables.at_target(dataset, found, target), mode=mode))
        for target in sorted(targets)
        if reference.speedup(target)[1] == "none"
    }


def _claims(dataset: DatasetName) -> list[dict[str, Any]]:
    found = ledger.read(dataset)
    return [
        {**entry, **wording.quoted(entry, claim), "measured": _measured(entry["measured"])}
        for claim in ledger.PAPER
        if (entry := found.get(claim.id))
    ]


def _measured(values: dict[str, float | None]) -> str:
    return ", ".join(f"{name}: {'–' if value is None else f'{value:.4g}'}" for name, value in values.items())
