"""The comparison with the paper: runs made up from its own curves, so that the right answer is known."""

import numpy as np
import pandas as pd
import pytest

from bnrepro.analysis import against_paper, reference

STEPS = np.arange(0, 50_001, 500)


def run(normalization, *, offset=0.0, seed=0, study="paper", steps=STEPS, budget=50_000, **factors):
    """A run on the paper's own curve, `offset` above it; before and after it, on its first and last value."""
    curve = reference.test_accuracy(normalization)
    accuracy = np.interp(steps, curve.index, curve) + offset
    own = {"study": study, "implementation": "keras", "normalization": normalization, "depth": 3, "learning_rate": 0.1}
    measured = {
        "budget": budget,
        "diverged": steps[-1] < budget,
        "step": steps,
        "accuracy": accuracy - 0.5,  # moving averages, which play no part
        "population_accuracy": accuracy,
    }
    return pd.DataFrame({**own, **factors, "seed": seed, **measured})


def together(*runs):
    return pd.concat(runs, ignore_index=True)


def distances(*runs, to="none"):
    return against_paper.distance(against_paper.drawn(together(*runs)), to)


def test_a_curve_is_drawn_from_every_4000th_step_and_its_last():
    runs = run("none", budget=50_000)
    between = runs["step"] % 4_000 != 0
    runs.loc[between & (runs["step"] < 50_000), "population_accuracy"] = 0
    curve = against_paper.drawn(runs)
    assert curve.index.tolist() == [*range(4_000, 50_000, 4_000), 50_000]
    paper = reference.test_accuracy("none")
    np.testing.assert_allclose(curve[0], np.interp(curve.index, paper.index, paper))


def test_a_point_between_two_evaluations_lies_on_their_line():
    thinned = run("none", steps=np.array([0, 500, 3_000, 5_000, 9_000]), budget=9_000)
    thinned["population_accuracy"] = [0.1, 0.2, 0.3, 0.5, 0.9]
    assert against_paper.drawn(thinned)[0].tolist() == pytest.approx([0.4, 0.8, 0.9])


@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_each_network_is_compared_with_its_own_curve(normalization):
    """The paper's bends are not at every 4,000th step exactly."""
    assert distances(run(normalization), to=normalization)[0] < 0.01
    far = distances(run(normalization, offset=-0.03), to=normalization)[0]
    assert far == pytest.approx(0.03, abs=0.005)
    assert distances(run("none"), to="batch")[0] > 0.03


def test_seeds_have_their_own_distances():
    found = distances(run("batch", offset=0.02, seed=100), run("batch", offset=-0.01, seed=101), to="batch")
    assert found.index.tolist() == [100, 101]
    assert found.tolist() == pytest.approx([0.02, 0.01], abs=0.001)


def test_steps_that_one_of_the_curves_does_not_show_play_no_part():
    runs = run("batch")
    runs.loc[runs["step"] < 4_000, "population_accuracy"] = 0
    assert distances(runs, to="batch")[0] == distances(run("batch"), to="batch")[0]
    runs.loc[runs["step"] > 20_000, "population_accuracy"] = 0
    short = against_paper.distance(against_paper.drawn(runs), "batch", until=20_000)
    assert short[0] < 0.003
    assert distances(runs, to="batch")[0] > 0.1


@pytest.mark.parametrize("last", [3_000, 20_000, 40_000])
@pytest.mark.parametrize("all_of_them", [True, False])
def test_a_run_that_diverged_has_no_distance(last, all_of_them):
    steps = np.arange(0, last + 1, 500)
    ended = [run("none", steps=steps, seed=seed) for seed in (0, 1)]
    found = distances(ended[0], ended[1] if all_of_them else run("none", seed=1))
    assert np.isnan(found[0])
    assert np.isnan(found[1]) == all_of_them


def test_a_budget_that_ends_before_the_papers_curve_has_no_distance():
    assert np.isnan(distances(run("none", steps=STEPS[STEPS <= 3_000], budget=3_000))[0])


def surface(*settings):
    """The calibration of settings given as (learning rate, offsets of its seeds)."""
    factors = {"study": "calibration", "pixels": "binary", "initial_stddev": 0.1}
    runs = [
        run("none", offset=offset, seed=seed, **{**factors, "learning_rate": rate})
        for rate, offsets in settings
        for seed, offset in enumerate(offsets)
    ]
    return against_paper.calibration(together(*runs, run("batch", pixels="binary")))


def test_calibration_puts_the_nearest_setting_first():
    table = surface((0.1, [0.05, 0.05]), (0.2, [0.02, 0.02]), (0.3, [-0.04, -0.04]))
    assert table["learning_rate"].tolist() == [0.2, 0.3, 0.1]
    assert table["seeds"].tolist() == [2, 2, 2]


def test_errors_of_seeds_cancel_in_the_distance_of_their_mean():
    """Opposite errors are near on average, and nearer than two smaller ones of one sign."""
    table = surface((0.1, [0.04, -0.04]), (0.2, [0.03, 0.03]))
    assert table["learning_rate"].tolist() == [0.1, 0.2]
    assert table["seed_distance"].tolist() == pytest.approx([0.04, 0.03], abs=0.005)


def test_a_setting_that_diverged_is_no_part_of_the_surface():
    factors = {"study": "calibration", "pixels": "binary", "initial_stddev": 0.1}
    diverged = run("none", steps=STEPS[STEPS <= 9_000], **{**factors, "learning_rate": 0.9})
    assert against_paper.calibration(together(run("none", **factors), diverged))["learning_rate"].tolist() == [0.1]


def test_without_a_calibration_there_is_no_surface():
    assert against_paper.calibration(run("none")).empty
