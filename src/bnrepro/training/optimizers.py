"""Optimizers, as Keras has them and as pure functions of one parameter, its gradient and the optimizer's state.

Each has the defaults of Keras, and momentum 0.9. Kingma and Ba 2015, arXiv:1412.6980 (Adam).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

import bnrepro.estimators  # noqa: F401 (tf.keras is Keras 2)
from bnrepro.networks.layers import Tensors
from bnrepro.study.factors import Optimizer

_MOMENTUM = 0.9
_BETA_1, _BETA_2 = np.float32(0.9), np.float32(0.999)  # 1 - 0.999 is another number in float32 than in float64
_EPSILON = 1e-7

Slots = tuple[tf.Tensor, ...]  # an optimizer's state for one parameter, each of its shape, 0 at a run's start
State = dict[str, Slots]  # by parameter


class Update(NamedTuple):
    """One step of an optimizer as a pure function.

    Attributes:
        slots: how many tensors of state every parameter has.
        change: from gradient, slots, learning rate and the steps made before (float32 scalars): what the step takes
            from the parameter, and the slots after it.
    """

    slots: int
    change: Callable[[tf.Tensor, Slots, tf.Tensor, tf.Tensor], tuple[tf.Tensor, Slots]]


def keras_optimizer(name: Optimizer) -> tf.keras.optimizers.legacy.Optimizer:
    """Keras' own, with a learning rate that is set before every step."""
    legacy = tf.keras.optimizers.legacy
    if name == "adam":
        return legacy.Adam(0.0)
    return legacy.SGD(0.0, momentum=_MOMENTUM if name == "momentum" else 0.0)


def initial_state(name: Optimizer, trained: Tensors) -> State:
    """The state before the first step."""
    return {parameter: (tf.zeros_like(value),) * _UPDATES[name].slots for parameter, value in trained.items()}


def step(
    name: Optimizer, parameters: Tensors, gradients: Tensors, state: State, rate: tf.Tensor, made: tf.Tensor
) -> tuple[Tensors, State]:
    """The trained parameters and the state after a step.

    Args:
        rate: its learning rate.
        made: steps that were made before it, an int64 scalar.
    """
    moved, after = {}, {}
    for parameter, gradient in gradients.items():
        change, after[parameter] = _UPDATES[name].change(gradient, state[parameter], rate, tf.cast(made, tf.float32))
        moved[parameter] = parameters[parameter] - change
    return moved, after


def _sgd(gradient: tf.Tensor, slots: Slots, rate: tf.Tensor, made: tf.Tensor) -> tuple[tf.Tensor, Slots]:
    return rate * gradient, ()


def _momentum(gradient: tf.Tensor, slots: Slots, rate: tf.Tensor, made: tf.Tensor) -> tuple[tf.Tensor, Slots]:
    velocity = _MOMENTUM * slots[0] + rate * gradient
    return velocity, (velocity,)


def _adam(gradient: tf.Tensor, slots: Slots, rate: tf.Tensor, made: tf.Tensor) -> tuple[tf.Tensor, Slots]:
    mean = slots[0] + (gradient - slots[0]) * (1 - _BETA_1)
    square = slots[1] + (gradient**2 - slots[1]) * (1 - _BETA_2)
    powers = tf.pow(_BETA_1, made + 1), tf.pow(_BETA_2, made + 1)
    corrected = rate * tf.sqrt(1 - powers[1]) / (1 - powers[0])
    return corrected * mean / (tf.sqrt(square) + _EPSILON), (mean, square)


_UPDATES: dict[Optimizer, Update] = {"sgd": Update(0, _sgd), "momentum": Update(1, _momentum), "adam": Update(2, _adam)}
