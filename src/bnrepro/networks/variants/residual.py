"""The dense network with skip connections as a pure function: what `bnrepro.networks.residual` writes in Keras."""

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from bnrepro.networks.layers import BatchNorm, Dense, Layer, Pass, Sigmoid, Tensors
from bnrepro.networks.network import Network
from bnrepro.networks.residual import Architecture
from bnrepro.networks.variants.layers import Relu

_ACTIVATIONS = {"sigmoid": (Sigmoid(), 1.0), "relu": (Relu(), 2.0)}  # and its gain (`bnrepro.networks.layers.Dense`)


@dataclass(frozen=True)
class Residual(Layer):
    """What a branch of layers makes of its inputs, times `scale`, added to the inputs."""

    branch: Sequence[Layer]
    scale: float

    @property
    def layers(self) -> Sequence[Layer]:  # type: ignore[override]
        return self.branch

    def __call__(self, parameters: Tensors, x: tf.Tensor, run: Pass) -> tf.Tensor:
        y = x
        for layer in self.branch:
            y = layer(parameters, y, run)
        return x + self.scale * y


def network(architecture: Architecture) -> Network:
    """The network as a pure function of its parameters."""
    width, (activation, gain) = architecture.width, _ACTIVATIONS[architecture.activation]

    def hidden(name: str, units_in: int) -> list[Layer]:
        batch_norm = BatchNorm(name, width, architecture.momentum, architecture.epsilon)
        dense = Dense(name, units_in, width, not architecture.batch_norm, gain)
        return [dense, *([batch_norm] if architecture.batch_norm else []), activation]

    first, *others = architecture.hidden_layers
    blocks = [Residual(hidden(name, width), architecture.branch_scale) for name in others]
    return Network([*hidden(first, architecture.inputs), *blocks, Dense("logits", width, architecture.classes)])
