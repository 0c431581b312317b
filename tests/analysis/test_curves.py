"""The committed curves: what is kept, what is thinned, and the same text every time."""

import io

import numpy as np
import pandas as pd
import pytest

from bnrepro.analysis import curves
from bnrepro.study.studies import Study


def record(evaluations, *, seed=0, diverged_at=None, **extra):
    steps = [10 * i for i in range(evaluations + 1)]
    ramp = [i / (evaluations + 1) for i in range(evaluations + 1)]
    measured = ("accuracy", "population_accuracy", "loss", "training_accuracy", "test_batch_accuracy")
    return {
        "spec": {
            "implementation": "keras",
            "normalization": "none",
            "depth": 3,
            "learning_rate": 0.5,
            "seed": seed,
            "steps": steps[-1],
        },
        "curve": {"step": steps, **{name: list(ramp) for name in (*measured, *extra)}},
        "final": {} if diverged_at else {"population_accuracy": 0.5},
        "diverged_at": diverged_at,
    }


def thinned(records, further=()):
    text = curves.thinned_csv(curves.from_records(records, "depth", further=further))
    return pd.read_csv(io.StringIO(text), keep_default_na=False), text


def test_every_evaluation_is_kept_where_they_fit():
    table, _ = thinned([record(99)])
    assert table["step"].tolist() == list(range(0, 1000, 10))
    assert list(table.columns) == [
        *(
            "study",
            "implementation",
            "normalization",
            "depth",
            "learning_rate",
            "seed",
            "network",
            "budget",
            "diverged",
        ),
        "step",
        *("accuracy", "population_accuracy", "loss", "training_accuracy", "test_batch_accuracy"),
    ]


def test_a_long_run_is_thinned_evenly_and_keeps_its_start_and_its_end():
    table, _ = thinned([record(250)])
    assert len(table) <= 1 + 100
    assert set(np.diff(table["step"])[1:]) == {30}
    assert (table["step"].min(), table["step"].max()) == (0, 2500)


def test_runs_are_thinned_to_the_same_steps():
    """Or a mean over seeds would jump between those that have a step and those that do not."""
    table, _ = thinned([record(250), record(31, seed=1)])
    whole, ended = (set(run["step"]) for _, run in table.groupby("seed"))
    assert ended == {step for step in whole if step <= 310}


def test_runs_that_differ_in_no_column_are_refused():
    with pytest.raises(ValueError, match="a factor that is no column"):
        curves.from_records([record(5), record(5)], "depth")


def test_what_a_study_names_is_a_column():
    names = {"implementation": ["keras"], "normalization": ["none"], "depth": [1]}
    grid = Study(**names, learning_rate=[0.1], optimizer=["adam"], batch_size=30, hold_out=True, steps=100)
    assert curves.further(grid) == ["optimizer", "batch_size"]
    assert curves.further(Study(**names)) == []


def test_first_values_keep_rows_to_which_a_factor_does_not_apply_or_whose_value_is_fixed():
    rows = pd.DataFrame(
        [
            ("depth", "canned_estimator", "batch", 3, 0.5, 0.999),
            *(("depth", "keras", "none", 3, rate, np.nan) for rate in (0.5, 1.0)),
            *(("depth", "keras", "batch", 3, rate, momentum) for rate in (0.5, 1.0) for momentum in (0.9, 0.99)),
        ],
        columns=[*curves.SERIES, "momentum"],
    )
    kept = curves.first_values(rows, "implementation", "normalization")
    assert kept["learning_rate"].unique().tolist() == [0.5]
    assert kept["momentum"].tolist() == pytest.approx([0.999, np.nan, 0.9], nan_ok=True)
    assert len(curves.first_values(rows, "implementation", "normalization", "momentum")) == 4


def test_a_file_stays_under_one_mebibyte():
    _, text = thinned([record(100, seed=seed) for seed in range(400)])
    assert len(text.encode()) < 2**20


def test_studies_that_end_at_different_steps_are_thinned_each_for_itself():
    """Or the last steps of the shorter, and of one whose evaluations thin out, would fall between those kept."""
    own = curves.from_records([record(250)], "depth"), curves.from_records([record(31)], "noise")
    table = pd.read_csv(io.StringIO(curves.thinned_csv(pd.concat(own))))
    assert {study: (len(run), run["step"].max()) for study, run in table.groupby("study")} == {
        "depth": (85, 2500),
        "noise": (12, 310),
    }


