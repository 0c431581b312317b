"""What all four networks agree on: the architecture, the names of its parameters, and their initial values.

The canonical form of a network's parameters is a dictionary of float32 arrays. For a hidden layer i = 1 ... depth:

    hidden_<i>/kernel [in, width]      hidden_<i>/bias [width]
    hidden_<i>/gamma, beta, moving_mean, moving_variance [width]     with batch normalization
    hidden_<i>/gamma, beta [width]                                   with layer normalization
    hidden_<i>/scale [width]                                         with weight normalization

and for the softmax layer `logits/kernel` [width, classes], `logits/bias` [classes]. Batch normalization before the
nonlinearity leaves out the bias, which its mean would cancel (paper, section 3.2); after it, the bias stays. So does
layer normalization, whose beta does what a bias would.
"""

from dataclasses import dataclass

import numpy as np

from bnrepro.study.factors import Activation, Noise, Normalization, Placement

Parameters = dict[str, np.ndarray]

_WEIGHTS = 0  # the stream of random numbers that initial weights take; batches take another
_GAINS = {"sigmoid": 1.0, "relu": 2.0, "selu": 1.0}  # of weights scaled by their number: LeCun's, and He's for ReLU
_BATCH = {"gamma": 1, "beta": 0, "moving_mean": 0, "moving_variance": 1}  # what a normalization adds, and its start
_ADDED = {"batch": _BATCH, "layer": {"gamma": 1, "beta": 0}}


@dataclass(frozen=True)
class Architecture:
    """A network: `depth` fully connected hidden layers, softmax output.

    Attributes:
        inputs, width, classes: units per layer.
        depth: number of hidden layers.
        normalization: `none`, `batch`, `layer`, `weight`, or `self` (SELU units, which normalize themselves).
        placement: batch normalization `before` the nonlinearity (the paper's) or `after` it (the canned estimator's).
        momentum: share of the old value that the moving averages keep at each step.
        epsilon: added to the variance.
        activation: of the hidden units.
        dropout: share of a hidden layer's outputs that are set to zero in training (to SELU's limit with `self`).
        noise: added to what batch normalization gives, in training (`bnrepro.networks.variants.layers.noise`).
    """

    inputs: int
    depth: int
    width: int
    classes: int
    normalization: Normalization
    placement: Placement
    momentum: float
    epsilon: float
    activation: Activation = "sigmoid"
    dropout: float = 0.0
    noise: Noise = "none"

    @property
    def batch_norm(self) -> bool:
        return self.normalization == "batch"

    @property
    def hidden_bias(self) -> bool:
        return self.normalization != "layer" and not (self.batch_norm and self.placement == "before")

    @property
    def hidden_layers(self) -> list[str]:
        return [f"hidden_{i}" for i in range(1, self.depth + 1)]


def initial_parameters(architecture: Architecture, stddev: float | None, seed: int) -> Parameters:
    """The start of a run: kernels from N(0, stddev^2), layer by layer; biases 0; gamma 1, beta 0; averages 0 and 1.

    Kernels depend on the seed and the layers' sizes alone, so that runs with and without normalization start from the
    same weights. With weight normalization, so do the weights that its directions and lengths make up.

    Args:
        stddev: None: the square root of 2 / inputs for ReLU units (He et al. 2015, arXiv:1502.01852), of 1 / inputs for
            others (LeCun et al. 1998).

    Returns:
        The canonical form described above.
    """
    rng = np.random.default_rng([seed, _WEIGHTS])
    width, parameters = architecture.width, {}

    def dense(layer: str, units_in: int, units_out: int, bias: bool) -> None:
        gain = _GAINS[architecture.activation] if layer != "logits" else 1.0
        deviation = np.sqrt(gain / units_in) if stddev is None else stddev
        kernel = deviation * rng.standard_normal((units_in, units_out))
        parameters[f"{layer}/kernel"] = kernel.astype(np.float32)
        if bias:
            parameters[f"{layer}/bias"] = np.zeros(units_out, np.float32)

    units_in = architecture.inputs
    for layer in architecture.hidden_layers:
        dense(layer, units_in, width, architecture.hidden_bias)
        for name, value in _ADDED.get(architecture.normalization, {}).items():
            parameters[f"{layer}/{name}"] = np.full(width, value, np.float32)
        if architecture.normalization == "weight":
            parameters[f"{layer}/scale"] = np.linalg.norm(parameters[f"{layer}/kernel"], axis=0).astype(np.float32)
        units_in = width
    dense("logits", units_in, architecture.classes, bias=True)
    return parameters
