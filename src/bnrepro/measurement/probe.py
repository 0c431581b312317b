"""A look into every layer of a network, on 1,200 fixed training images, in mini-batches normalized as in training.

What is looked at, for hidden layers 1 ... depth, at a step of training:

    percentiles      float32 [depth, 3, width]   15, 50 and 85 of what each nonlinearity gets, one of the values, the
                                                 nearest in rank (paper, Figure 1(b, c))
    saturated        float32 [depth]             share of activations whose slope is below a tenth of the steepest
    always_saturated float32 [depth]             share of units of which that is so for all images
    gradient         float32 [depth + 1]         Euclidean norm of the loss's gradient by a layer's kernel; softmax last
    gradient_change  float32 [2]                 of the last hidden layer's kernel: the norm of the difference that one
                                                 step of the layers before it makes to its gradient, and the cosine
                                                 between both (Santurkar et al. 2018, arXiv:1805.11604, definition 2.1)
    lag              float32 [depth]             distance of the moving means from the mean over the images, in standard
                                                 deviations: root mean square over units

NaN where there is no such thing: a gradient's change at depth 1, a lag without batch normalization.
"""

import numpy as np
import tensorflow as tf

from bnrepro.measurement.images import Images
from bnrepro.networks.forward import Forward, Gradients, Layer, Statistics, Tensors, tensors_of
from bnrepro.networks.parameters import Architecture, Parameters

PERCENTILES = (15, 50, 85)  # paper, Figure 1(b, c)
SATURATED = 0.1  # of the steepest slope; a sigmoid's is below it beyond 3.6 on either side

Look = dict[str, np.ndarray]


class Probe:
    """Looks into the networks of one architecture."""

    def __init__(self, architecture: Architecture, images: Images, xla: bool = False):
        """`xla`: compile for the processor at hand; the numbers' last bits are then its own."""
        self._architecture = architecture
        self._forward = Forward(architecture)
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
        return {"percentiles": np.stack([_percentiles(values.numpy()) for values in inputs]), **look}

    def zscores(self, parameters: Parameters) -> dict[str, float]:
        """What batch normalization makes of every unit over every mini-batch, before gamma and beta.

        Returns:
            Over all units, layers and mini-batches: `zscore_mean`, the mean farthest from 0; `zscore_variance_median`
            and `zscore_variance_least`; `zscore_variance_error`, the variance farthest from v / (v + epsilon), which is
            what a unit of variance v should have. Empty without batch normalization.
        """
        if not self._architecture.batch_norm:
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
        network = self._architecture
        disturb = self._forward.noise(seed, step)

        def at(parameters: Tensors) -> Gradients:
            return self._forward.gradients(parameters, self._inputs, self._labels, self._batch, disturb)

        _, gradients, layers, seen = at(parameters)
        kernels = [f"{layer}/kernel" for layer in (*network.hidden_layers, "logits")]
        flat = [_is_flat(network.activation, layer) for layer in layers]
        change = tf.constant([np.nan, np.nan])
        if network.depth > 1:
            last = network.hidden_layers[-1]
            before = {name for name in gradients if name.split("/")[0] in network.hidden_layers[:-1]}
            moved = {
                name: value - learning_rate * gradients[name] if name in before else value
                for name, value in parameters.items()
            }
            change = _change(gradients[f"{last}/kernel"], at(moved).by[f"{last}/kernel"])
        return [layer.inputs for layer in layers], {
            "saturated": tf.stack([tf.reduce_mean(tf.cast(values, tf.float32)) for values in flat]),
            "always_saturated": tf.stack(
                [tf.reduce_mean(tf.cast(tf.reduce_all(values, axis=0), tf.float32)) for values in flat]
            ),
            "gradient": tf.stack([_norm(gradients[name]) for name in kernels]),
            "gradient_change": change,
            "lag": self._lag(parameters, seen),
        }

    def _lag(self, parameters: Tensors, seen: Statistics) -> tf.Tensor:
        lags = []
        for layer, (moving_mean, _) in self._forward.moving_averages(parameters).items():
            means, variances = seen[layer]
            mean = tf.reduce_mean(means, axis=0)
            # over all images: within mini-batches, and between them
            variance = tf.reduce_mean(variances, axis=0) + tf.math.reduce_variance(means, axis=0)
            lags.append(tf.sqrt(tf.reduce_mean((moving_mean - mean) ** 2 / (variance + self._architecture.epsilon))))
        return tf.stack(lags) if lags else tf.fill([self._architecture.depth], np.float32(np.nan))

    def _zscores(self, parameters: Tensors) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Mean, variance and the variance that is expected, [layers, mini-batches, width]."""
        forward, seen, epsilon = self._forward, {}, self._architecture.epsilon  # type: Forward, Statistics, float
        before = {"gamma": tf.ones_like, "beta": tf.zeros_like}
        plain = {  # the parameters with which what is normalized comes out as it is
            name: before.get(name.split("/")[1], tf.identity)(value) for name, value in parameters.items()
        }
        means, variances = [], []
        own = forward.by_batch(parameters, self._batch, seen)
        bare = forward.by_batch(plain, self._batch)

        def normalize(layer: str, z: tf.Tensor) -> tf.Tensor:
            mean, variance = tf.nn.moments(tf.reshape(bare(layer, z), [-1, self._batch, z.shape[1]]), axes=[1])
            means.append(mean)
            variances.append(variance)
            return own(layer, z)

        forward.whole(parameters, forward.affine(parameters, "hidden_1", self._inputs), normalize)
        expected = [variance / (variance + epsilon) for _, variance in seen.values()]
        return tf.stack(means), tf.stack(variances), tf.stack(expected)


def _percentiles(values: np.ndarray) -> np.ndarray:
    """[3, width] of values [images, width]."""
    ranks = [-(-percentile * len(values) // 100) - 1 for percentile in PERCENTILES]
    return np.partition(values, ranks, axis=0)[ranks]


def _is_flat(activation: str, layer: Layer) -> tf.Tensor:
    """Where the slope of an activation is below a tenth of its steepest: bool [images, width]."""
    if activation == "sigmoid":
        return layer.outputs * (1 - layer.outputs) < SATURATED / 4
    if activation == "relu":
        return layer.inputs <= 0
    return layer.inputs < np.log(SATURATED).astype(np.float32)  # SELU's slope falls as e^z from its steepest at 0


def _change(before: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
    cosine = tf.math.divide_no_nan(tf.reduce_sum(before * after), _norm(before) * _norm(after))
    return tf.stack([_norm(after - before), cosine])


def _norm(gradient: tf.Tensor) -> tf.Tensor:
    return tf.sqrt(tf.reduce_sum(gradient**2))
