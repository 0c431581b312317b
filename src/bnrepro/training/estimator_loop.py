"""Training an estimator: `Estimator.train` with an input function and two hooks, one optimizer step per session run."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig

import bnrepro.estimators  # noqa: F401 (tf.estimator)
from bnrepro.data.dataset import Dataset
from bnrepro.networks.parameters import CanonicalName, Parameters
from bnrepro.training.start import Start

BuildEstimator = Callable[..., tf.estimator.Estimator]
Batch = tuple[dict[str, tf.Tensor], tf.Tensor]


def train(build_estimator: BuildEstimator, canonical_name: CanonicalName, dataset: Dataset, start: Start) -> int | None:
    """Train a run on mini-batches of `dataset`, at the learning rate that `build_estimator` gives its estimator.

    Returns:
        The first step whose loss was not a number, which ends training; None if there was none.
    """
    with TemporaryDirectory(prefix="bnrepro-") as folder:
        # No checkpoints, summaries or logs: parameters are fetched by a hook, and measured outside the estimator.
        config = tf.estimator.RunConfig(
            save_checkpoints_steps=None,
            save_summary_steps=None,
            log_step_count_steps=None,
            session_config=_one_thread() if not tf.config.list_logical_devices("GPU") else _beside_a_gpu(),
        )
        estimator = build_estimator(model_dir=folder, config=config)
        rows = np.stack(list(start.batches))
        evaluations = EvaluationHook(canonical_name, start.evaluated, start.observe)
        try:
            estimator.train(
                in_graph_input(Path(folder), dataset, rows),
                hooks=[InitialValuesHook(canonical_name, start.initial), evaluations],
                max_steps=len(rows),
            )
        except tf.estimator.NanLossDuringTrainingError:
            return evaluations.step
        finally:
            evaluations.close()
        return None


def _one_thread() -> tf.compat.v1.ConfigProto:
    """A step's operations one after another in the calling thread: handing them to another costs more than it saves."""
    config = tf.compat.v1.ConfigProto(inter_op_parallelism_threads=-1)
    config.experimental.executor_type = "SINGLE_THREADED_EXECUTOR"
    # As estimators have it: optimizing the graph once gives the same speed as twice, and starts sooner.
    config.graph_options.rewrite_options.meta_optimizer_iterations = RewriterConfig.ONE
    return config


def _beside_a_gpu() -> tf.compat.v1.ConfigProto:
    """As estimators have it. One thread would wait for ever where a step has one half here and one on the GPU."""
    return tf.compat.v1.ConfigProto(allow_soft_placement=True)


def in_graph_input(folder: Path, dataset: Dataset, rows: np.ndarray) -> Callable[[], Batch]:
    """An input function: ({"pixels": float32 [batch, pixels]}, int32 [batch]) of the global step's row of `rows`.

    Images, labels and rows are local variables that the graph reads from plain files when a session starts. With
    `from_tensor_slices` the images would be part of the graph, and cost 20 seconds and more before the first step on
    MNIST; and a pipeline of `tf.data` hands every batch from thread to thread, which on one core takes longer than the
    step itself.
    """
    arrays = {"images": dataset.train_images, "labels": dataset.train_labels, "rows": rows}
    for name, array in arrays.items():
        array.tofile(folder / name)

    def local_variable(name: str) -> tf.Variable:
        array = arrays[name]

        def read() -> tf.Tensor:
            content = tf.io.decode_raw(tf.io.read_file(str(folder / name)), array.dtype)
            return tf.reshape(content, array.shape)

        local = [tf.compat.v1.GraphKeys.LOCAL_VARIABLES]
        return tf.compat.v1.Variable(read, trainable=False, collections=local, name=name)

    def input_fn() -> Batch:
        batch = tf.gather(local_variable("rows"), tf.compat.v1.train.get_global_step())
        pixels = tf.cast(tf.gather(local_variable("images"), batch), tf.float32) / dataset.levels
        return {"pixels": pixels}, tf.gather(local_variable("labels"), batch)

    return input_fn


class InitialValuesHook(tf.estimator.SessionRunHook):
    """Starts training from given parameters, and makes sure that it did."""

    def __init__(self, canonical_name: CanonicalName, initial: Parameters):
        self._canonical_name = canonical_name
        self._initial = initial

    def after_create_session(self, session: tf.compat.v1.Session, coord: tf.train.Coordinator) -> None:
        if session.run(tf.compat.v1.train.get_global_step()) > 0:
            return  # a session that was recovered goes on where it was
        variables = network_variables(self._canonical_name)
        if variables.keys() != self._initial.keys():
            raise ValueError(f"parameters do not fit: {sorted(variables.keys() ^ self._initial.keys())}")
        # What `Variable.load` does, for all of them in one run of the session; each run costs 10 ms the first time.
        initializers = {name: variable.initializer for name, variable in variables.items()}
        values = {operation.inputs[1]: self._initial[name] for name, operation in initializers.items()}
        session.run(list(initializers.values()), values)
        for name, value in session.run(variables).items():
            if not np.array_equal(value, self._initial[name]):
                raise ValueError(f"{name} did not take its initial value")


class EvaluationHook(tf.estimator.SessionRunHook):
    """Hands out the parameters after the steps `evaluated`. `step` is the last step begun."""

    def __init__(
        self, canonical_name: CanonicalName, evaluated: Collection[int], observe: Callable[[int, Parameters], None]
    ):
        self._canonical_name = canonical_name
        self._evaluated = evaluated
        self._observe = observe
        # The default graph belongs to a thread. In another one, what is observed runs eagerly, outside this graph.
        self._elsewhere = ThreadPoolExecutor(max_workers=1)
        self.step = 0

    def begin(self) -> None:
        self._variables = network_variables(self._canonical_name)
        self._loss = tf.compat.v1.get_collection(tf.compat.v1.GraphKeys.LOSSES)[-1]  # the estimator adds its own last

    def before_run(self, run_context: tf.estimator.SessionRunContext) -> tf.estimator.SessionRunArgs | None:
        self.step += 1
        return tf.estimator.SessionRunArgs(self._loss) if self.step in self._evaluated else None

    def after_run(self, run_context: tf.estimator.SessionRunContext, run_values: tf.estimator.SessionRunValues) -> None:
        # The estimator's own hook ends a run whose loss is not a number, after this one.
        if run_values.results is not None and not np.isnan(run_values.results):
            parameters = run_context.session.run(self._variables)
            self._elsewhere.submit(self._observe, self.step, parameters).result()

    def close(self) -> None:
        self._elsewhere.shutdown()


def network_variables(canonical_name: CanonicalName) -> dict[str, tf.Variable]:
    """The variables of the network in the current graph, by canonical name."""
    named = {canonical_name(v.op.name): v for v in tf.compat.v1.global_variables()}
    return {name: variable for name, variable in named.items() if name is not None}
