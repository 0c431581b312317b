"""What all networks agree on: the architecture, and the names of its parameters.

The canonical form of a network's parameters is a dictionary of float32 arrays, named `<layer>/<parameter>`. The dense
networks have, for a hidden layer i = 1 ... depth:

    hidden_<i>/kernel [in, width]      hidden_<i>/bias [width]
    hidden_<i>/gamma, beta, moving_mean, moving_variance [width]     with batch normalization
    hidden_<i>/gamma, beta [width]                                   with layer normalization
    hidden_<i>/scale [width]                                         with weight normalization

and for the softmax layer `logits/kernel` [width, classes], `logits/bias` [classes]. Batch normalization before the
nonlinearity leaves out the bias, which its mean would cancel (paper, section 3.2); after it, the bias stays. Layer
normalization leaves it out too: its beta takes the place of a bias.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bnrepro.study.factors import Normalization, Placement

Parameters = dict[str, np.ndarray]
CanonicalName = Callable[[str], str | None]  # of a variable; None for one that is not the network's


@dataclass(frozen=True)
class Architecture:
    """A dense network: `depth` fully connected hidden layers of sigmoid units, softmax output.

    Attributes:
        inputs, width, classes: units per layer.
        depth: number of hidden layers.
        normalization: `none` or `batch`; the others are the variants'.
        placement: batch normalization `before` the nonlinearity (the paper's) or `after` it (the canned estimator's).
        momentum: share of the old value that the moving averages keep at each step.
        epsilon: added to the variance.
    """

    inputs: int
    depth: int
    width: int
    classes: int
    normalization: Normalization
    placement: Placement
    momentum: float
    epsilon: float

    @property
    def batch_norm(self) -> bool:
        return self.normalization == "batch"

    @property
    def hidden_bias(self) -> bool:
        return self.normalization != "layer" and not (self.batch_norm and self.placement == "before")

    @property
    def hidden_layers(self) -> list[str]:
        return [f"hidden_{i}" for i in range(1, self.depth + 1)]


def load_parameters(model: Any, canonical_name: CanonicalName, parameters: Parameters, seed: int = 0) -> None:
    """Give a Keras model the parameters of a run, and to layers that draw random numbers the run's seed.

    Raises:
        ValueError: they are the parameters of another network.
    """
    variables = _variables(model, canonical_name)
    if variables.keys() != parameters.keys():
        raise ValueError(f"parameters do not fit the model: {sorted(variables.keys() ^ parameters.keys())}")
    for name, variable in variables.items():
        variable.assign(parameters[name])
    for layer in model.layers:
        if hasattr(layer, "clock"):  # `bnrepro.networks.variants.keras_layers`
            layer.clock.assign([seed, 0])


def read_parameters(model: Any, canonical_name: CanonicalName) -> Parameters:
    """The parameters of a Keras model, in canonical form."""
    return {name: variable.numpy() for name, variable in _variables(model, canonical_name).items()}


def _variables(model: Any, canonical_name: CanonicalName) -> dict[str, Any]:
    named = {canonical_name(variable.name.removesuffix(":0")): variable for variable in model.variables}
    return {name: variable for name, variable in named.items() if name is not None}
