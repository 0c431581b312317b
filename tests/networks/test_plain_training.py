"""Each network file by itself: plain `Model.fit` and `Estimator.train` arrive where our loops arrive."""

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import tensorflow as tf

from bnrepro.dataset import Dataset
from bnrepro.measurement.evaluator import Evaluator
from bnrepro.measurement.images import Images
from bnrepro.networks import keras
from bnrepro.networks.parameters import Parameters, initial_parameters
from bnrepro.training.recording import Result
from bnrepro.training.run import architecture
from bnrepro.training.spec import RunSpec
from tests.networks.specs import run_spec, training_examples
from tests.networks.test_parity import assert_same

CASES = [("none", 1), ("batch", 3)]  # both learn within the 200 steps
ESTIMATORS = ["canned_estimator", "keras_estimator", "core_estimator"]
FLOAT32 = 1e-6  # accuracies are sums of zeros and ones, divided in float32
Trained = Callable[[RunSpec], Result]


def training_data(spec: RunSpec, digits: Dataset) -> tf.data.Dataset:
    images, labels = (np.concatenate(part) for part in zip(*training_examples(spec, digits), strict=True))
    return tf.data.Dataset.from_tensor_slices((images, labels)).batch(spec.batch_size)


def evaluation_data(digits: Dataset) -> tf.data.Dataset:
    images = digits.test_images.astype(np.float32) / digits.levels
    return tf.data.Dataset.from_tensor_slices((images, digits.test_labels)).batch(len(images))


def measure(spec: RunSpec, digits: Dataset, parameters: Parameters) -> dict[str, float]:
    rows = np.arange(len(digits.train_labels))
    return Evaluator(architecture(spec, digits.pixels), Images(digits, rows)).measure(parameters)


@pytest.mark.parametrize(("normalization", "depth"), CASES)
def test_keras_model_by_fit_and_evaluate(trained: Trained, digits: Dataset, normalization: str, depth: int) -> None:
    spec = run_spec("keras", normalization, depth)
    network = architecture(spec, digits.pixels)
    model = keras.build_model(network, spec.learning_rate)
    keras.load_parameters(model, initial_parameters(network, spec.initial_stddev, spec.seed))

    model.fit(training_data(spec, digits), epochs=1, verbose=0)

    assert model.optimizer.iterations == spec.steps
    parameters = keras.read_parameters(model)
    assert_same(parameters, trained(spec).parameters)
    loss, accuracy = model.evaluate(evaluation_data(digits), verbose=0)
    measured = measure(spec, digits, parameters)
    assert accuracy == pytest.approx(measured["accuracy"], abs=FLOAT32)
    assert loss == pytest.approx(measured["loss"], rel=1e-5)


class StartFrom(tf.estimator.SessionRunHook):
    """What a user would write to begin from given values."""

    def __init__(self, module: ModuleType, initial: Parameters):
        self._module = module
        self._initial = initial

    def after_create_session(self, session: tf.compat.v1.Session, coord: tf.train.Coordinator) -> None:
        for variable in tf.compat.v1.global_variables():
            if name := self._module.canonical_name(variable.op.name):
                variable.load(self._initial[name], session)


# Core TensorFlow's layers say on every call that they are deprecated; our own loop knows, a plain one is told.
@pytest.mark.filterwarnings("ignore:.tf.layers:UserWarning")
@pytest.mark.parametrize(("normalization", "depth"), CASES)
@pytest.mark.parametrize("implementation", ESTIMATORS)
def test_estimator_by_train_and_evaluate(
    trained: Trained, digits: Dataset, tmp_path: Path, implementation: str, normalization: str, depth: int
) -> None:
    spec = run_spec(implementation, normalization, depth)
    network = architecture(spec, digits.pixels)
    module = importlib.import_module(f"bnrepro.networks.{implementation}")
    estimator = module.build_estimator(network, spec.learning_rate, model_dir=str(tmp_path))
    initial = initial_parameters(network, spec.initial_stddev, spec.seed)

    def with_feature_name(dataset: tf.data.Dataset) -> tf.data.Dataset:
        return dataset.map(lambda images, labels: ({"pixels": images}, labels))

    estimator.train(lambda: with_feature_name(training_data(spec, digits)), hooks=[StartFrom(module, initial)])

    assert estimator.get_variable_value("global_step") == spec.steps
    # From the checkpoint: what the estimator would be evaluated, exported or resumed with.
    parameters = {
        name: estimator.get_variable_value(variable)
        for variable in estimator.get_variable_names()
        if (name := module.canonical_name(variable))
    }
    assert_same(parameters, trained(spec).parameters)
    evaluated = estimator.evaluate(lambda: with_feature_name(evaluation_data(digits)))
    measured = measure(spec, digits, parameters)
    assert evaluated["accuracy"] == pytest.approx(measured["accuracy"], abs=FLOAT32)
    assert evaluated["loss"] == pytest.approx(measured["loss"], rel=1e-5)
