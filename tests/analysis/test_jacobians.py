"""Layers' Jacobians: against automatic differentiation, and their singular values where they are known by hand."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from bnrepro.analysis import jacobians
from bnrepro.data.dataset import Dataset
from bnrepro.networks import residual
from bnrepro.networks.layers import Activation, Layer, Pass
from bnrepro.networks.network import Network, tensors_of
from bnrepro.networks.parameters import Parameters
from bnrepro.networks.statistics import ByBatch, Fixed
from bnrepro.networks.variants import dense
from bnrepro.networks.variants import residual as pure_residual
from tests.networks.specs import run_spec

WIDTH, BATCH = 5, 7
COMMON: dict[str, Any] = {"inputs": 4, "depth": 3, "width": WIDTH, "classes": 2, "placement": "before"}
COMMON |= {"momentum": 0.9, "epsilon": 0.1}


def small(normalization: str, activation: str, skip: str) -> tuple[Network, Parameters, tf.Tensor]:
    """A network of three layers, no parameter of which is where it starts, and a mini-batch."""
    own = {**COMMON, "normalization": normalization, "activation": activation}
    network = (
        dense.network(dense.Architecture(**own))
        if skip == "none"
        else pure_residual.network(residual.Architecture(**own, skip=skip))
    )
    rng = np.random.default_rng(0)
    parameters = {
        name: rng.normal(0.2, 0.7, value.shape).astype(np.float32) for name, value in network.initial(1.0, 0).items()
    }
    return network, parameters, tf.constant(rng.random((BATCH, 4), np.float32))


def blocks(network: Network) -> Iterator[list[Layer]]:
    """The layers between two outputs."""
    block: list[Layer] = []
    for layer in network.layers[:-1]:
        block.append(layer)
        if isinstance(layer, Activation | pure_residual.Residual):
            yield block
            block = []


def by_automatic_differentiation(network: Network, parameters: Parameters, images: tf.Tensor) -> list[np.ndarray]:
    tensors, normalizer = tensors_of(parameters), ByBatch(BATCH)
    network.rest(tensors, network.first(tensors, images), Pass(normalizer))
    run, x, found = Pass(Fixed(normalizer.seen)), images, []
    for block in blocks(network):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x
            for layer in block:
                y = layer(tensors, y, run)
        found.append(tape.batch_jacobian(y, x).numpy())
        x = y
    return found[1:]


@pytest.mark.parametrize("skip", ["none", "identity", "scaled"])
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_jacobians_are_those_of_automatic_differentiation(normalization: str, activation: str, skip: str) -> None:
    network, parameters, images = small(normalization, activation, skip)
    found = list(jacobians.jacobians(network, parameters, images))
    expected = by_automatic_differentiation(network, parameters, images)
    assert len(found) == len(expected) == 2
    for own, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(own, other[: jacobians.IMAGES], rtol=0, atol=1e-5 * np.abs(other).max())


def test_singular_values_of_matrices_that_are_known() -> None:
    rotation = np.array([[0.6, -0.8], [0.8, 0.6]])
    of_rank_1 = np.outer([1.0, 1 / 3], [1 / 7, 3.0])  # the other is not 0 in floating point
    found = jacobians.singular_values(np.stack([rotation, 3 * rotation, of_rank_1]))
    np.testing.assert_allclose(found[:2], [[1, 1], [3, 3]])
    assert found[2, 1] == 0
    assert np.isnan(jacobians.singular_values(np.array([[[np.inf]]]))).all()


def found(dataset: Dataset, *records: dict[str, Any]) -> pd.DataFrame:
    """The table of runs whose parameters at the end are twice those at the start."""

    def read(record: dict[str, Any]) -> Parameters:
        spec = record["spec"]
        own = {"inputs": dataset.pixels, "classes": 10, "activation": "sigmoid", "placement": "before"}
        own |= {name: spec[name] for name in ("depth", "width", "normalization")} | {"momentum": 0.0, "epsilon": 0.1}
        start = dense.network(dense.Architecture(**own)).initial(spec["initial_stddev"], spec["seed"])
        return {name: 2 * value for name, value in start.items()}

    return jacobians.table(records, [], dataset, read)


def record(diverged_at: int | None = None, **changes: Any) -> dict[str, Any]:
    return {"spec": asdict(run_spec("keras", depth=4, width=6, **changes)), "diverged_at": diverged_at}


def test_a_run_has_a_row_for_its_start_and_its_end_in_each_layer_from_the_second_on(digits: Dataset) -> None:
    table = found(digits, record(), record(seed=2))
    assert table.groupby(["seed", "when"])["layer"].agg(list).map(tuple).to_dict() == {
        (seed, when): (2, 3, 4) for seed in (1, 2) for when in ("start", "end")
    }
    assert not table[jacobians.MEASURED].isna().any(axis=None)
    assert (table["percentile_15"] < table["rms"]).all()
    assert (table["percentile_85"] > table["rms"]).all()
    rms = table.pivot(index=["seed", "layer"], columns="when", values="rms")
    assert ((rms["end"] / rms["start"] > 1.5) & (rms["end"] / rms["start"] <= 2)).all()  # slopes are less steep


def test_the_start_of_a_sigmoid_layer_without_normalization_is_a_quarter_of_its_weights(digits: Dataset) -> None:
    """Where weights are small, sigmoids get next to nothing, and are as steep as they can be."""
    start = run_spec("keras", depth=2, width=6, initial_stddev=1e-4)
    table = found(digits, {"spec": asdict(start), "diverged_at": None}).query("when == 'start'")
    rng = np.random.default_rng([1, 0])
    rng.standard_normal((digits.pixels, 6))
    weights = 1e-4 * rng.standard_normal((6, 6))
    np.testing.assert_allclose(table["rms"], np.linalg.norm(weights / 4) / np.sqrt(6), rtol=1e-3)


def test_a_run_that_diverged_has_no_end(digits: Dataset) -> None:
    table = found(digits, record(), record(diverged_at=7, seed=2)).set_index(["seed", "when"])
    assert table.index[table["rms"].isna()].unique().tolist() == [(2, "end")]
    summary = jacobians.summary(table.reset_index())
    np.testing.assert_allclose(summary.query("when == 'end'")["rms"], table.loc[(1, "end"), "rms"])


def test_the_table_has_the_lowest_learning_rate_and_the_summary_means_over_seeds(digits: Dataset) -> None:
    table = found(digits, *(record(seed=seed, learning_rate=rate) for seed in (1, 2) for rate in (0.1, 1.0)))
    assert table["learning_rate"].unique().tolist() == [0.1]
    summary = jacobians.summary(table)
    assert len(summary) == 3 * 2
    ends = table[table["when"] == "end"].groupby("layer")["rms"].mean()
    np.testing.assert_allclose(summary.query("when == 'end'")["rms"], ends)
