"""What all four networks agree on: the architecture, the names of its parameters, and their initial values.

The canonical form of a network's parameters is a dictionary of float32 arrays. For a hidden layer i = 1 ... depth:

    hidden_<i>/kernel [in, width]      hidden_<i>/bias [width]
    hidden_<i>/gamma, beta, moving_mean, moving_variance [width]     with batch normalization

and for the softmax layer `logits/kernel` [width, classes], `logits/bias` [classes]. Batch normalization before the
nonlinearity leaves out the bias, which its mean would cancel (paper, section 3.2); after it, the bias stays.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Parameters = dict[str, np.ndarray]

_WEIGHTS = 0  # the stream of random numbers that initial weights take; batches take another


@dataclass(frozen=True)
class Architecture:
    """A network: `depth` fully connected hidden layers of sigmoid units, softmax output.

    Attributes:
        inputs, width, classes: units per layer.
        depth: number of hidden layers.
        normalization: `none` or `batch`.
        placement: batch normalization `before` the nonlinearity (the paper's) or `after` it (the canned estimator's).
        momentum: share of the old value that the moving averages keep at each step.
        epsilon: added to the variance.
    """

    inputs: int
    depth: int
    width: int
    classes: int
    normalization: Literal["none", "batch"]
    placement: Literal["before", "after"]
    momentum: float
    epsilon: float

    @property
    def batch_norm(self) -> bool:
        return self.normalization == "batch"

    @property
    def hidden_bias(self) -> bool:
        return not (self.batch_norm and self.placement == "before")

    @property
    def hidden_layers(self) -> list[str]:
        return [f"hidden_{i}" for i in range(1, self.depth + 1)]


def initial_parameters(architecture: Architecture, stddev: float, seed: int) -> Parameters:
    """The start of a run: kernels from N(0, stddev^2), layer by layer; biases 0; gamma 1, beta 0; averages 0 and 1.

    Kernels depend on the seed and the layers' sizes alone, so that runs with and without normalization start from the
    same weights.

    Returns:
        The canonical form described above.
    """
    rng = np.random.default_rng([seed, _WEIGHTS])
    width, parameters = architecture.width, {}

    def dense(layer: str, units_in: int, units_out: int, bias: bool) -> None:
        kernel = stddev * rng.standard_normal((units_in, units_out))
        parameters[f"{layer}/kernel"] = kernel.astype(np.float32)
        if bias:
            parameters[f"{layer}/bias"] = np.zeros(units_out, np.float32)

    units_in = architecture.inputs
    for layer in architecture.hidden_layers:
        dense(layer, units_in, width, architecture.hidden_bias)
        if architecture.batch_norm:
            for name, value in (("gamma", 1), ("beta", 0), ("moving_mean", 0), ("moving_variance", 1)):
                parameters[f"{layer}/{name}"] = np.full(width, value, np.float32)
        units_in = width
    dense("logits", units_in, architecture.classes, bias=True)
    return parameters
