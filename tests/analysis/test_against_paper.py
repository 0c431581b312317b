"""The comparison with the paper: runs made up from its own curves, so that the right answer is known."""

import numpy as np
import pandas as pd
import pytest

from bnrepro.analysis import against_paper, reference, steps_to_target

STEPS = np.arange(0, 50_001, 500)


def run(normalization, *, offset=0.0, seed=0, study="paper", depth=3, **factors):
    """A run on the paper's own curve, `offset` above it; before and after it, on its first and last value."""
    curve = reference.test_accuracy(normalization)
    accuracy = np.interp(STEPS, curve.index, curve) + offset
    accuracy[0] = 0.1
    return pd.DataFrame(
        {
            "study": study,
            "implementation": "keras",
            "normalization": normalization,
            "depth": depth,
            "learning_rate": 0.1,
            **factors,
            "seed": seed,
            "budget": 50_000,
            "diverged": False,
            "step": STEPS,
            "accuracy": accuracy,
            "population_accuracy": accuracy + 0.001,
            "test_batch_accuracy": accuracy - 0.5,  # the paper cannot mean this, and it is not compared
        }
    )


def together(*runs):
    return pd.concat(runs, ignore_index=True)


def compared(curves, targets=(0.9, 0.96, 0.97)):
    first = steps_to_target.first_steps(curves, list(targets))
    return against_paper.comparison(curves, first, steps_to_target.speedup(first))


def only(table, **values):
    for name, value in values.items():
        table = table[table[name] == value]
    (row,) = table.to_dict("records")
    return row


