"""The networks as a user of TensorFlow trains and evaluates them: by `Model.fit` and by `Estimator.train`.

Of the package this takes the network files alone, and with them `tf.estimator` where TensorFlow lacks it; so TensorFlow
2.15.1, which has its own, can run it in an environment without the rest. `python -m tests.networks.plain FILE` trains
the tasks that are pickled in a file, and leaves there TensorFlow's version and what came of each.
"""

import importlib
import logging
import pickle
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import tensorflow as tf

import bnrepro.estimators  # noqa: F401 (tf.estimator)
from bnrepro.networks.parameters import Parameters, load_parameters, read_parameters
from bnrepro.networks.variants.dense import Architecture

BATCH_SIZE = 60


@dataclass(frozen=True)
class Task:
    """A network to train from `initial` on mini-batches of `BATCH_SIZE`, as they lie in `images` and `labels`.

    Attributes:
        folder: where its checkpoint is.
        images, labels: float32 [steps * BATCH_SIZE, pixels], int [steps * BATCH_SIZE].
        test_images, test_labels: what it is evaluated on.
    """

    folder: Path
    implementation: str
    architecture: Architecture
    learning_rate: float
    initial: Parameters
    images: np.ndarray
    labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


@dataclass(frozen=True)
class Evaluated:
    """A network as its checkpoint has it: steps made, parameters, and by them loss, accuracy and logits."""

    steps: int
    parameters: Parameters
    loss: float
    accuracy: float
    logits: np.ndarray


def train(task: Task) -> None:
    """Train a network, which leaves its checkpoint in the task's folder."""
    module, network = _network(task)
    data = tf.data.Dataset.from_tensor_slices
    if task.implementation == "keras":
        load_parameters(network, module.canonical_name, task.initial)
        network.fit(data((task.images, task.labels)).batch(BATCH_SIZE), epochs=1, verbose=0)
        network.save_weights(task.folder / "weights")
    else:
        network.train(
            lambda: data(({"pixels": task.images}, task.labels)).batch(BATCH_SIZE), hooks=[StartFrom(task, module)]
        )


def evaluate(task: Task) -> Evaluated:
    """Evaluate a network that `train` has trained, from its checkpoint."""
    module, network = _network(task)
    count = len(task.test_images)
    if task.implementation == "keras":
        network.load_weights(task.folder / "weights")
        loss, accuracy = network.evaluate(task.test_images, task.test_labels, batch_size=count, verbose=0)
        logits = network.predict(task.test_images, batch_size=count, verbose=0)
        parameters = read_parameters(network, module.canonical_name)
        return Evaluated(int(network.optimizer.iterations), parameters, loss, accuracy, logits)

    def input_fn() -> tf.data.Dataset:
        return tf.data.Dataset.from_tensor_slices(({"pixels": task.test_images}, task.test_labels)).batch(count)

    evaluated = network.evaluate(input_fn)
    logits = np.stack([prediction["logits"] for prediction in network.predict(input_fn)])
    parameters = {
        name: network.get_variable_value(variable)
        for variable in network.get_variable_names()
        if (name := module.canonical_name(variable))
    }
    steps = int(evaluated["global_step"])
    return Evaluated(steps, parameters, float(evaluated["loss"]), float(evaluated["accuracy"]), logits)


def _network(task: Task) -> tuple[ModuleType, Any]:
    """The file of a network, and what it builds: a Keras model or an estimator."""
    module = importlib.import_module(f"bnrepro.networks.{task.implementation}")
    if task.implementation == "keras":
        return module, module.build_model(task.architecture, task.learning_rate)
    return module, module.build_estimator(task.architecture, task.learning_rate, model_dir=str(task.folder))


class StartFrom(tf.estimator.SessionRunHook):
    """What a user would write to begin from given values."""

    def __init__(self, task: Task, module: ModuleType):
        self._initial = task.initial
        self._module = module

    def after_create_session(self, session: tf.compat.v1.Session, coord: tf.train.Coordinator) -> None:
        for variable in tf.compat.v1.global_variables():
            if name := self._module.canonical_name(variable.op.name):
                variable.load(self._initial[name], session)


if __name__ == "__main__":
    file = Path(sys.argv[1])
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    tasks = pickle.loads(file.read_bytes())
    for task in tasks:
        train(task)
    file.write_bytes(pickle.dumps((tf.__version__, [vars(evaluate(task)) for task in tasks])))
