"""What is timed, each row in a process of its own: `python -m benchmarks.rates ROW NORMALIZATION DEPTH`.

All rows train the paper's network with mini-batches of 60 on made-up images of MNIST's size: a step takes as long on
them as on digits that somebody wrote.
"""

import importlib
import importlib.util
import itertools
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bnrepro import device, numerics
from bnrepro.data.dataset import Dataset
from bnrepro.networks.parameters import Architecture, Parameters
from bnrepro.training.start import Start

BATCH, BLOCK, REPEATS = 60, 500, 7  # images a step; steps in what is timed; how often, after one to warm up
LEARNING_RATE = 0.1


class Stopwatch:
    """Times the blocks of training, each ended by `observe`; what happens between two blocks is left out."""

    def __init__(self) -> None:
        self._resumed = time.perf_counter()
        self._blocks: list[float] = []

    def observe(self, *_: Any) -> None:
        self._blocks.append(time.perf_counter() - self._resumed)
        self._resumed = time.perf_counter()

    def measured(self) -> dict[str, Any]:
        """Steps/s of every block but the first, and the seconds that the first took longer than the others."""
        first, *later = self._blocks
        return {
            "steps_per_second": [BLOCK / block for block in later],
            "start_seconds": first - float(np.median(later)),
        }


def architecture(normalization: str, depth: int, placement: str = "before") -> Architecture:
    """The paper's network, with the canned estimator's order of things where `placement` is `after`."""
    return Architecture(784, depth, 100, 10, normalization, placement, 0.99, 0.001)  # type: ignore[arg-type]


def made_up_images() -> Dataset:
    """Random binary images and labels, as many as MNIST has."""
    rng = np.random.default_rng(0)
    train, test = (rng.integers(0, 2, (n, 784), np.uint8) for n in (60_000, 10_000))
    train_labels, test_labels = (rng.integers(0, 10, n, np.int32) for n in (60_000, 10_000))
    return Dataset("mnist", (28, 28, 1), 10, 1, train, train_labels, test, test_labels, np.zeros(60_000, bool), "")


def initial(network: Architecture, seed: int = 0) -> Parameters:
    """A start from N(0, 0.1^2)."""
    from bnrepro.networks import dense

    return dense.network(network).initial(0.1, seed)


def start(
    initial: Parameters, rows: Iterator[np.ndarray], observe: Callable[[int, Parameters], None], seed: int = 0
) -> Start:
    """A run that is observed after every block."""
    steps = (REPEATS + 1) * BLOCK
    rates = np.full(steps, LEARNING_RATE, np.float32)
    return Start(initial, rows, rates, range(0, steps + 1, BLOCK), observe, seed)


def batches(blocks: int = REPEATS + 1) -> Iterator[np.ndarray]:
    """Rows of the training images [batch], for every step of so many blocks."""
    rng = np.random.default_rng(0)
    return (rng.integers(0, 60_000, BATCH).astype(np.int32) for _ in range(blocks * BLOCK))


def keras(normalization: str, depth: int, arithmetic: numerics.Numerics) -> dict[str, Any]:
    """The compiled loop; and, in the same process, the seconds of one evaluation, with a look at every second one."""
    _use(arithmetic)
    network, dataset, xla = architecture(normalization, depth), made_up_images(), arithmetic == "fast"
    watch = Stopwatch()
    compiled_loop(network, dataset, xla).train(start(initial(network), batches(), watch.observe))
    return {**watch.measured(), "evaluation_seconds": evaluation_seconds(network, dataset, xla)}


def compiled_loop(network: Architecture, dataset: Dataset, xla: bool) -> Any:
    """The compiled loop of the lesson's Keras model."""
    from bnrepro.networks import keras as written
    from bnrepro.training.compiled_loop import CompiledLoop

    model = written.build_model(network, LEARNING_RATE)
    return CompiledLoop(model, written.canonical_name, "sgd", dataset, BLOCK, BATCH, xla)


def evaluation_seconds(network: Architecture, dataset: Dataset, xla: bool) -> list[float]:
    """What one evaluation takes, several times, with a look into the layers at every second one."""
    from bnrepro.measurement.evaluator import Evaluator
    from bnrepro.measurement.images import Images
    from bnrepro.measurement.probe import Probe
    from bnrepro.networks import dense

    images, parameters, pure = Images(dataset, np.arange(60_000)), initial(network), dense.network(network)
    evaluator, probe = Evaluator(pure, images, xla), Probe(pure, images, xla)

    def two_evaluations() -> None:
        evaluator.measure(parameters)
        evaluator.measure(parameters)
        probe.look(parameters, 0, 0, LEARNING_RATE)

    return [taken / 2 for taken in seconds(two_evaluations)]


