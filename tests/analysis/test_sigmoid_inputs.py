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


def test_movement_is_the_way_from_the_lowest_to_the_highest_median():
    np.testing.assert_array_equal(sigmoid_inputs.movement(arm([1.0, -2.0])), [[1.0, 2.0]])


def test_spread_is_that_of_the_end():
    values = arm([1.0])
    values[0, -1, 2] = 5
    np.testing.assert_array_equal(sigmoid_inputs.spread(values), [[6.0]])


@pytest.mark.parametrize(
    ("travels", "seed", "unit"),
    [
        (([5.0, 1.0, 3.0],), 0, 2),
        (([9.0, 8.0], [1.0, -2.0]), 1, 1),  # of an even number the lower one: of 1, 2, 8, 9
        (([2.0, 2.0, 2.0],), 0, 1),
    ],
)
def test_the_unit_shown_is_the_median_of_all_units_of_all_seeds(travels, seed, unit):
    table = sigmoid_inputs.typical({"none": arm(*travels)}, STEPS)
    assert set(table["seed"]) == {seed}
    assert set(table["unit"]) == {unit}
    assert table["step"].tolist() == STEPS
    np.testing.assert_array_equal(table["percentile_50"], [0, np.float32(travels[seed][unit]), 0])
    assert (table["percentile_15"] == -1).all()
    assert (table["percentile_85"] == 2).all()


def test_the_table_over_units_has_the_papers_unit_beside():
    steps = [0, 4_000, 50_000]
    table = sigmoid_inputs.over_units({"none": arm([0.0, 1.0, 2.0]), "batch": arm([0.0, 0.1, 0.2])}, steps)
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
    table = sigmoid_inputs.over_units({"none": values}, [0, 4_000, 50_000]).set_index("quantity")
    assert table.loc["movement", "quantile_50"] == 7
    assert table.loc["late_movement", "quantile_50"] == 1
    assert table.loc["late_movement", "paper"] <= table.loc["movement", "paper"]


def test_a_budget_that_ends_before_has_no_late_movement():
    table = sigmoid_inputs.over_units({"none": arm([1.0])}, [0, 1_000, 3_000])
    assert set(table["quantity"]) == {"movement", "spread"}


def test_the_last_layers_percentiles_are_told_by_arm_and_seed():
    looks, found = {}, []
    for normalization, seed in (("none", 0), ("none", 1), ("batch", 0), ("batch", 1)):
        key = f"{normalization}{seed}"
        layers = [arm([99.0, 99.0])[0], arm([float(seed), 5.0])[0]]
        looks[key] = {"percentiles": np.stack(layers, axis=1), "step": np.array(STEPS)}
        found.append({"fingerprint": key, "spec": {"normalization": normalization, "seed": seed}})
    arms, steps = sigmoid_inputs.last_layer(found, lambda record: looks[record["fingerprint"]])
    assert {name: values.shape for name, values in arms.items()} == {"none": (2, 3, 3, 2), "batch": (2, 3, 3, 2)}
    assert arms["batch"][:, 1, 1].tolist() == [[0, 5], [1, 5]]
    assert steps == STEPS
