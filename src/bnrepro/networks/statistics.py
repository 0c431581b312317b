"""Where batch normalization has its mean and variance from, in one forward pass."""

import math

import tensorflow as tf

from bnrepro.networks.layers import Statistics


class Fixed:
    """Given statistics, such as the moving averages."""

    def __init__(self, statistics: Statistics):
        self._statistics = statistics

    def normalize(self, layer: str, x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: float) -> tf.Tensor:
        """Algorithm 1's last two lines (paper)."""
        return tf.nn.batch_normalization(x, *self._statistics[layer], beta, gamma, epsilon)


class ByBatch:
    """The statistics of each mini-batch itself, over its images and, in a feature map, over all places.

    Attributes:
        seen: after the pass, means and variances [mini-batches, channels] by layer.
        unbiased: m / (m - 1) by layer, where m is the number of values that a mean is over: the images of a mini-batch
            times the places of a feature map (paper, section 3.2).
    """

    def __init__(self, batch: int):
        """`batch`: images of a mini-batch; the pass is over a whole number of them, one after another."""
        self._batch = batch
        self.seen: Statistics = {}
        self.unbiased: dict[str, float] = {}

    def normalize(self, layer: str, x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: float) -> tf.Tensor:
        """`x` [images, ..., channels], each of its mini-batches by itself (paper, Algorithm 1)."""
        batches = tf.reshape(x, [-1, self._batch, *x.shape[1:]])
        mean, variance = moments(batches)
        self.seen[layer] = (tf.reshape(mean, [-1, x.shape[-1]]), tf.reshape(variance, [-1, x.shape[-1]]))
        m = self._batch * math.prod(x.shape[1:-1])
        self.unbiased[layer] = m / (m - 1)
        y = tf.nn.batch_normalization(batches, mean, variance, beta, gamma, epsilon)
        return tf.reshape(y, [-1, *x.shape[1:]])


def moments(batches: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and variance of every channel of each mini-batch: both [mini-batches, 1, ..., channels].

    `batches`: [mini-batches, images, ..., channels].
    """
    return tf.nn.moments(batches, axes=list(range(1, len(batches.shape) - 1)), keepdims=True)
