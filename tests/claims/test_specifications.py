"""The specification curve of runs whose iterations are known."""

import numpy as np
import pandas as pd
import pytest

from bnrepro.claims import specifications
from bnrepro.claims.evidence import Evidence

USUAL = {"pixels": "binary", "initial_stddev": 0.05, "learning_rate": 0.1, "momentum": 0.99}
NEVER = 10**6


def runs(study, normalization, steps, *, depth=3, seeds=3, **factors):
    """Runs that have 99% from a step on, by population statistics, evaluated every hundred steps up to 2,000."""
    own = {"study": study, "implementation": "keras", "normalization": normalization, "depth": depth}
    own |= {"learning_rate": 0.1, **factors}
    evaluated = np.arange(0, 2_001, 100)
    accuracy = np.where(evaluated >= steps, 0.99, 0.5)
    measured = {"budget": 2_000, "diverged": False, "step": evaluated, "accuracy": 0.1, "population_accuracy": accuracy}
    tables = [
        pd.DataFrame({**own, "seed": seed, "network": f"{own} {seed}", **measured}) for seed in range(100, 100 + seeds)
    ]
    return pd.concat(tables, ignore_index=True)


def both(study, without, with_it, **factors):
    return [runs(study, "none", without, **factors), runs(study, "batch", with_it, **factors)]


def table(*tables):
    nothing = pd.DataFrame({"study": [], "seed": []})
    runs_of_all = Evidence(pd.concat(tables, ignore_index=True), nothing, nothing, [0.96], 10_000, 100)
    found = specifications.table(runs_of_all, USUAL)
    assert sorted(found["target"].unique()) == [0.96, 0.97]
    return found[found["target"] == 0.96].reset_index(drop=True)


def test_a_setting_that_several_studies_have_counts_once_and_the_first_wins():
    found = table(*both("initial_weights", 900, 300, initial_scheme="gaussian"), *both("paper", 800, 200))
    assert found["study"].tolist() == ["paper"]
    assert found["ratio"].tolist() == pytest.approx([4])
    assert found["chosen"].tolist() == [True]


def test_a_setting_is_told_whole_whatever_its_study_crosses():
    found = table(
        *both("paper", 800, 200),
        *both("specifications", 900, 300, pixels="grey", initial_stddev=0.12, learning_rate=0.06),
        *both("initial_weights", 400, 200, initial_scheme="glorot_x4", learning_rate=1.0),
        *both("tuned_adam", 600, 200, optimizer="adam", learning_rate=0.01),
    )
    assert found[specifications.SETTING].astype(object).where(
        found[specifications.SETTING].notna(), None
    ).to_numpy().tolist() == [
        ["binary", "gaussian", 0.05, "sgd", 0.1],
        ["grey", "gaussian", 0.12, "sgd", 0.06],
        ["binary", "glorot_x4", None, "sgd", 1.0],
        ["binary", "gaussian", 0.05, "adam", 0.01],
    ]
    assert found["chosen"].tolist() == [True, False, False, False]
    assert found["ratio"].tolist() == pytest.approx([4, 3, 2, 3])


def test_a_run_that_does_not_arrive_makes_a_bound():
    found = table(
        *both("learning_rate", NEVER, 500, learning_rate=1.0),
        *both("learning_rate", 500, NEVER, learning_rate=2.0),
        *both("learning_rate", NEVER, NEVER, learning_rate=3.0),
    )
    late, early, never = found.itertuples()
    assert (late.ratio, late.low, late.high) == (pytest.approx(4), pytest.approx(4), np.inf)
    assert (early.low, early.high) == (0, pytest.approx(0.25))
    assert np.isnan([never.ratio, never.low, never.high]).all()
    assert found["arrived_without"].tolist() == [0, 3, 0]
    assert found["arrived_with"].tolist() == [3, 0, 0]


def test_the_interval_covers_what_evaluations_leave_open():
    (row,) = table(*both("paper", 800, 200)).itertuples()
    assert (row.low, row.high) == (pytest.approx(700 / 200), pytest.approx(800 / 100))


def test_other_depths_single_networks_and_too_few_pairs_have_no_ratio():
    found = table(
        *both("paper", 800, 200),
        *both("initial_weights", 900, 300, initial_scheme="he", depth=7),
        *both("initial_weights", 900, 300, initial_scheme="he"),
        runs("learning_rate", "batch", 100, learning_rate=1.0),
        *both("tuned_adam", 600, 200, optimizer="adam", seeds=2),
    )
    assert found["study"].tolist() == ["paper", "initial_weights", "tuned_adam"]
    assert found["pairs"].tolist() == [3, 3, 2]
    assert found["ratio"].isna().tolist() == [False, False, True]
