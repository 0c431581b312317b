"""L2 regularization of a network's weights, as Keras adds it to the loss."""

from collections.abc import Iterable
from typing import Any

import tensorflow as tf

from bnrepro.networks.layers import Layer
from bnrepro.networks.network import Gradients, Network


class Regularized(Network):
    """A network whose loss has `l2` times the sum of all squared weights beside the cross-entropy."""

    def __init__(self, layers: Iterable[Layer], l2: float):
        super().__init__(layers)
        self._l2 = l2

    def gradients(self, parameters: dict[str, tf.Tensor], *args: Any, **kwargs: Any) -> Gradients:
        found = super().gradients(parameters, *args, **kwargs)
        penalty = tf.add_n([tf.reduce_sum(parameters[kernel] ** 2) for kernel in self.kernels])
        by = found.by | {kernel: found.by[kernel] + 2 * self._l2 * parameters[kernel] for kernel in self.kernels}
        return found._replace(loss=found.loss + self._l2 * penalty, by=by)
