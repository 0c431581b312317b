"""Effects and their intervals: against SciPy, by simulation, and with bounds in place of numbers."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bnrepro.claims import statistics
from bnrepro.claims.statistics import Effect, Sample, TooFew


def sample(*values, low=None, high=None):
    series = [pd.Series(one, dtype=float) for one in (values, low or values, high or values)]
    return Sample(*series)


def test_a_difference_is_paired():
    first, second = np.array([1.0, 5.0, 9.0]), np.array([2.0, 6.5, 9.5])
    effect = statistics.difference(sample(*first), sample(*second))
    expected = stats.ttest_rel(second, first).confidence_interval(0.95)
    assert (effect.low, effect.high) == pytest.approx((expected.low, expected.high))
    assert (effect.estimate, effect.pairs) == (pytest.approx(1.0), 3)


def test_a_ratio_is_geometric():
    effect = statistics.ratio(sample(100, 200, 400), sample(300, 800, 800))
    logs = stats.ttest_1samp(np.log([3, 4, 2]), 0).confidence_interval(0.95)
    assert effect.estimate == pytest.approx(24 ** (1 / 3))
    assert (effect.low, effect.high) == pytest.approx((np.exp(logs.low), np.exp(logs.high)))


def test_pairs_are_those_of_seeds_that_both_have():
    first = Sample.known(pd.Series([1.0, 2.0, 3.0, 9.0], index=[0, 1, 2, 3]))
    second = Sample.known(pd.Series([4.0, 3.0, 2.0], index=[2, 1, 0]))
    effect = statistics.difference(first, second)
    assert (effect.estimate, effect.low, effect.high, effect.pairs) == (1, 1, 1, 3)


def test_two_pairs_are_too_few():
    with pytest.raises(TooFew, match="3 seeds"):
        statistics.ratio(sample(1, 2), sample(3, 4))


@pytest.mark.parametrize("pairs", [5, 10])
@pytest.mark.parametrize("spread", [0.1, 1.0])
def test_intervals_of_ratios_cover_what_they_promise(pairs, spread):
    """Iterations to a target are skewed; their logarithms hardly."""
    rng, true, covered = np.random.default_rng(0), 3.0, 0
    for _ in range(2_000):
        common = rng.normal(0, 0.5, pairs)
        first = np.exp(common + rng.normal(0, spread, pairs))
        second = true * np.exp(common + rng.normal(0, spread, pairs))
        effect = statistics.ratio(sample(*first), sample(*second))
        covered += effect.low <= true <= effect.high
    assert covered / 2_000 == pytest.approx(0.95, abs=0.015)  # three standard errors


@pytest.mark.parametrize("pairs", [5, 10])
def test_intervals_of_differences_cover_what_they_promise(pairs):
    """Accuracies near their ceiling are skewed: shares of 10,000 images, by networks of different quality."""
    rng, covered = np.random.default_rng(1), 0
    true = 0.98 - 0.97
    for _ in range(1_000):
        first, second = (
            rng.binomial(10_000, rng.beta(2_000 * mean, 2_000 * (1 - mean), pairs)) for mean in (0.97, 0.98)
        )
        effect = statistics.difference(sample(*first / 10_000), sample(*second / 10_000))
        covered += effect.low <= true <= effect.high
    assert covered / 1_000 == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("pairs", [3, 10])
def test_intervals_of_steps_between_evaluations_cover_at_least_what_they_promise(pairs):
    """Evaluations thin out by a fifth; the runs themselves scatter by a tenth."""
    rng, true, covered = np.random.default_rng(2), 2.0, 0
    evaluated = 10 * 1.2 ** np.arange(40)
    for _ in range(1_000):
        arms = []
        for scale in (300, true * 300):
            after = np.searchsorted(evaluated, scale * np.exp(rng.normal(0, 0.1, pairs)))
            arms.append(sample(*evaluated[after], low=evaluated[after - 1].tolist()))
        effect = statistics.ratio(*arms)
        covered += effect.low <= true <= effect.high
    assert covered / 1_000 > 0.95


def test_what_one_arm_has_is_a_mean():
    values = [0.2, 0.5, 0.3, 0.4]
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    effect = statistics.mean(sample(*values))
    assert (effect.estimate, effect.low, effect.high) == pytest.approx((0.35, expected.low, expected.high))
    with pytest.raises(TooFew):
        statistics.mean(sample(0.1, 0.2))


def test_where_all_seeds_agree_a_mean_is_known_to_an_image_over_the_root_of_their_number():
    agreeing, image = pd.Series([0.98] * 4), 0.001
    effect = statistics.mean(Sample.known(agreeing, unit=image))
    assert (effect.low, effect.high) == pytest.approx((0.98 - image / 2, 0.98 + image / 2))
    scattering = pd.Series([0.9, 0.95, 0.98, 0.99])
    assert statistics.mean(Sample.known(scattering, unit=image)) == statistics.mean(Sample.known(scattering))


def test_intervals_of_several_comparisons_err_in_any_as_rarely_as_that_of_one():
    values = np.array([0.2, 0.5, 0.3, 0.4])
    with statistics.widened(4):
        found = statistics.interval(values)
    assert found == pytest.approx(tuple(stats.ttest_1samp(values, 0).confidence_interval(1 - 0.05 / 4)))
    assert statistics.interval(values) == pytest.approx(tuple(stats.ttest_1samp(values, 0).confidence_interval(0.95)))


def test_bounds_widen_an_interval():
    """Iterations that lie between the evaluation before and the one that found them."""
    first = sample(100, 120, 110, low=[90, 110, 100])
    second = sample(300, 330, 360, low=[270, 300, 330])
    known = statistics.ratio(sample(100, 120, 110), sample(300, 330, 360))
    effect = statistics.ratio(first, second)
    assert effect.low < known.low < known.high < effect.high
    lowest = statistics.ratio(sample(100, 120, 110), sample(270, 300, 330)).low
    highest = statistics.ratio(sample(90, 110, 100), sample(300, 330, 360)).high
    assert (effect.low, effect.high) == pytest.approx((lowest, highest))


def test_a_run_that_does_not_arrive_leaves_one_end_open():
    arrived, late = sample(100, 120, 110), sample(300, 500, 500, low=[300, 500, 500], high=[300, np.inf, np.inf])
    effect = statistics.ratio(arrived, late)
    assert 0 < effect.low < effect.estimate < effect.high == np.inf
    effect = statistics.ratio(late, arrived)
    assert effect.low == 0
    assert 0 < effect.estimate < effect.high < np.inf


def test_a_run_that_is_there_at_its_first_evaluation_leaves_one_end_open():
    at_once = sample(10, 10, 10, low=[0, 0, 0])
    effect = statistics.ratio(at_once, sample(100, 120, 110))
    assert 0 < effect.low < effect.high == np.inf


@pytest.mark.parametrize(
    ("estimate", "low", "high", "answer"),
    [
        (2.0, 1.2, 3.0, True),
        (1.2, 1.01, 1.3, True),
        (1.1, 1.01, 1.3, None),  # certain, and its size is not
        (2.0, 0.9, 3.0, None),
        (2.0, 1.0, 3.0, None),
        (1.0, 0.9, 1.05, False),
        (1.03, 1.01, 1.05, False),  # certain, and too small to matter
        (0.3, 0.2, 0.5, False),
        (1.5, 0.0, np.inf, None),
    ],
)
def test_an_effect_that_matters_is_above_one(estimate, low, high, answer):
    effect = Effect(estimate, low, high, 5)
    assert effect.exceeds(1, least=1.2) is answer
    assert effect.falls_short(1, least=1.2) is (None if answer is None else not answer)


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [
        (0.95, 1.05, True),
        (0.9, 1.05, None),  # on the bound
        (0.95, 1.2, None),
        (0.5, 2.0, None),
        (1.2, 1.5, False),
        (0.5, 0.8, False),
        (-np.inf, np.inf, None),
    ],
)
def test_an_effect_lies_within_bounds_or_without(low, high, answer):
    assert Effect(1.0, low, high, 5).within(0.9, 1.1) is answer


@pytest.mark.parametrize(("counted", "of"), [(3, 6), (1, 10), (0, 12), (9, 10)])
def test_the_interval_of_a_share_is_exact(counted, of):
    effect = statistics.share(counted, of, 3)
    assert effect.estimate == counted / of
    assert stats.binom.cdf(counted, of, effect.high) == pytest.approx(0.025)
    assert stats.binom.sf(counted - 1, of, effect.low) == pytest.approx(0.025 if counted else 1)


def test_a_share_of_no_images_may_be_any():
    effect = statistics.share(0, 0, 3)
    assert (effect.low, effect.high) == (0, 1)


def test_a_quotient_of_bounds_takes_those_that_move_it_farthest_out():
    quotient = statistics.quotient(sample(100, low=[90], high=[100]), sample(300, low=[270], high=[np.inf]))
    assert [float(one.iloc[0]) for one in quotient[:3]] == [3.0, 2.7, np.inf]
