"""The network of Inception modules as a pure function: what `bnrepro.networks.inception` writes in Keras."""

from bnrepro.networks.inception import Architecture
from bnrepro.networks.layers import BatchNorm, Dense, Layer, Sigmoid
from bnrepro.networks.network import Network
from bnrepro.networks.variants.feature_maps import Branches, Convolution, GlobalAverage, Images, MaxPool
from bnrepro.networks.variants.layers import Dropout, Relu
from bnrepro.networks.variants.regularized import Regularized

_ACTIVATIONS = {"sigmoid": (Sigmoid(), 1.0), "relu": (Relu(), 2.0)}  # and its gain (`bnrepro.networks.layers.Dense`)


def network(architecture: Architecture) -> Network:
    """The network as a pure function of its parameters."""
    width, batch_norm = architecture.width, architecture.normalization == "batch"
    activation, gain = _ACTIVATIONS[architecture.activation]

    def convolution(name: str, size: int, channels_in: int) -> list[Layer]:
        normalization = [BatchNorm(name, width, architecture.momentum, architecture.epsilon)] if batch_norm else []
        return [Convolution(name, size, channels_in, width, not batch_norm, gain), *normalization, activation]

    def module(name: str, channels_in: int) -> Branches:
        return Branches(
            (
                convolution(f"{name}_1x1", 1, channels_in),
                [*convolution(f"{name}_3x3_reduce", 1, channels_in), *convolution(f"{name}_3x3", 3, width)],
                [
                    *convolution(f"{name}_double_reduce", 1, channels_in),
                    *convolution(f"{name}_double_1", 3, width),
                    *convolution(f"{name}_double_2", 3, width),
                ],
                [MaxPool(3, 1), *convolution(f"{name}_pool", 1, channels_in)],
            )
        )

    channels = width
    layers: list[Layer] = [Images(architecture.shape), *convolution("stem", 3, architecture.shape[-1])]
    for place in range(1, architecture.depth + 1):
        layers += [MaxPool(2, 2), module(f"module_{place}", channels)]
        channels = 4 * width
    layers.append(GlobalAverage())
    if architecture.dropout:
        layers.append(Dropout(architecture.dropout, place=0))
    layers.append(Dense("logits", channels, architecture.classes))
    return Regularized(layers, architecture.l2) if architecture.l2 else Network(layers)
