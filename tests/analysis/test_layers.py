"""What the looks into a run's layers come to: rows that are told apart, and distances that are known by hand."""

import numpy as np
import pytest

from bnrepro.analysis import layers

LOOKS, DEPTH, WIDTH = 3, 2, 3
STEPS = np.array([0, 60, 120])


def arrays(**given):
    """Looks of which nothing moves and nothing is measured, but for what is given."""
    nothing = {
        "step": STEPS,
        "percentiles": np.zeros((LOOKS, DEPTH, 3, WIDTH)),
        "saturated": np.zeros((LOOKS, DEPTH)),
        "always_saturated": np.zeros((LOOKS, DEPTH)),
        "gradient": np.zeros((LOOKS, DEPTH + 1)),
        "weights": np.zeros((LOOKS, DEPTH + 1)),
        "gradient_change": np.zeros((LOOKS, 2)),
        "lag": np.zeros((LOOKS, DEPTH)),
    }
    return nothing | given


def record(seed=0, **factors):
    spec = {"implementation": "keras", "normalization": "batch", "depth": DEPTH, "learning_rate": 0.5, "seed": seed}
    spec |= {"width": WIDTH, "kind": "dense"}
    return {"spec": spec | factors}


def looks(*found, study="depth", further=()):
    """Of records and their arrays."""
    records, read = [one for one, _ in found], {id(one): own for one, own in found}
    return layers.looks(records, study, further, lambda one: read[id(one)])


def by_place(table, column):
    """[looks, depth] of one run."""
    return table.pivot(index="step", columns="layer", values=column).to_numpy()


def test_there_is_a_row_for_every_run_layer_and_step():
    table = looks((record(), arrays()), (record(seed=1), arrays()))
    assert len(table) == 2 * LOOKS * DEPTH
    assert not table.duplicated(["seed", "layer", "step"]).any()
    assert sorted(set(table["layer"])) == [1, 2]
    assert sorted(set(table["step"])) == STEPS.tolist()


def test_rows_have_the_factors_of_their_run_and_those_that_the_study_crosses():
    table = looks(
        *((record(momentum=momentum), arrays()) for momentum in (0.9, 0.99)), study="momentum", further=["momentum"]
    )
    assert set(table["study"]) == {"momentum"}
    assert table.groupby("momentum").size().to_dict() == {0.9: LOOKS * DEPTH, 0.99: LOOKS * DEPTH}
    assert "momentum" not in looks((record(momentum=0.9), arrays()))


@pytest.mark.parametrize("column", ["saturated", "always_saturated", "lag"])
def test_a_value_is_in_the_row_of_its_layer_and_step(column):
    values = np.arange(LOOKS * DEPTH).reshape(LOOKS, DEPTH) / 10
    np.testing.assert_array_equal(by_place(looks((record(), arrays(**{column: values}))), column), values)


@pytest.mark.parametrize("column", ["gradient", "weights"])
def test_what_is_of_a_kernel_leaves_out_the_softmax_layers(column):
    values = np.arange(LOOKS * (DEPTH + 1)).reshape(LOOKS, DEPTH + 1)
    np.testing.assert_array_equal(by_place(looks((record(), arrays(**{column: values}))), column), values[:, :DEPTH])


def test_the_change_of_the_gradient_is_the_last_layers():
    change = np.array([[0.1, -0.1], [0.2, -0.2], [0.3, -0.3]])
    table = looks((record(), arrays(gradient_change=change)))
    for place, column in enumerate(("gradient_change", "gradient_cosine")):
        found = by_place(table, column)
        assert np.isnan(found[:, 0]).all()
        np.testing.assert_array_equal(found[:, 1], change[:, place])


def test_of_a_layers_units_the_median_stands_for_it():
    percentiles = np.zeros((LOOKS, DEPTH, 3, WIDTH))
    percentiles[2, 1] = [[-9.0, -2.0, -1.0], [0.5, 0.0, 9.0], [1.0, 2.0, 3.0]]
    table = looks((record(), arrays(percentiles=percentiles)))
    (row,) = table[(table["layer"] == 2) & (table["step"] == 120)].to_dict("records")
    assert [row[f"percentile_{percentile}"] for percentile in (15, 50, 85)] == [-2.0, 0.5, 2.0]


def test_what_is_of_the_whole_run_is_the_same_at_every_step():
    percentiles = np.zeros((LOOKS, DEPTH, 3, WIDTH))
    percentiles[:, :, 0], percentiles[:, :, 2] = -1.0, 1.0
    percentiles[1, :, 1] = np.array([[0.4], [0.8]])  # and back
    table = looks((record(), arrays(percentiles=percentiles)))
    for column, values in (("travelled", [0.4, 0.8]), ("jumped", [0.4, 0.8])):
        np.testing.assert_allclose(by_place(table, column), [values] * LOOKS)


