"""A look into every layer of a network, on 1,200 fixed training images, in mini-batches normalized as in training.

What is looked at, for nonlinearities 1 ... depth, at a step of training. The units of a feature map are its channels,
at all its places.

    percentiles      float32 [depth, 3, width]   15, 50 and 85 of what each nonlinearity gets, one of the values, the
                                                 nearest in rank (paper, Figure 1(b, c)); NaN beyond a layer's units
    saturated        float32 [depth]             share of activations whose slope is below a tenth of the steepest
    always_saturated float32 [depth]             share of units of which that is so for all images
    gradient         float32 [kernels]           Euclidean norm of the loss's gradient by a layer's kernel; softmax last
    weights          float32 [kernels]           Euclidean norm of a layer's kernel; softmax last
    gradient_change  float32 [2]                 of the last hidden layer's kernel: the norm of the difference that one
                                                 plain gradient step of the layers before it, whatever the optimizer,
                                                 makes to its gradient, and the cosine between both (Santurkar et al.
                                                 2018, arXiv:1805.11604, definition 2.1)
    lag              float32 [normalizations]    distance of the moving means from the mean over the images, in standard
                                                 deviations: root mean square over units; [depth] if there are none

NaN where there is no such thing: a gradient's change with one hidden layer, a lag without batch normalization.
"""

import numpy as np
import tensorflow as tf

from bnrepro.measurement.images import Images
from bnrepro.networks.layers import Hidden, Pass, Statistics, Tensors
from bnrepro.networks.network import Gradients, Network, tensors_of
from bnrepro.networks.parameters import Parameters
from bnrepro.networks.statistics import ByBatch, moments

PERCENTILES = (15, 50, 85)  # paper, Figure 1(b, c)
SATURATED = 0.1  # of the steepest slope; a sigmoid's is below it beyond 3.6 on either side

Look = dict[str, np.ndarray]


