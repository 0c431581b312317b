"""The names under which MLflow lists series."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from bnrepro.analysis.curves import ACCURACIES, from_records
from bnrepro.analysis.steps_to_target import first_steps, speedup, summary
from bnrepro.data.registry import NAMES
from bnrepro.records.grid import expand
from bnrepro.study import params
from bnrepro.tracking import content
from tests.networks.specs import run_spec


def test_series_of_a_study_have_names_that_differ(project):
    given = params.load()
    for dataset in NAMES:
        for study in given.studies:
            specs = {replace(spec, seed=0) for spec in expand(given, dataset, study)}
            assert len({content.name(asdict(spec), given.usual(dataset)) for spec in specs}) == len(specs)


def test_a_name_begins_with_what_differs_and_keeps_silent_of_what_follows():
    usual = {"learning_rate": 0.5, "momentum": 0.98, "epsilon": 0.002, "width": 100}
    canned = run_spec("canned_estimator", "batch", dropout=0.2, hold_out=True)
    assert content.name(asdict(canned), usual) == (
        "dropout 0.2 · images held out · depth 1 · batch normalization · canned estimator"
    )
    faster = run_spec("keras", learning_rate=2.5)
    assert content.name(asdict(faster), usual) == "learning rate 2.5 · depth 1 · no normalization · Keras model"


def record(normalization: str, seed: int, accuracy: list[float]) -> dict[str, Any]:
    """Of a run of 100 steps, evaluated every 10."""
    spec = run_spec("keras", normalization, seed=seed, steps=100, evaluate_every=10)
    curve = dict.fromkeys((*ACCURACIES, "loss"), accuracy)
    curve["step"] = list(range(0, 101, 10))
    return {"spec": asdict(spec), "curve": curve, "final": {}, "diverged_at": None}


def test_steps_to_targets_and_ratios_are_those_of_the_tables():
    rises = {("none", 0): 0.05, ("none", 1): 0.06, ("batch", 0): 0.2, ("batch", 1): 0.15}
    records = {key: record(*key, [min(0.1 + rise * i, 0.9) for i in range(11)]) for key, rise in rises.items()}
    arms = {name: [found for (arm, _), found in records.items() if arm == name] for name in ("none", "batch")}
    targets = [0.5, 0.65, 0.95]
    shown = {name: content.arrivals_over_seeds(arms[name], arms["none"], targets) for name in arms}
    first = first_steps(from_records(records.values(), "depth"), targets)
    ema = first[first["mode"] == "ema"]
    for row in summary(ema).to_dict("records"):
        found, target = shown[row["normalization"]], f"{row['target']:g}"
        assert found[f"steps_to_{target}", 0] == row["mean_restricted_steps"]
        assert found[f"seeds_at_{target}", 0] == row["reached"]
    ratios = {row["target"]: row["ratio"] for row in speedup(ema).to_dict("records")}
    assert shown["batch"]["ratio_at_0.5", 0] == pytest.approx(ratios[0.5])
    assert ratios[0.5] > 2
    assert shown["batch"]["ratio_at_0.65", 0] == pytest.approx(ratios[0.65]), "a seed of the baseline never arrives"
    assert ("ratio_at_0.95", 0) not in shown["batch"], "nobody arrives"
    each = {(arm, seed): content.arrivals(found, targets) for (arm, seed), found in records.items()}
    assert each["none", 0].keys() == {("steps_to_0.5", 0)}
    assert each["batch", 0] == {("steps_to_0.5", 0): 20, ("steps_to_0.65", 0): 30}
