"""The table after the one beside the paper's Figure 3."""

import pytest

from bnrepro.analysis import best_accuracy, curves
from tests.claims.lesson import NORMALIZED, PLAIN, RATE, runs

ARMS = (PLAIN, NORMALIZED)


def table(*groups):
    records = [record for group in groups for record in group]
    return best_accuracy.table(curves.from_records(records, "learning_rate"), RATE)


def test_the_level_is_the_baselines_highest_accuracy_and_single_evaluations_do_not_confirm_it():
    """The made-up runs are at 95% from `steps` on; a last value of 97% stands alone."""
    rows = table(
        runs("learning_rate", **PLAIN, steps=400),
        runs("learning_rate", **NORMALIZED, steps=200),
        runs("learning_rate", **NORMALIZED, steps=200, accuracy=0.97, learning_rate=5 * RATE),
    )
    ema = rows[rows["mode"] == "ema"].set_index(["normalization", "learning_rate"])
    assert set(rows["baseline_best"]) == {0.95}
    assert ema["mean_restricted_steps"].to_dict() == {("none", 0.5): 400, ("batch", 0.5): 200, ("batch", 2.5): 200}
    highest = {("none", 0.5): 0.95, ("batch", 0.5): 0.95, ("batch", 2.5): 0.97}
    assert ema["best_accuracy"].to_dict() == pytest.approx(highest)


def test_a_network_that_stays_below_the_level_does_not_arrive():
    rows = table(runs("learning_rate", **PLAIN, steps=400), runs("learning_rate", **NORMALIZED, steps=None))
    batch = rows[(rows["normalization"] == "batch") & (rows["mode"] == "ema")]
    assert batch["reached"].tolist() == [0]


def test_the_baseline_is_of_one_optimizer():
    records = [runs("learning_rate", **arm, steps=400, optimizer=name) for name in ("sgd", "adam") for arm in ARMS]
    together = curves.from_records([record for group in records for record in group], "learning_rate", ["optimizer"])
    assert best_accuracy.table(together, RATE)["optimizer"].unique().tolist() == ["sgd"]


@pytest.mark.parametrize("normalization", [PLAIN, NORMALIZED])
def test_without_a_baseline_at_the_usual_rate_there_is_no_table(normalization):
    assert table(runs("learning_rate", **normalization, learning_rate=3 * RATE)).empty
