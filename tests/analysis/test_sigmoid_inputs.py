"""Percentiles of sigmoids' inputs: which unit is shown, and what is said of all of them."""

import numpy as np
import pytest

from bnrepro.analysis import sigmoid_inputs

STEPS = [0, 10, 20]


def arm(*travels):
    """Percentiles [seeds, 3 evaluations, 3, units] whose 50th goes 0, travel, 0 for each seed's list of units."""
    values = np.zeros((len(travels), 3, 3, len(travels[0])), np.float32)
    values[:, 1, 1] = travels
    values[:, :, 0], values[:, :, 2] = -1, 2
    return values


def inputs(*travels, steps=STEPS, seeds=None):
    values = arm(*travels)
    return sigmoid_inputs.Inputs(seeds or list(range(100, 100 + len(values))), steps, values)


def test_movement_is_the_way_from_the_lowest_to_the_highest_median():
    np.testing.assert_array_equal(sigmoid_inputs.movement(arm([1.0, -2.0])), [[1.0, 2.0]])


def test_spread_is_that_of_the_end():
    values = arm([1.0])
    values[0, -1, 2] = 5
    np.testing.assert_array_equal(sigmoid_inputs.spread(values), [[6.0]])


@pytest.mark.parametrize(
    ("travels", "seed", "unit"),
    [
        (([5.0, 1.0, 3.0],), 100, 2),
        (([9.0, 8.0], [1.0, -2.0]), 101, 1),  # of an even number the lower one: of 1, 2, 8, 9
        (([2.0, 2.0, 2.0],), 100, 1),
    ],
)
def test_the_unit_shown_is_the_median_of_all_units_of_all_seeds(travels, seed, unit):
    table = sigmoid_inputs.typical({"none": inputs(*travels)})
    assert set(table["seed"]) == {seed}
    assert set(table["unit"]) == {unit}
    assert table["step"].tolist() == STEPS
    np.testing.assert_array_equal(table["percentile_50"], [0, np.float32(travels[seed - 100][unit]), 0])
    assert (table["percentile_15"] == -1).all()
    assert (table["percentile_85"] == 2).all()


def test_the_table_over_units_has_the_papers_unit_beside():
    steps = [0, 4_000, 50_000]
    table = sigmoid_inputs.over_units(
        {"none": inputs([0.0, 1.0, 2.0], steps=steps), "batch": inputs([0.0, 0.1, 0.2], steps=steps)}
    )
    moved = table[table["quantity"] == "movement"].set_index("normalization")
    assert moved.loc["none", "quantile_50"] == 1
    assert moved.loc["batch", "quantile_50"] == pytest.approx(0.1)
    assert moved.loc["none", "paper"] == pytest.approx(
        1.34, abs=0.01
    )  # the highest less the lowest of the csv's column
    assert moved.loc["batch", "paper"] == pytest.approx(0.33, abs=0.01)


def test_the_late_movement_begins_where_the_papers_curves_do():
    values = arm([1.0])
    values[0, 0, 1] = 7  # at the start only
    late = sigmoid_inputs.Inputs([100], [0, 4_000, 50_000], values)
    table = sigmoid_inputs.over_units({"none": late}).set_index("quantity")
    assert table.loc["movement", "quantile_50"] == 7
    assert table.loc["late_movement", "quantile_50"] == 1
    assert table.loc["late_movement", "paper"] <= table.loc["movement", "paper"]


def test_a_budget_that_ends_before_has_no_late_movement():
    table = sigmoid_inputs.over_units({"none": inputs([1.0], steps=[0, 1_000, 3_000])})
    assert set(table["quantity"]) == {"movement", "spread"}


def test_the_last_layers_percentiles_are_told_by_arm_and_seed():
    looks, found = {}, []
    for normalization, seed in (("none", 101), ("none", 100), ("batch", 100), ("batch", 101)):
        key = f"{normalization}{seed}"
        layers = [arm([99.0, 99.0])[0], arm([float(seed), 5.0])[0]]
        looks[key] = {"percentiles": np.stack(layers, axis=1), "step": np.array(STEPS)}
        found.append({"fingerprint": key, "spec": {"normalization": normalization, "seed": seed}})
    arms = sigmoid_inputs.last_layer(found, lambda record: looks[record["fingerprint"]])
    assert {name: own.percentiles.shape for name, own in arms.items()} == {"none": (2, 3, 3, 2), "batch": (2, 3, 3, 2)}
    assert arms["none"].seeds == [101, 100]
    assert arms["none"].percentiles[:, 1, 1].tolist() == [[101, 5], [100, 5]]
    assert arms["batch"].steps == STEPS