class Probe:
    """Looks into one network, whatever its parameters."""

    def __init__(self, network: Network, images: Images, xla: bool = False):
        """`xla`: compile for the processor at hand; the numbers' last bits are then its own."""
        self._network = network
        self._inputs, self._labels = images.inputs[images.probe], images.labels[images.probe]
        self._batch = images.batch
        self._looked = tf.function(self._look, jit_compile=xla or None)
        self._normalized = tf.function(self._zscores)

    def look(self, parameters: Parameters, seed: int, step: int, learning_rate: float) -> Look:
        """What this module's text lists, of a run's parameters after `step` steps.

        Args:
            seed, step: of the run, by which its noise is drawn.
            learning_rate: of the step that `gradient_change` takes.
        """
        place = (tf.constant(seed, tf.int64), tf.constant(step, tf.int64))
        inputs, looked = self._looked(tensors_of(parameters), *place, tf.constant(learning_rate, tf.float32))
        look = {name: value.numpy() for name, value in looked.items()}
        return {"percentiles": _side_by_side([_percentiles(values.numpy()) for values in inputs]), **look}

    def zscores(self, parameters: Parameters) -> dict[str, float]:
        """What batch normalization makes of every unit over every mini-batch, before gamma and beta.

        Returns:
            Over all units, layers and mini-batches: `zscore_mean`, the mean farthest from 0; `zscore_variance_median`
            and `zscore_variance_least`; `zscore_variance_error`, the variance farthest from v / (v + epsilon), which is
            what a unit of variance v should have. Empty without batch normalization.
        """
        if not self._network.normalizations:
            return {}
        mean, variance, expected = (value.numpy() for value in self._normalized(tensors_of(parameters)))
        return {
            "zscore_mean": float(np.abs(mean).max()),
            "zscore_variance_median": float(np.median(variance)),
            "zscore_variance_least": float(variance.min()),
            "zscore_variance_error": float(np.abs(variance - expected).max()),
        }

    # --- graphs -------------------------------------------------------------------------------------------------------

    def _look(
        self, parameters: Tensors, seed: tf.Tensor, step: tf.Tensor, learning_rate: tf.Tensor
    ) -> tuple[list[tf.Tensor], Tensors]:
        def at(parameters: Tensors) -> Gradients:
            return self._network.gradients(parameters, self._inputs, self._labels, self._batch, clock=(seed, step))

        _, gradients, hidden, seen = at(parameters)
        flat = [one.activation.is_flat(one.inputs, one.outputs, SATURATED) for one in hidden]
        change = tf.constant([np.nan, np.nan])
        if len(self._network.kernels) > 2:
            last = self._network.kernels[-2]
            before = self._network.before(last) & gradients.keys()
            moved = {
                name: value - learning_rate * gradients[name] if name in before else value
                for name, value in parameters.items()
            }
            change = _change(gradients[last], at(moved).by[last])
        return [one.inputs for one in hidden], {
            "saturated": tf.stack([tf.reduce_mean(tf.cast(values, tf.float32)) for values in flat]),
            "always_saturated": tf.stack(
                [tf.reduce_mean(tf.cast(tf.reduce_all(_by_unit(values), axis=0), tf.float32)) for values in flat]
            ),
            "gradient": tf.stack([_norm(gradients[name]) for name in self._network.kernels]),
            "weights": tf.stack([_norm(parameters[name]) for name in self._network.kernels]),
            "gradient_change": change,
            "lag": self._lag(parameters, hidden, seen),
        }

    def _lag(self, parameters: Tensors, hidden: list[Hidden], seen: Statistics) -> tf.Tensor:
        lags = []
        for layer in self._network.normalizations:
            means, variances = seen[layer.name]
            mean = tf.reduce_mean(means, axis=0)
            # over all images: within mini-batches, and between them
            variance = tf.reduce_mean(variances, axis=0) + tf.math.reduce_variance(means, axis=0)
            moving_mean = parameters[layer.averages[0]]
            lags.append(tf.sqrt(tf.reduce_mean((moving_mean - mean) ** 2 / (variance + layer.epsilon))))
        return tf.stack(lags) if lags else tf.fill([len(hidden)], np.float32(np.nan))

    def _zscores(self, parameters: Tensors) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Mean, variance and the variance that is expected, of every unit and mini-batch of all layers."""
        normalizer = _Bare(self._batch)
        self._network.rest(parameters, self._network.first(parameters, self._inputs), Pass(normalizer))
        return tuple(tf.concat(values, 0) for values in (normalizer.means, normalizer.variances, normalizer.expected))


class _Bare(ByBatch):
    """Looks at what batch normalization makes of its inputs before gamma and beta."""

    def __init__(self, batch: int):
        super().__init__(batch)
        self.means: list[tf.Tensor] = []
        self.variances: list[tf.Tensor] = []
        self.expected: list[tf.Tensor] = []

    def normalize(self, layer: str, x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: float) -> tf.Tensor:
        bare = super().normalize(layer, x, tf.ones_like(gamma), tf.zeros_like(beta), epsilon)
        mean, variance = moments(tf.reshape(bare, [-1, self._batch, *bare.shape[1:]]))
        batch_variance = self.seen[layer][1]
        for values, into in (
            (mean, self.means),
            (variance, self.variances),
            (batch_variance / (batch_variance + epsilon), self.expected),
        ):
            into.append(tf.reshape(values, [-1]))
        return super().normalize(layer, x, gamma, beta, epsilon)


def _percentiles(values: np.ndarray) -> np.ndarray:
    """[3, units] of values [images, ..., units]."""
    values = values.reshape(-1, values.shape[-1])
    ranks = [-(-percentile * len(values) // 100) - 1 for percentile in PERCENTILES]
    return np.sort(values, axis=0)[ranks]  # which vector instructions do sooner than a partition at three ranks


def _side_by_side(layers: list[np.ndarray]) -> np.ndarray:
    """[layers, 3, units] of one [3, units] a layer: as many units as the widest has, NaN for those that are not."""
    widest = max(values.shape[1] for values in layers)
    return np.stack(
        [np.pad(values, ((0, 0), (0, widest - values.shape[1])), constant_values=np.nan) for values in layers]
    )


def _by_unit(values: tf.Tensor) -> tf.Tensor:
    """[everything else, units] of values [images, ..., units]."""
    return tf.reshape(values, [-1, values.shape[-1]])


def _change(before: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
    cosine = tf.math.divide_no_nan(tf.reduce_sum(before * after), _norm(before) * _norm(after))
    return tf.stack([_norm(after - before), cosine])


def _norm(values: tf.Tensor) -> tf.Tensor:
    return tf.sqrt(tf.reduce_sum(values**2))
