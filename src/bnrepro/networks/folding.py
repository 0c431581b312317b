"""Batch normalization with fixed statistics is an affine map, and folds into the layers beside it."""

from dataclasses import replace

import numpy as np

from bnrepro.networks.parameters import Architecture, Parameters


def plain(architecture: Architecture) -> Architecture:
    """The same network without normalization."""
    return replace(architecture, normalization="none", noise="none")


def fold(architecture: Architecture, parameters: Parameters) -> Parameters:
    """Parameters of the plain network that gives what a network with batch normalization gives by its moving averages.

    y = gamma (x - mean) / sqrt(variance + epsilon) + beta = scale x + shift (paper, Algorithm 2, line 11). Before the
    nonlinearity that goes into the layer's own weights, after it into the next layer's. Computed in float64.
    """
    exact = {name: value.astype(np.float64) for name, value in parameters.items()}
    folded = {name: value for name, value in exact.items() if name.split("/")[1] in ("kernel", "bias")}
    following = [*architecture.hidden_layers[1:], "logits"]
    for layer, after in zip(architecture.hidden_layers, following, strict=True):
        mean, variance, gamma, beta = (
            exact[f"{layer}/{name}"] for name in ("moving_mean", "moving_variance", "gamma", "beta")
        )
        scale = gamma / np.sqrt(variance + architecture.epsilon)
        shift = beta - scale * mean
        if architecture.placement == "before":
            folded[f"{layer}/kernel"] = exact[f"{layer}/kernel"] * scale
            folded[f"{layer}/bias"] = exact.get(f"{layer}/bias", 0.0) * scale + shift
        else:
            kernel = exact[f"{after}/kernel"]
            # Not `shift @ kernel`: NumPy leaves that to a library that adds in another order on every processor.
            folded[f"{after}/bias"] = exact[f"{after}/bias"] + (shift[:, np.newaxis] * kernel).sum(axis=0)
            folded[f"{after}/kernel"] = scale[:, np.newaxis] * kernel
    return {name: value.astype(np.float32) for name, value in folded.items()}
