"""Steps to target: synthetic curves whose right answer is known by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnrepro.analysis import steps_to_target
from bnrepro.claims import statistics

FACTORS = {"study": "depth", "implementation": "keras", "depth": 3, "learning_rate": 0.5}


def run(accuracies, *, seed=0, normalization="none", population=None, by_batch=None, diverged=False):
    """A run evaluated every 10 steps; its budget is the last of them."""
    steps = 10 * np.arange(len(accuracies))
    return pd.DataFrame(
        {
            **FACTORS,
            "normalization": normalization,
            "seed": seed,
            "budget": steps[-1],
            "diverged": diverged,
            "step": steps,
            "accuracy": accuracies,
            "population_accuracy": accuracies if population is None else population,
            "test_batch_accuracy": accuracies if by_batch is None else by_batch,
        }
    )


def arrives_at(evaluation, *, of=10, **factors):
    """A run at chance until it jumps to 0.95 at an evaluation (1 = the first after the start)."""
    return run([0.1] * evaluation + [0.95] * (of + 1 - evaluation), **factors)


def first(*runs, targets=(0.9,)):
    return steps_to_target.first_steps(pd.concat(runs, ignore_index=True), list(targets))


def only(table, **factors):
    for name, value in factors.items():
        table = table[table[name] == value]
    (row,) = table.to_dict("records")
    return row


def test_the_start_is_no_evaluation_to_arrive_at():
    assert only(first(run([0.95, 0.95, 0.1, 0.95, 0.95])), mode="ema")["steps"] == 30


def test_a_single_crossing_does_not_count():
    table = first(run([0.1, 0.95, 0.1, 0.95, 0.95, 0.2]))
    assert only(table, mode="ema")["steps"] == 30


def test_steps_are_counted_by_images_that_are_held_out_where_asked():
    run = arrives_at(3).assign(validation_accuracy=arrives_at(5)["accuracy"])
    table = steps_to_target.first_steps(run, [0.9], steps_to_target.HELD_OUT)
    assert only(table, mode="validation")["steps"] == 50


def test_evaluations_that_thin_out_confirm_each_other_all_the_same():
    thinning = run([0.1, 0.95, 0.1, 0.95, 0.95]).assign(step=[0, 10, 20, 50, 100], budget=100)
    assert only(first(thinning), mode="ema")["steps"] == 50


@pytest.mark.parametrize("factor", ["placement", "momentum", "updates"])
def test_what_only_a_normalization_has_does_not_part_it_from_its_baseline(factor):
    runs = [arrives_at(4), *(arrives_at(2, normalization="batch").assign(**{factor: name}) for name in "ab")]
    assert steps_to_target.speedup(first(*runs))["pairs"].tolist() == [1] * 6  # of each value in each mode


@pytest.mark.parametrize(("factor", "values"), [("optimizer", ("sgd", "adam")), ("noise", ("none", "steady"))])
def test_what_both_arms_have_parts_them(factor, values):
    arms = arrives_at(4), arrives_at(2, normalization="batch")
    runs = [arm.assign(**{factor: value}) for arm, value in zip(arms, values, strict=True)]
    assert steps_to_target.speedup(first(*runs)).empty


def test_a_crossing_at_the_last_evaluation_is_not_confirmed():
    assert np.isnan(only(first(run([0.1, 0.1, 0.95])), mode="ema")["steps"])


def test_exactly_the_target_is_reached():
    assert only(first(run([0.1, 0.9, 0.9])), mode="ema")["steps"] == 10


def test_each_mode_reads_its_own_column():
    accuracies = {"population": [0.1, 0.95, 0.95, 0.95, 0.95], "by_batch": [0.1, 0.1, 0.1, 0.95, 0.95]}
    table = first(run([0.1, 0.1, 0.95, 0.95, 0.95], **accuracies))
    assert table.set_index("mode")["steps"].to_dict() == {"ema": 20, "population": 10, "test_batch": 30}


@given(st.lists(st.floats(0, 1), min_size=3, max_size=30), st.floats(0.01, 0.98), st.floats(0.01, 0.98))
def test_a_higher_target_never_comes_earlier(accuracies, one, other):
    low, high = sorted([one, other])
    table = first(run(accuracies), targets=(low, high))
    steps = table[table["mode"] == "ema"].drop_duplicates("target").set_index("target")["steps"].fillna(np.inf)
    assert steps[low] <= steps[high]


def test_summary_counts_censored_runs_with_the_whole_budget():
    table = steps_to_target.summary(first(arrives_at(2), arrives_at(4, seed=1), run([0.1] * 11, seed=2)))
    row = only(table, mode="ema")
    assert (row["runs"], row["reached"]) == (3, 2)
    assert row["median_steps"] == 40  # of 20, 40 and "later than 100"
    assert row["mean_restricted_steps"] == pytest.approx((20 + 40 + 100) / 3)
    assert (row["low"], row["high"]) == (20, 100)


@pytest.mark.parametrize("arrived", [0, 1, 2])
def test_no_median_unless_more_than_half_arrived(arrived):
    runs = [arrives_at(2, seed=seed) if seed < arrived else run([0.1] * 11, seed=seed) for seed in range(4)]
    assert np.isnan(only(steps_to_target.summary(first(*runs)), mode="ema")["median_steps"])


def test_summary_counts_diverged_runs():
    row = only(steps_to_target.summary(first(arrives_at(2), run([0.1] * 11, seed=1, diverged=True))), mode="ema")
    assert (row["runs"], row["reached"], row["diverged"]) == (2, 1, 1)


def test_a_run_that_diverged_before_its_first_evaluation_counts():
    table = first(arrives_at(2), run([0.1], seed=1, diverged=True).assign(budget=100))
    row = only(steps_to_target.summary(table), mode="ema")
    assert (row["runs"], row["reached"], row["diverged"], row["mean_restricted_steps"]) == (2, 1, 1, 60)


def test_a_diverged_run_is_censored_at_the_budget_not_where_it_ended():
    ended = run([0.1, 0.1, 0.1], seed=1, diverged=True).assign(budget=100)
    row = only(steps_to_target.summary(first(arrives_at(2), ended)), mode="ema")
    assert row["mean_restricted_steps"] == pytest.approx((20 + 100) / 2)


def pairs(baseline, treatment):
    """Speed-up of runs that arrive at these evaluations; None never arrives."""
    runs = []
    for normalization, evaluations in (("none", baseline), ("batch", treatment)):
        for seed, evaluation in enumerate(evaluations):
            factors = {"seed": seed, "normalization": normalization}
            runs.append(run([0.1] * 11, **factors) if evaluation is None else arrives_at(evaluation, **factors))
    return only(steps_to_target.speedup(first(*runs)), mode="ema")


def test_speedup_is_the_geometric_mean_of_the_pairs_ratios_in_their_range():
    row = pairs([8, 6, 4], [2, 3, 4])
    assert row["ratio"] == pytest.approx(2.0)
    assert (row["low"], row["high"], row["pairs"]) == (1.0, 4.0, 3)
    assert row["censored"] == "none"


@pytest.mark.parametrize(
    ("baseline", "treatment", "censored"),
    [([None, 4], [2, 2], "lower"), ([8, 4], [2, None], "upper"), ([None, 4], [2, None], "both")],
)
def test_speedup_says_which_arm_is_censored(baseline, treatment, censored):
    row = pairs(baseline, treatment)
    assert row["censored"] == censored
    assert np.isfinite(row["ratio"])


@pytest.mark.parametrize(
    ("baseline", "treatment", "censored"),
    [([8, 4], [1, 2], "lower"), ([1, 4], [2, 2], "upper"), ([1, 4], [1, 2], "both"), ([None, 4], [1, 2], "lower")],
)
def test_a_run_that_is_there_at_its_first_evaluation_makes_the_ratio_a_bound(baseline, treatment, censored):
    assert pairs(baseline, treatment)["censored"] == censored


def test_no_ratio_where_no_run_of_either_arm_arrived():
    row = pairs([None, None], [None, None])
    assert np.isnan(row["ratio"])
    assert np.isnan(row["low"])
    assert row["censored"] == "both"


def test_seeds_without_a_partner_are_left_out():
    row = pairs([8, 6, 4], [2, 2])
    assert row["pairs"] == 2
    assert row["ratio"] == pytest.approx(12**0.5)


def test_a_ratio_of_the_tables_is_the_estimate_of_the_ledger():
    arms = [pd.Series([80.0, 70, 90, 60]), pd.Series([20.0, 30, 10, 40])]
    row = pairs([8, 7, 9, 6], [2, 3, 1, 4])
    assert row["ratio"] == pytest.approx(statistics.ratio(*map(statistics.Sample.known, reversed(arms))).estimate)


def test_runs_that_differ_by_one_factor_have_one_ratio():
    paired = pairs([2, 4, 6, 8, 10, 2], [1, 2, 3, 4, 5, 1])
    assert paired["high"] == paired["low"] == paired["ratio"] == 2
