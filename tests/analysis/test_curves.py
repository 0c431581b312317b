"""The committed curves: what is kept, what is thinned, and the same text every time."""

import io

import numpy as np
import pandas as pd
import pytest

from bnrepro.analysis import curves


def record(evaluations, *, seed=0, diverged_at=None, **extra):
    steps = [10 * i for i in range(evaluations + 1)]
    ramp = [i / (evaluations + 1) for i in range(evaluations + 1)]
    measured = ("accuracy", "population_accuracy", "loss", "training_accuracy")
    return {
        "spec": {
            "implementation": "keras",
            "normalization": "none",
            "depth": 3,
            "learning_rate": 0.5,
            "seed": seed,
            "steps": steps[-1],
        },
        "curve": {"step": steps, **dict.fromkeys(measured, ramp), **dict.fromkeys(extra, ramp)},
        "final": {} if diverged_at else {"population_accuracy": 0.5},
        "diverged_at": diverged_at,
    }


def thinned(records):
    text = curves.thinned_csv(curves.from_records(records, "depth"))
    return pd.read_csv(io.StringIO(text), keep_default_na=False), text


def test_every_evaluation_but_the_start_is_kept_where_they_fit():
    table, _ = thinned([record(100)])
    assert table["step"].tolist() == list(range(10, 1010, 10))
    assert list(table.columns) == [
        *("study", "implementation", "normalization", "depth", "learning_rate", "seed", "step"),
        *("accuracy", "population_accuracy", "loss", "training_accuracy"),
    ]


def test_a_long_run_is_thinned_evenly_and_keeps_its_end():
    table, _ = thinned([record(250)])
    assert len(table) <= 100
    assert set(np.diff(table["step"])) == {30}
    assert table["step"].max() == 2500


def test_runs_are_thinned_to_the_same_steps():
    """Or a mean over seeds would jump between those that have a step and those that do not."""
    table, _ = thinned([record(250), record(31, seed=1)])
    whole, ended = (set(run["step"]) for _, run in table.groupby("seed"))
    assert ended == {step for step in whole if step <= 310}


def test_runs_that_differ_in_no_column_are_refused():
    with pytest.raises(ValueError, match="a factor that is no column"):
        curves.from_records([record(5), record(5)], "depth")


def test_a_file_stays_under_one_mebibyte():
    _, text = thinned([record(100, seed=seed) for seed in range(400)])
    assert len(text.encode()) < 2**20


def test_validation_accuracy_is_a_column_where_there_is_one():
    assert "validation_accuracy" in thinned([record(5, validation_accuracy=True)])[0]


def test_the_same_runs_give_the_same_text():
    assert thinned([record(20)])[1] == thinned([record(20)])[1]


def test_a_study_without_runs_gives_an_empty_table_with_its_header():
    table, text = thinned([])
    assert table.empty
    assert text.startswith("study,implementation,normalization,depth,learning_rate,seed,step,accuracy")


def test_final_accuracy_leaves_diverged_runs_out_of_the_means():
    records = [record(4), record(4, seed=1, diverged_at=17)]
    records[0]["curve"]["accuracy"][-1] = 0.75
    (row,) = curves.final_accuracy(records, "depth").to_dict("records")
    assert (row["runs"], row["diverged"]) == (2, 1)
    assert row["accuracy"] == 0.75
    assert row["population_accuracy"] == 0.5


def test_final_accuracy_of_diverged_runs_alone_is_empty():
    (row,) = curves.final_accuracy([record(4, diverged_at=17)], "depth").to_dict("records")
    assert row["diverged"] == 1
    assert np.isnan(row["accuracy"])
