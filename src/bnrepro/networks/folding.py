"""Batch normalization with fixed statistics is an affine map, and folds into the weights beside it."""

from dataclasses import replace

import numpy as np

from bnrepro.networks.layers import BatchNorm, Dense
from bnrepro.networks.network import Network
from bnrepro.networks.parameters import Parameters


def plain(network: Network) -> Network | None:
    """The same network without normalization; None where this module cannot fold.

    It can fold a batch normalization right after a dense layer, or with the next dense layer right after it.
    """
    if network.normalizations and _beside(network) is None:
        return None
    kept = [layer for layer in network.layers if not isinstance(layer, BatchNorm)]
    return Network([replace(layer, bias=True) if isinstance(layer, Dense) else layer for layer in kept])


def fold(network: Network, parameters: Parameters) -> Parameters:
    """Parameters with which `plain(network)` gives what `network` gives by its moving averages.

    y = gamma (x - mean) / sqrt(variance + epsilon) + beta = scale x + shift (paper, Algorithm 2, line 11). Before the
    nonlinearity that goes into the layer's own weights, after it into the next layer's. Computed in float64.

    Raises:
        ValueError: it cannot be folded.
    """
    beside = _beside(network)
    if beside is None:
        raise ValueError("a batch normalization has no dense layer beside it")
    exact = {name: value.astype(np.float64) for name, value in parameters.items()}
    normalized = {f"{layer.name}/{name}" for layer, _, _ in beside for name in ("gamma", "beta")}
    folded = {name: value for name, value in exact.items() if name not in normalized and "/moving_" not in name}
    for layer, before, after in beside:
        gamma, beta, mean, variance = (
            exact[name] for name in (f"{layer.name}/gamma", f"{layer.name}/beta", *layer.averages)
        )
        scale = gamma / np.sqrt(variance + layer.epsilon)
        shift = beta - scale * mean
        if before:
            folded[before.kernel] = folded[before.kernel] * scale
            folded[f"{before.name}/bias"] = folded.get(f"{before.name}/bias", 0.0) * scale + shift
        elif after:
            kernel, bias = folded[after.kernel], f"{after.name}/bias"
            # Not `shift @ kernel`: NumPy leaves that to a library that adds in another order on every processor.
            folded[bias] = folded.get(bias, 0.0) + (shift[:, np.newaxis] * kernel).sum(axis=0)
            folded[after.kernel] = scale[:, np.newaxis] * kernel
    return {name: value.astype(np.float32) for name, value in folded.items()}


def _beside(network: Network) -> list[tuple[BatchNorm, Dense | None, Dense | None]] | None:
    """Each batch normalization with the dense layer that it folds into, the one before or the one after it."""
    layers = [layer for layer in network.layers if not layer.training_only]
    found: list[tuple[BatchNorm, Dense | None, Dense | None]] = []
    for before, layer, after in zip([None, *layers], layers, [*layers[1:], None], strict=False):
        if not isinstance(layer, BatchNorm):
            continue
        if isinstance(before, Dense):
            found.append((layer, before, None))
        elif isinstance(after, Dense):
            found.append((layer, None, after))
    return found if len(found) == len(network.normalizations) else None
