"""The headline numbers that DVC shows: whatever the studies are, they fit a line."""

from pathlib import Path

import pandas as pd
import pytest

from bnrepro.analysis import metrics, tables

ROOT = Path(__file__).parents[2]
PATH = "reports/fashion_mnist/metrics.json"  # the longest


@pytest.fixture(scope="module")
def committed():
    """Ratios and steps of every study on digits."""
    folder = ROOT / "reports" / "digits" / "tables"
    return [
        pd.read_csv(folder / f"{name}.csv", keep_default_na=False, na_values=[""])
        for name in ("speedup", "steps_to_target")
    ]


def test_the_headline_is_of_every_depth_of_the_keras_model(committed):
    speedup, steps = committed
    found = metrics.headline(speedup, steps, 0.9)
    assert {key: "".join(values) for key, values in found.items()} == {"with": "135", "ratio": "135"}
    keras = steps[(steps["study"] == "depth") & (steps["implementation"] == "keras") & (steps["target"] == 0.9)]
    five = keras[(keras["depth"] == 5) & (keras["mode"] == "ema")].set_index("normalization")["mean_restricted_steps"]
    assert found["with"]["5"] == pytest.approx(five["batch"], rel=1e-3)
    own = {"study": "depth", "implementation": "keras", "depth": 5, "mode": "ema", "target": 0.9}
    assert found["ratio"]["5"] == pytest.approx(tables.row(speedup, **own)["ratio"], rel=1e-3)


def test_any_study_that_crosses_normalization_gives_numbers_that_fit_a_line(committed):
    speedup, steps = committed
    names = {}
    for study in speedup["study"].unique():
        found = metrics.headline(speedup[speedup["study"] == study], steps, 0.9)
        names[study] = list(found["ratio"])
        header = [PATH, *(f"{key}.{name}" for key, values in found.items() for name in values)]
        assert len("    ".join(header)) <= 120  # as DVC prints it
    assert {"depth", "learning_rate", "inception", "deep"} <= names.keys()
    assert names["deep"][0] == "3_0.3_none_sigmoid"


def test_if_depth_trains_one_arm_alone_the_first_study_of_both_counts(committed):
    speedup, steps = committed
    others = speedup[speedup["study"] != "depth"]
    first = others[others["study"] == others["study"].iloc[0]]
    assert metrics.headline(others, steps, 0.9) == metrics.headline(first, steps, 0.9)


def test_without_a_study_that_crosses_normalization_there_are_none(committed):
    speedup, steps = committed
    assert metrics.headline(speedup[:0], steps, 0.9) == {}