def test_the_papers_own_curve_is_at_no_distance_from_itself():
    row = only(against_paper.distances(run("none")), mode="ema")
    assert row["distance"] == pytest.approx(0, abs=1e-12)
    assert row["distance_late"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_each_arm_and_mode_is_compared_with_its_own_curve(normalization):
    table = against_paper.distances(run(normalization, offset=-0.01))
    assert only(table, mode="ema")["distance"] == pytest.approx(0.01)
    assert only(table, mode="population")["distance"] == pytest.approx(0.009)


def test_the_distance_is_the_mean_curves_and_the_seeds_have_their_own():
    """Errors of single seeds cancel in their mean."""
    curves = together(run("none", offset=0.02), run("none", offset=-0.01, seed=1))
    row = only(against_paper.distances(curves), mode="ema")
    assert row["seeds"] == 2
    assert row["distance"] == pytest.approx(0.005)
    assert row["mean_seed_distance"] == pytest.approx(0.015)
    np.testing.assert_allclose(against_paper.seed_distances(curves, "ema")["none"], [0.02, 0.01])


def test_steps_that_the_paper_does_not_show_play_no_part():
    curves = run("none")
    curves.loc[curves["step"] < 3_500, "accuracy"] = 0
    assert only(against_paper.distances(curves), mode="ema")["distance"] == pytest.approx(0, abs=1e-12)


def test_the_late_distance_begins_at_step_10000():
    curves = run("none")
    curves.loc[curves["step"] < 10_000, "accuracy"] += 0.1
    row = only(against_paper.distances(curves), mode="ema")
    assert row["distance"] > 0.02
    assert row["distance_late"] == pytest.approx(0, abs=1e-12)


def test_other_depths_are_not_compared():
    assert against_paper.distances(run("none", depth=1)).empty


@pytest.mark.parametrize(
    "factors",
    [
        {"normalization": "layer"},
        {"activation": "relu"},
        {"dropout": 0.5},
        {"placement": "after"},
        {"optimizer": "adam"},
        {"decay": 0.1},
        {"batch_size": 30},
    ],
)
def test_networks_that_cannot_be_the_papers_are_not_compared(factors):
    another = run("batch", study="another").assign(**factors)
    table = against_paper.distances(together(run("batch"), another))
    assert set(table["study"]) == {"paper"}


@pytest.mark.parametrize("last", [0, 20_000, 45_000])
@pytest.mark.parametrize("all_of_them", [True, False])
def test_a_run_that_diverged_is_not_compared(last, all_of_them):
    ended = [run("none", seed=seed) for seed in (0, 1)]
    ended = [curve[curve["step"] <= last] if seed or all_of_them else curve for seed, curve in enumerate(ended)]
    row = only(against_paper.distances(together(*ended)), mode="ema")
    assert row["seeds"] == 2
    assert np.isnan([row[name] for name in against_paper.COLUMNS[1:]]).all()


def fine(normalization="none", **factors):
    """A curve that lies on the paper's at every 4,000th step, and above its straight lines between."""
    curves = run(normalization, **factors)
    between = np.sin(np.pi * (curves["step"] % 4_000) / 4_000)
    curves["accuracy"] += 0.02 * between
    return curves


def test_as_drawn_a_fine_curve_is_compared_with_its_own_straight_lines():
    row = only(against_paper.distances(fine()), mode="ema")
    plain = only(against_paper.distances(run("none")), mode="ema")
    assert row["distance"] > 0.01
    assert row["distance_as_drawn"] == pytest.approx(plain["distance_as_drawn"], abs=1e-9)
    assert plain["distance_as_drawn"] < 0.01  # the paper's bends are not at every 4,000th step exactly


def test_steps_as_drawn_are_those_of_the_lines():
    table = compared(together(fine("none"), run("batch")), targets=(0.96,))
    drawn = only(table, quantity="steps_as_drawn", normalization="none", mode="ema")
    two_in_a_row = only(table, quantity="steps", normalization="none", mode="ema")
    assert drawn["ours"] == pytest.approx(drawn["paper"], rel=0.03)
    assert two_in_a_row["ours"] < drawn["ours"]
    assert only(table, quantity="speedup_as_drawn", mode="ema")["ours"] == pytest.approx(3.0, rel=0.1)


def surface(*settings):
    """The calibration of settings given as (learning rate, offsets of its seeds)."""
    factors = {"study": "calibration", "pixels": "binary", "initial_stddev": 0.1}
    runs = [
        run("none", offset=offset, seed=seed, **{**factors, "learning_rate": rate})
        for rate, offsets in settings
        for seed, offset in enumerate(offsets)
    ]
    return against_paper.calibration(together(*runs, run("batch")))


def test_calibration_puts_the_nearest_setting_first():
    table = surface((0.1, [0.03, 0.03]), (0.2, [0.01, 0.01]), (0.3, [-0.02, -0.02]))
    assert table["learning_rate"].tolist() == [0.2, 0.3, 0.1]
    assert table["close"].tolist() == [True, False, False]


def test_a_setting_is_close_where_a_seed_is_nearer_than_with_the_best():
    table = surface((0.1, [0.010, 0.020]), (0.2, [0.015, 0.018]), (0.3, [0.08, 0.09]))
    assert table["learning_rate"].tolist() == [0.1, 0.2, 0.3]
    assert table["close"].tolist() == [True, True, False]


def test_a_setting_that_diverged_is_no_part_of_the_surface():
    factors = {"study": "calibration", "pixels": "binary", "initial_stddev": 0.1}
    runs = together(run("none", **factors), run("none", **{**factors, "learning_rate": 0.9}).query("step <= 9000"))
    assert against_paper.calibration(runs)["learning_rate"].tolist() == [0.1]


def test_a_budget_that_ends_before_the_papers_curve_leaves_nothing_to_calibrate():
    curves = run("none", study="calibration", pixels="binary", initial_stddev=0.1).query("step <= 3000")
    assert against_paper.calibration(curves.assign(budget=3_000)).empty


def test_without_a_calibration_there_is_no_surface():
    assert against_paper.calibration(run("none")).empty


def test_the_comparison_has_ours_beside_the_papers():
    table = compared(together(*(run(arm, seed=seed) for arm in ("none", "batch") for seed in range(6))))
    final = only(table, quantity="final_accuracy", normalization="batch", mode="ema")
    assert final["ours"] == pytest.approx(0.982, abs=6e-4)
    assert final["paper"] == 0.982
    steps = only(table, quantity="steps", normalization="none", mode="ema", target=0.96)
    assert 0 <= steps["ours"] - steps["paper"] <= 500  # to the evaluation grid
    ratio = only(table, quantity="speedup", mode="ema", target=0.97)
    assert ratio["ours"] == pytest.approx(ratio["paper"], rel=0.05)
    assert ratio["censored"] == ratio["paper_censored"] == "none"
    assert ratio["lowest"] <= ratio["ours"] <= ratio["highest"]


def test_bounds_are_said_on_both_sides():
    table = compared(together(run("none"), run("batch", offset=0.01)), targets=(0.95, 0.98))
    early = only(table, quantity="steps", normalization="batch", mode="ema", target=0.95)
    assert (early["censored"], early["paper_censored"]) == ("upper", "upper")  # both start above
    late = only(table, quantity="steps", normalization="none", mode="ema", target=0.98)
    assert late["censored"] == "lower"
    assert late["ours"] == 50_000
    assert np.isnan(late["paper"])
