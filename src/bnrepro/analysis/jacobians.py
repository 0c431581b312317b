"""The singular values of layers' Jacobians, before training and after it (paper, section 3.3).

A layer's Jacobian is the derivative of its outputs by the outputs of the layer before. Outputs are those of a
nonlinearity, or the sums where there are skip connections. The Jacobian is that of a single image, with the mean and
the variance of its mini-batch held fixed. Meant for dense networks without normalization, or with batch normalization
before the nonlinearity.
"""

import importlib
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bnrepro import numerics
from bnrepro.analysis import curves
from bnrepro.data.dataset import Dataset
from bnrepro.networks.parameters import Parameters
from bnrepro.study.factors import Pixels, RunSpec
from bnrepro.study.implementations import measured_as
from bnrepro.training.recording import training_rows

if TYPE_CHECKING:  # they import TensorFlow
    import tensorflow as tf

    from bnrepro.networks.layers import Hidden
    from bnrepro.networks.network import Network

STUDY = "deep"
IMAGES = 4  # of the mini-batch, whose singular values are taken together
MEASURED = ["rms", "percentile_15", "percentile_85"]


def table(
    records: Sequence[dict[str, Any]],
    further: Sequence[str],
    dataset: Dataset,
    read: Callable[[dict[str, Any]], Parameters],
) -> pd.DataFrame:
    """The singular values of study `deep`, on the first mini-batch of the probe (`bnrepro.measurement.images`).

    Those of the runs at the study's lowest learning rate: before training all rates are one, and a decomposition takes
    its time.

    Args:
        further: the study's own factors (`curves.further`).
        read: gives the parameters at the end of a record.

    Returns:
        A row for every run, layer from the second on, and `when` (start, end): the series' factors, seed, layer, when,
        and of the singular values of `IMAGES` images together the root mean square and two percentiles. NaN at the end
        of a run that diverged.
    """
    factors = [*curves.SERIES, *further]
    lowest = min((record["spec"]["learning_rate"] for record in records), default=None)
    frames = []
    for record in [one for one in records if one["spec"]["learning_rate"] == lowest]:
        spec = RunSpec(**record["spec"])
        numerics.use(spec.numerics)
        network, images = _network(spec.program, dataset), _mini_batch(dataset, spec.pixels, spec.hold_out)
        start = _measured(network, network.initial(spec.initial_weights, spec.seed), images)
        diverged = record["diverged_at"] is not None
        end = np.full_like(start, np.nan) if diverged else _measured(network, read(record), images)
        own = {"study": STUDY, **{name: record["spec"][name] for name in [*factors[1:], "seed"]}}
        for when, values in (("start", start), ("end", end)):
            columns = dict(zip(MEASURED, values.T, strict=True))
            frames.append(pd.DataFrame({"layer": range(2, spec.depth + 1), "when": when, **columns}).assign(**own))
    names = [*factors, "seed", "layer", "when", *MEASURED]
    return pd.concat(frames, ignore_index=True)[names] if frames else pd.DataFrame(columns=names)


def summary(singular_values: pd.DataFrame) -> pd.DataFrame:
    """The means over seeds (`table`)."""
    arms = [*curves.series(singular_values), "when", "layer"]
    return singular_values.groupby(arms, sort=False, dropna=False)[MEASURED].mean().reset_index()


def singular_values(jacobians: np.ndarray) -> np.ndarray:
    """[images, width] of [images, width, width], the largest first: 0 if it is rounding, NaN if J is not finite."""
    if not np.isfinite(jacobians).all():
        return np.full(jacobians.shape[:-1], np.nan)
    values = np.linalg.svd(jacobians, compute_uv=False)
    rounding = np.finfo(float).eps * jacobians.shape[-1] * values[:, :1]  # as of numpy.linalg.matrix_rank
    return np.where(values > rounding, values, 0.0)


def jacobians(network: "Network", parameters: Parameters, images: "tf.Tensor") -> Iterator[np.ndarray]:
    """Of each layer from the second on, float64 [`IMAGES`, outputs, inputs]: of the first images of a mini-batch.

    Args:
        images: [batch, pixels] in [0, 1].
    """
    from bnrepro.networks.layers import Pass
    from bnrepro.networks.network import tensors_of
    from bnrepro.networks.statistics import ByBatch
    from bnrepro.networks.variants.residual import Residual

    tensors, normalizer = tensors_of(parameters), ByBatch(len(images))
    run = Pass(normalizer)
    network.rest(tensors, network.first(tensors, images), run)
    epsilons = {layer.name: layer.epsilon for layer in network.normalizations}
    scales = [layer.scale for layer in network.layers if isinstance(layer, Residual)]
    for place, kernel in enumerate(network.kernels[1:-1]):
        name = kernel.removesuffix("/kernel")
        slopes = _slopes(run.hidden[place + 1])[:IMAGES].astype(float)
        if name in epsilons:
            variance = normalizer.seen[name][1][0].numpy().astype(float)
            slopes *= parameters[f"{name}/gamma"] / np.sqrt(variance + epsilons[name])
        branch = slopes[:, :, np.newaxis] * parameters[kernel].T.astype(float)
        yield np.eye(len(parameters[kernel])) + scales[place] * branch if scales else branch


def _slopes(hidden: "Hidden") -> np.ndarray:
    """Of a nonlinearity at its inputs, [images, width]: it takes each of them by itself."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(hidden.inputs)
        outputs = hidden.activation.apply(hidden.inputs)
    return tape.gradient(outputs, hidden.inputs).numpy()


def _measured(network: "Network", parameters: Parameters, images: "tf.Tensor") -> np.ndarray:
    """`MEASURED` of each layer from the second on: [layers, 3]."""
    rows = []
    for of_layer in jacobians(network, parameters, images):
        values = singular_values(of_layer)
        rows.append([np.sqrt((values**2).mean()), *np.percentile(values, (15, 85))])
    return np.array(rows).reshape(-1, len(MEASURED))


@lru_cache(maxsize=16)
def _network(program: RunSpec, dataset: Dataset) -> "Network":
    from bnrepro.training.run import architecture

    module = importlib.import_module(measured_as(program))
    network: Network = module.network(architecture(module, program, dataset.shape, dataset.classes))
    return network


@lru_cache(maxsize=2)
def _mini_batch(dataset: Dataset, pixels: Pixels, hold_out: bool) -> "tf.Tensor":
    """The first of those that probes look at, of the images that a run is trained on: [batch, pixels] in [0, 1]."""
    from bnrepro.measurement.images import Images

    images = Images(dataset.binarized() if pixels == "binary" else dataset, training_rows(dataset, hold_out))
    return images.inputs[images.probe][: images.batch]
