"""What is measured of many runs at once; `tests.training.test_stack` compares it with what is measured of one."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from bnrepro.measurement import stacked
from bnrepro.measurement.images import Images
from bnrepro.measurement.probe import PERCENTILES
from bnrepro.networks import dense
from bnrepro.networks.variants import vectorized_random  # noqa: F401 (how random numbers are vectorized)
from bnrepro.training.stacked_loop import together
from tests.networks.specs import architecture, run_spec

FLOATS = st.floats(width=32, allow_nan=False)


@settings(max_examples=50, deadline=None)
@given(arrays(np.float32, array_shapes(min_dims=3, max_dims=4, max_side=7), elements=FLOATS))
def test_percentiles_are_the_values_nearest_in_rank(values):
    found = stacked.percentiles(tf.constant(values)).numpy()
    flat = values.reshape(len(values), -1, values.shape[-1])
    for percentile, of_all in zip(PERCENTILES, found.swapaxes(0, 1), strict=True):
        np.testing.assert_array_equal(of_all, np.percentile(flat, percentile, axis=1, method="inverted_cdf"))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=2, max_size=2), st.lists(st.integers(1, 9), max_size=3))
def test_random_numbers_are_those_of_tensorflows_kernel(seed, shape):
    seeds = tf.constant([seed, [seed[0] // 2, seed[1]], [0, 0]], tf.int64)
    drawn = tf.vectorized_map(lambda one: tf.random.stateless_uniform(shape, one), seeds)
    for numbers, one in zip(drawn, seeds, strict=True):
        np.testing.assert_array_equal(numbers, tf.random.stateless_uniform(shape, one))


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_groups_are_measured_as_all_are(digits, at_once):
    """Runs in whatever groups memory is for."""
    spec = run_spec("keras", "batch", 2)
    network, images = dense.network(architecture(spec, digits)), Images(digits, np.arange(len(digits.train_labels)))
    parameters = together([network.initial(0.5, seed) for seed in range(3)])
    seeds, rates = tf.constant([0, 1, 2], tf.int64), tf.constant([0.1, 0.2, 0.3])
    found = []
    for size in (at_once, 64):
        how = network, images, False, size
        evaluator, probe = stacked.StackedEvaluator(*how), stacked.StackedProbe(*how)
        measured = tf.nest.map_structure(lambda values: values.numpy(), evaluator.measure_all(parameters))
        looks = {name: values.numpy() for name, values in probe.look_at_all(parameters, seeds, 0, rates).items()}
        found.append((evaluator.measured(measured), evaluator.measure_all_final(parameters), looks))
    (curve, final, looks), (curve_of_all, final_of_all, looks_of_all) = found
    for rows, others in ((curve, curve_of_all), (final, final_of_all)):
        for row, other in zip(rows, others, strict=True):
            assert row == pytest.approx(other, abs=1e-6)
    for name, values in looks.items():
        np.testing.assert_allclose(values, looks_of_all[name], rtol=1e-5, atol=1e-6, err_msg=name)


def test_more_runs_are_measured_at_once_where_there_is_more_memory(digits):
    network = dense.network(architecture(run_spec("keras", "batch", 3), digits))
    images = Images(digits, np.arange(len(digits.train_labels)))
    assert stacked.runs_at_once(network, images, memory=1) == 1
    one, two = (stacked.runs_at_once(network, images, memory) for memory in (10**9, 2 * 10**9))
    assert two in (2 * one, 2 * one + 1)
