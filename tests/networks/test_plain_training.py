"""Each network file by itself: plain `Model.fit` and `Estimator.train` arrive where our loops arrive."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bnrepro.data.dataset import Dataset
from bnrepro.measurement.evaluator import Evaluator
from bnrepro.measurement.images import Images
from bnrepro.networks import dense
from bnrepro.study.factors import RunSpec
from bnrepro.training.recording import Result
from tests.networks import plain
from tests.networks.specs import FLOAT32, PLAIN, architecture, assert_same, run_spec


# What estimators are built by says on every call that it is deprecated; our own loop knows, a plain one is told.
@pytest.mark.filterwarnings("ignore:.*(tf.layers|set_learning_phase|state_updates):UserWarning")
@pytest.mark.parametrize(("implementation", "normalization", "depth"), PLAIN)
def test_plain_training_and_evaluation(
    trained: Callable[[RunSpec], Result],
    plain_task: Callable[[RunSpec, Path], plain.Task],
    digits: Dataset,
    tmp_path: Path,
    implementation: str,
    normalization: str,
    depth: int,
) -> None:
    spec = run_spec(implementation, normalization, depth)
    task = plain_task(spec, tmp_path)

    plain.train(task)
    evaluated = plain.evaluate(task)

    assert evaluated.steps == spec.steps
    assert_same(evaluated.parameters, trained(spec).parameters)
    every_row = np.arange(len(digits.train_labels))
    network = dense.network(architecture(spec, digits))
    evaluator = Evaluator(network, Images(digits, every_row))
    measured = evaluator.measure(evaluated.parameters)
    assert evaluated.accuracy == pytest.approx(measured["accuracy"], abs=FLOAT32)
    assert evaluated.loss == pytest.approx(measured["loss"], rel=1e-5)