def estimator(name: str, normalization: str, depth: int, arithmetic: numerics.Numerics) -> dict[str, Any]:
    """An estimator in the estimators' loop."""
    _use(arithmetic)
    from bnrepro.training import estimator_loop

    module = importlib.import_module(f"bnrepro.networks.{name}")
    network = architecture(normalization, depth, "after" if name == "canned_estimator" else "before")
    dataset = made_up_images()

    def train(blocks: int) -> Stopwatch:
        watch = Stopwatch()
        build = partial(module.build_estimator, network, LEARNING_RATE)
        begin = start(initial(network), batches(blocks), watch.observe)
        estimator_loop.train(build, module.canonical_name, dataset, begin)
        return watch

    train(2)  # what a worker's first run loads and imports
    return train(REPEATS + 1).measured()


def model_fit(normalization: str, depth: int, steps_per_execution: int) -> dict[str, Any]:
    """`Model.fit`, as users call it, on the images as floating-point numbers."""
    _use("fast")
    import tensorflow as tf

    from bnrepro.networks import keras as network

    dataset = made_up_images()
    model = network.build_model(architecture(normalization, depth), LEARNING_RATE)
    model.compile(model.optimizer, model.loss, steps_per_execution=steps_per_execution)
    watch = Stopwatch()
    model.fit(
        dataset.train_images.astype(np.float32),
        dataset.train_labels,
        batch_size=BATCH,
        epochs=5,
        steps_per_epoch=BLOCK,
        verbose=0,
        callbacks=[tf.keras.callbacks.LambdaCallback(on_epoch_end=watch.observe)],
    )
    return watch.measured()


def default_estimator(normalization: str, depth: int) -> dict[str, Any]:
    """An estimator as tutorials have it: the default RunConfig, and the images in the graph by `from_tensor_slices`."""
    _use("fast")
    import tensorflow as tf

    from bnrepro.networks import core_estimator

    dataset = made_up_images()

    def input_fn() -> Any:
        pixels = {"pixels": dataset.train_images.astype(np.float32)}
        return tf.data.Dataset.from_tensor_slices((pixels, dataset.train_labels)).shuffle(60_000).repeat().batch(BATCH)

    class Watch(tf.estimator.SessionRunHook):
        def __init__(self) -> None:
            self.stopwatch, self._step = Stopwatch(), 0

        def after_run(self, run_context: Any, run_values: Any) -> None:
            self._step += 1
            if self._step % BLOCK == 0:
                self.stopwatch.observe()

    with TemporaryDirectory() as folder:
        built = core_estimator.build_estimator(architecture(normalization, depth), LEARNING_RATE, model_dir=folder)
        watch = Watch()
        built.train(input_fn, hooks=[watch], max_steps=4 * BLOCK)
    return watch.stopwatch.measured()


def matrix_products(normalization: str, depth: int) -> dict[str, Any]:
    """The matrix products of a step and nothing else, in one compiled function: what no network can beat."""
    _use("fast")
    import tensorflow as tf

    sizes = [784, *[100] * depth, 10]
    weights = [tf.random.normal(shape) for shape in itertools.pairwise(sizes)]
    inputs = tf.random.normal((BATCH, 784))

    @tf.function
    def block() -> tf.Tensor:
        total = tf.constant(0.0)
        for _ in tf.range(BLOCK):
            x, layers = inputs + total, []
            for weight in weights:
                layers.append(x)
                x = tf.matmul(x, weight)
            for weight, layer in zip(reversed(weights), reversed(layers), strict=True):
                total += 1e-30 * tf.matmul(layer, x, transpose_a=True)[0, 0]
                x = tf.matmul(x, weight, transpose_b=True) if layer is not layers[0] else x
        return total

    watch = Stopwatch()
    for _ in range(REPEATS + 1):
        block().numpy()
        watch.observe()
    return watch.measured()


def pytorch(normalization: str, depth: int) -> dict[str, Any]:
    """PyTorch, eagerly, batches gathered from tensors in memory."""
    import torch

    torch.set_num_threads(1)
    dataset, sizes, layers = made_up_images(), [784, *[100] * depth], []
    for units_in, units_out in itertools.pairwise(sizes):
        layers.append(torch.nn.Linear(units_in, units_out, bias=normalization == "none"))
        if normalization == "batch":
            layers.append(torch.nn.BatchNorm1d(units_out, momentum=0.01, eps=0.001))
        layers.append(torch.nn.Sigmoid())
    model = torch.nn.Sequential(*layers, torch.nn.Linear(100, 10))
    optimizer, loss = torch.optim.SGD(model.parameters(), LEARNING_RATE), torch.nn.CrossEntropyLoss()
    images = torch.from_numpy(dataset.train_images)
    labels = torch.from_numpy(dataset.train_labels.astype(np.int64))
    watch, rows = Stopwatch(), batches(5)
    for _ in range(5):
        for batch in itertools.islice(rows, BLOCK):
            chosen = torch.from_numpy(batch.astype(np.int64))
            optimizer.zero_grad()
            loss(model(images[chosen].float()), labels[chosen]).backward()
            optimizer.step()
        watch.observe()
    return watch.measured()


