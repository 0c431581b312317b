"""The network of the lesson as a pure function: dense sigmoid layers, with or without batch normalization."""

from bnrepro.networks.layers import BatchNorm, Dense, Layer, Sigmoid
from bnrepro.networks.network import Network
from bnrepro.networks.parameters import Architecture


def network(architecture: Architecture) -> Network:
    """What the files of the lesson write, the canned estimator's order of layers included."""
    layers: list[Layer] = []
    units = architecture.inputs
    for name in architecture.hidden_layers:
        dense = Dense(name, units, architecture.width, bias=architecture.hidden_bias)
        batch_norm = BatchNorm(name, architecture.width, architecture.momentum, architecture.epsilon)
        if not architecture.batch_norm:
            layers += [dense, Sigmoid()]
        elif architecture.placement == "before":
            layers += [dense, batch_norm, Sigmoid()]
        else:
            layers += [dense, Sigmoid(), batch_norm]
        units = architecture.width
    return Network([*layers, Dense("logits", units, architecture.classes)])