def test_runs_of_other_depths_and_lengths_stand_beside():
    """One that diverged has fewer looks than the others."""
    short = {name: values[:2, :1] if values.ndim > 1 else values[:2] for name, values in arrays().items()}
    short |= {"gradient": np.zeros((2, 2)), "weights": np.zeros((2, 2)), "gradient_change": np.full((2, 2), np.nan)}
    table = looks((record(), arrays()), (record(depth=1), short))
    assert table.groupby("depth").size().to_dict() == {1: 2, 2: LOOKS * DEPTH}


def test_a_study_without_runs_has_the_columns_of_one_with():
    assert looks(further=["momentum"]).empty
    assert list(looks(further=["momentum"])) == list(looks((record(momentum=0.9), arrays()), further=["momentum"]))


def medians(*units, spread=2.0):
    """Percentiles [looks, 1, 3, units] of a layer whose units' 50th percentiles go these ways."""
    middle = np.array(units, float).T[:, np.newaxis]
    return np.stack([middle - spread / 2, middle, middle + spread / 2], axis=2)


@pytest.mark.parametrize(
    ("units", "travelled"),
    [
        (([0.0, 1.0, 3.0],), 3.0),
        (([0.0, 5.0, 0.0],), 5.0),  # there and back
        (([1.0, -2.0, 0.0],), 3.0),
        (([7.0, 0.0, 0.0],), 7.0),  # the start counts
        (([2.0, 2.0, 2.0],), 0.0),
        (([0.0, 1.0, 1.0], [0.0, 2.0, 2.0], [0.0, 90.0, 0.0]), 2.0),  # the median over units
        (([0.0, 1.0, 1.0], [1.0, 0.0, 0.0]), 1.0),  # of each unit's own way; the layer's median stands still
    ],
)
def test_a_unit_travels_from_its_lowest_to_its_highest_median(units, travelled):
    np.testing.assert_allclose(layers.travelled(medians(*units)), [travelled])


def test_layers_travel_by_themselves():
    both = np.concatenate([medians([0.0, 1.0, 1.0]), medians([0.0, 3.0, 3.0])], axis=1)
    assert layers.travelled(both).tolist() == [1.0, 3.0]
    assert layers.jumped(both).tolist() == [0.5, 1.5]


HALF = np.log(3)  # whose sigmoid is 0.75; that of the opposite is 0.25


def two_layers(*units, spread=2 * HALF):
    """The units' medians before the first of two layers' sigmoids; before the second's they stand still."""
    first = medians(*units, spread=spread)
    return np.concatenate([first, np.zeros_like(first)], axis=1)


@pytest.mark.parametrize(
    ("units", "shifts"),  # outputs of a spread of 0.5 about 0.5, by look
    [
        (([0.0, 0.0, 0.0],), [0, 0, 0]),
        (([0.0, HALF, 0.0],), [0, 0.25 / (9 / 10 - 1 / 2), 0.5]),  # there and back; by the spread at the look
        (([-HALF, HALF, 0.0],), [0, 0.5 / (9 / 10 - 1 / 2), 1]),
        (([0.0, 0.0, 0.0], [HALF, HALF, 0.0], [-HALF, -HALF, 0.0]), [0, 0, 0.5]),  # the median over units
    ],
)
def test_what_a_layer_gets_shifts_with_the_outputs_before(units, shifts):
    found = layers.shifts(two_layers(*units))
    assert np.isnan(found[:, 0]).all()  # images do not shift
    np.testing.assert_allclose(found[:, 1], shifts)


def test_an_output_without_a_spread_shifts_beyond_measure():
    assert layers.shifts(two_layers([0.0, 1.0, 1.0], spread=0.0))[:, 1].tolist() == [np.inf] * 3


def test_the_size_of_weights_is_their_root_mean_square():
    rng = np.random.default_rng(0)
    kernel = rng.normal(0, 0.3, (WIDTH, WIDTH))
    weights = np.full((LOOKS, DEPTH + 1), np.linalg.norm(kernel))
    found = by_place(looks((record(), arrays(weights=weights))), "weight_size")
    assert np.isnan(found[:, 0]).all()
    np.testing.assert_allclose(found[:, 1], np.sqrt((kernel**2).mean()))


@pytest.mark.parametrize(
    ("units", "jumped"),
    [
        (([0.0, 1.0, 3.0],), 1.5),
        (([0.0, 5.0, 0.0],), 5.0),
        (([0.0, 2.0, 2.0],), 1.0),
        (([0.0, 1.0, 1.0], [0.0, -2.0, 0.0], [0.0, 90.0, 0.0]), 2.0),
    ],
)
def test_a_unit_jumps_by_the_mean_way_between_looks(units, jumped):
    np.testing.assert_allclose(layers.jumped(medians(*units)), [jumped])


def test_of_one_look_there_is_no_jump():
    assert np.isnan(layers.jumped(medians([0.0], [1.0]))).tolist() == [True]