def test_validation_accuracy_is_a_column_where_there_is_one():
    assert "validation_accuracy" in thinned([record(5, validation_accuracy=True)])[0]


def test_a_loss_that_was_never_finite_leaves_the_others_as_they_are():
    lost, other = record(5, diverged_at=6), record(5, seed=1)
    lost["curve"]["loss"] = [None] * 6
    table, text = thinned([lost, other])
    assert table[table["seed"] == 0]["loss"].tolist() == [""] * 6
    assert text.splitlines()[-6:] == thinned([other])[1].splitlines()[-6:]


def test_a_study_without_runs_gives_an_empty_table_with_its_header():
    table, text = thinned([])
    assert table.empty
    assert text.startswith("study,implementation,normalization,depth,learning_rate,seed,network,budget,diverged,step,")


def test_a_factor_that_a_study_crosses_is_a_column_of_it():
    quicker = record(5)
    quicker["spec"]["momentum"] = 0.9
    slower = record(5)
    slower["spec"]["momentum"] = 0.99
    table, _ = thinned([quicker, slower], further=["momentum"])
    assert table.groupby("momentum").size().to_dict() == {0.9: 6, 0.99: 6}
    assert curves.series(table)[-1] == "momentum"


def test_finals_are_the_last_of_the_curve_and_what_is_measured_once():
    one = record(4)
    one["curve"]["accuracy"][-1] = 0.75
    one["final"] |= {"population_accuracy": 0.5, "zscore_mean": 0.01}  # instead of the curve's population_accuracy
    (row,) = curves.finals([one], "depth").to_dict("records")
    assert (row["study"], row["normalization"], row["seed"], row["diverged"]) == ("depth", "none", 0, False)
    assert (row["accuracy"], row["population_accuracy"], row["zscore_mean"]) == (0.75, 0.5, 0.01)
    assert row["training_accuracy"] == row["test_batch_accuracy"] == 0.8  # the last of the ramp


def test_a_run_that_diverged_ends_with_nothing():
    """Its curve has a last value, which is of the middle of training."""
    rows = curves.finals([record(4), record(4, seed=1, diverged_at=17)], "depth").set_index("diverged")
    assert rows.loc[False, curves.ACCURACIES].notna().all()
    assert rows.loc[True, curves.ACCURACIES].isna().all()
    assert rows.loc[True, "seed"] == 1


def test_final_accuracy_leaves_diverged_runs_out_of_the_means():
    records = [record(4), record(4, seed=1, diverged_at=17)]
    records[0]["curve"]["accuracy"][-1] = 0.75
    (row,) = final_accuracy(records)
    assert (row["runs"], row["diverged"]) == (2, 1)
    assert row["accuracy"] == 0.75
    assert row["population_accuracy"] == 0.5


def final_accuracy(records, further=()):
    return curves.final_accuracy(curves.finals(records, "depth", further)).to_dict("records")


def test_final_accuracy_is_the_mean_over_the_seeds_of_a_series():
    one, other, deeper = record(4), record(4, seed=1), record(4)
    one["curve"]["accuracy"][-1], other["curve"]["accuracy"][-1] = 0.7, 0.8
    deeper["spec"]["depth"] = 5
    rows = final_accuracy([one, other, deeper])
    assert [(row["depth"], row["runs"]) for row in rows] == [(3, 2), (5, 1)]
    assert rows[0]["accuracy"] == pytest.approx(0.75)


def test_final_accuracy_of_diverged_runs_alone_is_empty():
    (row,) = final_accuracy([record(4, diverged_at=17)])
    assert row["diverged"] == 1
    assert np.isnan(row["accuracy"])


def test_a_factor_that_another_study_crosses_leaves_a_series_whole():
    """It is empty in this study's rows, and pandas would leave out groups by what is empty."""
    crossed = record(4)
    crossed["spec"]["momentum"] = 0.9
    finals = [curves.finals([record(4)], "depth"), curves.finals([crossed], "momentum", ["momentum"])]
    table = curves.final_accuracy(pd.concat(finals, ignore_index=True))
    assert table["study"].tolist() == ["depth", "momentum"]


def test_a_study_without_runs_ends_with_nothing():
    table = curves.finals([], "depth")
    assert table.empty
    assert set(curves.ACCURACIES) < set(table.columns)
