"""One run: what its curve holds, that it repeats to the bit, and how it ends when it diverges."""

import math
from dataclasses import replace

import numpy as np
import pytest

from bnrepro.data.dataset import Dataset
from bnrepro.training.run import run
from tests.networks.specs import architecture, run_spec

MEASURED = ("accuracy", "population_accuracy", "test_batch_accuracy", "loss", "training_accuracy")
BOTH_LOOPS = ["keras", "core_estimator"]  # the compiled loop and the estimators'


@pytest.mark.parametrize("implementation", BOTH_LOOPS)
def test_the_same_spec_gives_the_same_bits(digits: Dataset, implementation: str) -> None:
    spec = run_spec(implementation, "batch", 2, steps=40, evaluate_every=20)
    first, second = run(spec, digits), run(spec, digits)
    assert first.curve == second.curve
    assert first.final == second.final
    assert first.parameters.keys() == second.parameters.keys()
    for name, value in first.parameters.items():
        assert value.tobytes() == second.parameters[name].tobytes(), name


def test_another_seed_gives_another_run(digits: Dataset) -> None:
    spec = run_spec("keras", steps=40, evaluate_every=20)
    assert run(spec, digits).curve["loss"] != run(replace(spec, seed=2), digits).curve["loss"]


@pytest.mark.parametrize("implementation", BOTH_LOOPS)
@pytest.mark.parametrize(("steps", "evaluate_every"), [(60, 20), (40, 40), (3, 1)])
def test_the_curve_holds_step_0_and_every_interval(
    digits: Dataset, implementation: str, steps: int, evaluate_every: int
) -> None:
    result = run(run_spec(implementation, steps=steps, evaluate_every=evaluate_every), digits)
    assert result.curve["step"] == list(range(0, steps + 1, evaluate_every))
    assert result.curve.keys() == {"step", *MEASURED}
    assert {len(values) for values in result.curve.values()} == {steps // evaluate_every + 1}
    assert result.diverged_at is None


@pytest.mark.parametrize("implementation", [*BOTH_LOOPS, "canned_estimator"])
def test_a_run_starts_at_chance_and_learns(digits: Dataset, implementation: str) -> None:
    curve = run(run_spec(implementation), digits).curve
    assert curve["accuracy"][0] < 0.25  # ten classes
    assert curve["loss"][0] == pytest.approx(math.log(10), abs=0.3)
    assert curve["accuracy"][-1] > 0.9
    assert curve["loss"][-1] < 0.5


def test_final_population_accuracy_is_of_the_parameters_that_are_kept(digits: Dataset) -> None:
    """On digits the fixed training images are all of them, so the final measurement repeats the curve's last."""
    result = run(run_spec("keras", "batch", 1, steps=40, evaluate_every=20), digits)
    assert len(digits.train_labels) < 6_000
    assert result.final["population_accuracy"] == result.curve["population_accuracy"][-1]


# Found by trying: with this learning rate the logits overflow float32 at the third step, and infinity minus infinity is
# not a number. Steps 1 and 2 have a loss.
DIVERGING = {"learning_rate": 1e38, "steps": 40}


@pytest.mark.parametrize("implementation", [*BOTH_LOOPS, "keras_estimator", "canned_estimator"])
def test_a_diverging_run_ends_early_and_says_where(digits: Dataset, implementation: str) -> None:
    result = run(run_spec(implementation, evaluate_every=20, **DIVERGING), digits)
    assert result.diverged_at == 3
    assert result.curve["step"] == [0]
    assert result.final == {}
    assert all(np.isfinite(value).all() for value in result.parameters.values())


@pytest.mark.parametrize("implementation", ["keras", "core_estimator", "canned_estimator"])
def test_the_step_that_diverges_is_not_measured(digits: Dataset, implementation: str) -> None:
    """Not even where an evaluation is due at that very step."""
    result = run(run_spec(implementation, evaluate_every=1, **DIVERGING), digits)
    assert result.diverged_at == 3
    assert result.curve["step"] == [0, 1, 2]


def test_settings_of_a_normalization_that_is_not_there_are_harmless(digits: Dataset) -> None:
    network = architecture(run_spec("keras", "none", depth=2), digits)
    assert (network.depth, network.inputs, network.width, network.classes) == (2, 64, 100, 10)
    assert not network.batch_norm
    assert network.hidden_bias