def jax(normalization: str, depth: int, runs: int = 0) -> dict[str, Any]:
    """JAX: `lax.scan` over the steps of a block, batches gathered on the device, in float32.

    Args:
        runs: that train together, by `vmap`; 0: one by itself.
    """
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_default_matmul_precision", "float32")  # else a GPU rounds to ten bits
    dataset = made_up_images()
    network = architecture(normalization, depth)
    starts = [initial(network, seed) for seed in range(max(1, runs))]
    parameters = {name: jnp.stack([start[name] for start in starts]) for name in starts[0]}
    if not runs:
        parameters = {name: value[0] for name, value in parameters.items()}
    averages = {name: parameters.pop(name) for name in list(parameters) if "/moving_" in name}
    images, labels = jnp.asarray(dataset.train_images), jnp.asarray(dataset.train_labels)

    def loss(parameters: Any, averages: Any, x: Any, y: Any) -> Any:
        updated = {}
        for layer in network.hidden_layers:
            x = x @ parameters[f"{layer}/kernel"]
            if network.batch_norm:
                mean, variance = x.mean(0), x.var(0)
                for name, value in ((f"{layer}/moving_mean", mean), (f"{layer}/moving_variance", variance)):
                    updated[name] = network.momentum * averages[name] + (1 - network.momentum) * value
                x = (x - mean) * jax.lax.rsqrt(variance + network.epsilon)
                x = x * parameters[f"{layer}/gamma"] + parameters[f"{layer}/beta"]
            else:
                x = x + parameters[f"{layer}/bias"]
            x = jax.nn.sigmoid(x)
        shares = jax.nn.log_softmax(x @ parameters["logits/kernel"] + parameters["logits/bias"])
        return -jnp.take_along_axis(shares, y[:, None], 1).mean(), updated

    def step(images: Any, labels: Any, state: Any, batch: Any) -> Any:
        (value, updated), gradients = jax.value_and_grad(loss, has_aux=True)(
            *state, images[batch].astype(jnp.float32), labels[batch]
        )
        descended = jax.tree.map(lambda old, gradient: old - LEARNING_RATE * gradient, state[0], gradients)
        return (descended, updated), value

    every = jax.vmap(step, in_axes=(None, None, 0, 0)) if runs else step
    block = jax.jit(lambda images, labels, state, rows: jax.lax.scan(partial(every, images, labels), state, rows))
    state = parameters, averages
    rng = np.random.default_rng(0)
    shape = (BLOCK, runs, BATCH) if runs else (BLOCK, BATCH)
    every_rows = [rng.integers(0, 60_000, shape, np.int32) for _ in range(REPEATS + 1)]
    watch = Stopwatch()
    for rows in every_rows:
        chosen = jnp.asarray(rows)
        state, losses = block(images, labels, state, chosen)
        losses.block_until_ready()
        watch.observe()
    return watch.measured()


ROWS: dict[str, Callable[[str, int], dict[str, Any]]] = {
    "Keras model, fast": partial(keras, arithmetic="fast"),
    "Keras model, portable": partial(keras, arithmetic="portable"),
    **{
        f"{name.replace('_', ' ')}, {arithmetic}": partial(estimator, name, arithmetic=arithmetic)
        for arithmetic in ("fast", "portable")
        for name in ("canned_estimator", "keras_estimator", "core_estimator")
    },
    "Model.fit": partial(model_fit, steps_per_execution=1),
    "Model.fit, steps_per_execution=500": partial(model_fit, steps_per_execution=500),
    "default Estimator": default_estimator,
    "matrix products alone": matrix_products,
    "PyTorch, eager": pytorch,
    "JAX, lax.scan": jax,
}
NEEDS = {"PyTorch, eager": "torch", "JAX, lax.scan": "jax"}


def available() -> list[str]:
    """The rows that can be measured with the packages that are installed."""
    return [row for row in ROWS if row not in NEEDS or importlib.util.find_spec(NEEDS[row])]


def keep_to_one_core() -> None:
    """Bind this process to the first core that it may use, where the system binds processes at all."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _use(arithmetic: numerics.Numerics) -> None:
    """Let this process compute with TensorFlow, on the processor."""
    numerics.use(arithmetic)
    device.use("cpu", None)


def seconds(call: Callable[[], Any]) -> list[float]:
    """What a call takes, several times, after one to warm up."""
    call()
    taken = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return taken


if __name__ == "__main__":
    row, normalization, depth = sys.argv[1:]
    keep_to_one_core()
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # that estimators are deprecated is known here
    print(json.dumps(ROWS[row](normalization, int(depth))))
