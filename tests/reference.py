"""The network once more, in NumPy and float64, straight from the paper's equations: what the tests compare with.

arXiv:1502.03167: section 3 (the transform), its equations for the gradient, Algorithm 1 (training), Algorithm 2
(inference). It shares nothing with the package but the names of the parameters (`bnrepro.networks.parameters`).
"""

from collections.abc import Iterable, Mapping

import numpy as np

from bnrepro.networks.parameters import Parameters
from bnrepro.networks.variants.dense import Architecture

Statistics = dict[str, tuple[np.ndarray, np.ndarray]]  # layer: mean [width], variance [width]


def train(
    parameters: Parameters,
    batches: Iterable[tuple],
    learning_rate: float,
    architecture: Architecture,
) -> Parameters:
    """Stochastic gradient descent, one step for every (images [batch, inputs] in [0, 1], labels [batch]).

    A mini-batch may have a third part: the noise of its step, as of `loss_and_gradients`.
    """
    parameters = {name: value.astype(np.float64) for name, value in parameters.items()}
    for images, labels, *noise in batches:
        _, gradients, statistics = loss_and_gradients(parameters, images, labels, architecture, *noise)
        for name, gradient in gradients.items():
            parameters[name] = parameters[name] - learning_rate * gradient
        for layer, (mean, variance) in statistics.items():
            for name, value in ((f"{layer}/moving_mean", mean), (f"{layer}/moving_variance", variance)):
                parameters[name] = architecture.momentum * parameters[name] + (1 - architecture.momentum) * value
    return parameters


def loss_and_gradients(
    parameters: Parameters,
    images: np.ndarray,
    labels: np.ndarray,
    architecture: Architecture,
    noise: Mapping[str, np.ndarray] | None = None,
) -> tuple[float, Parameters, Statistics]:
    """Mean cross-entropy (nats) of a mini-batch, its gradient, and the statistics by which the batch was normalized.

    `noise` [batch, width], by layer, goes to what the nonlinearity gets. Without batch normalization before it, it is
    in standard deviations over the mini-batch, each unit's own, which count as given: they have no gradient.
    """
    x, caches, statistics, gradients = images, {}, {}, {}
    for layer in architecture.hidden_layers:
        inputs, z = x, affine(parameters, layer, x)
        if architecture.batch_norm and architecture.placement == "before":
            y, normalized = batch_normalize(parameters, layer, z, architecture.epsilon)
            x = activation = sigmoid(y + noise[layer] if noise else y)
        else:
            x = activation = sigmoid(z + z.std(axis=0) * noise[layer] if noise else z)
            if architecture.batch_norm:
                x, normalized = batch_normalize(parameters, layer, activation, architecture.epsilon)
        if architecture.batch_norm:
            statistics[layer] = normalized["mean"], normalized["variance"]
        caches[layer] = inputs, activation, normalized if architecture.batch_norm else None

    logits = affine(parameters, "logits", x)
    shares = softmax(logits)
    m = len(labels)
    loss = cross_entropy(logits, labels)

    delta = shares.copy()  # d loss / d logits = (softmax - one-hot) / m
    delta[np.arange(m), labels] -= 1
    delta /= m
    gradients["logits/kernel"], gradients["logits/bias"] = x.T @ delta, delta.sum(axis=0)
    delta = delta @ parameters["logits/kernel"].T
    for layer in reversed(architecture.hidden_layers):
        inputs, activation, normalized = caches[layer]
        if architecture.batch_norm and architecture.placement == "after":
            delta = batch_normalize_backward(parameters, layer, delta, normalized, gradients)
        delta = delta * activation * (1 - activation)
        if architecture.batch_norm and architecture.placement == "before":
            delta = batch_normalize_backward(parameters, layer, delta, normalized, gradients)
        gradients[f"{layer}/kernel"] = inputs.T @ delta
        if f"{layer}/bias" in parameters:
            gradients[f"{layer}/bias"] = delta.sum(axis=0)
        delta = delta @ parameters[f"{layer}/kernel"].T
    return loss, gradients, statistics


def batch_normalize(parameters: Parameters, layer: str, x: np.ndarray, epsilon: float):
    """Algorithm 1: y = gamma (x - mean) / sqrt(variance + epsilon) + beta, over the mini-batch."""
    mean = x.mean(axis=0)
    variance = ((x - mean) ** 2).mean(axis=0)
    x_hat = (x - mean) / np.sqrt(variance + epsilon)
    y = parameters[f"{layer}/gamma"] * x_hat + parameters[f"{layer}/beta"]
    return y, {"x": x, "mean": mean, "variance": variance, "x_hat": x_hat, "epsilon": epsilon}


def batch_normalize_backward(
    parameters: Parameters, layer: str, dy: np.ndarray, normalized: dict, gradients: Parameters
) -> np.ndarray:
    """d loss / d x from d loss / d y, by the equations that follow Algorithm 1; adds gamma's and beta's gradients."""
    m = len(dy)
    centred = normalized["x"] - normalized["mean"]
    deviation = np.sqrt(normalized["variance"] + normalized["epsilon"])
    d_x_hat = dy * parameters[f"{layer}/gamma"]
    d_variance = (d_x_hat * centred).sum(axis=0) * -0.5 * deviation**-3
    d_mean = (d_x_hat * (-1 / deviation)).sum(axis=0) + d_variance * (-2 * centred).sum(axis=0) / m
    gradients[f"{layer}/gamma"] = (dy * normalized["x_hat"]).sum(axis=0)
    gradients[f"{layer}/beta"] = dy.sum(axis=0)
    return d_x_hat / deviation + d_variance * 2 * centred / m + d_mean / m


def sigmoid_inputs(
    parameters: Parameters, images: np.ndarray, architecture: Architecture, hidden_layer: int
) -> np.ndarray:
    """What the sigmoids of a hidden layer (from 1) get from a mini-batch in training: [images, width]."""
    x = images
    for layer in architecture.hidden_layers[:hidden_layer]:
        z = affine(parameters, layer, x)
        if architecture.batch_norm and architecture.placement == "before":
            z, _ = batch_normalize(parameters, layer, z, architecture.epsilon)
        x = sigmoid(z)
        if architecture.batch_norm and architecture.placement == "after":
            x, _ = batch_normalize(parameters, layer, x, architecture.epsilon)
    return z


def infer(parameters: Parameters, images: np.ndarray, statistics: Statistics, architecture: Architecture) -> np.ndarray:
    """Logits [images, classes] with fixed statistics (Algorithm 2, line 11)."""
    x = images
    for layer in architecture.hidden_layers:
        x = affine(parameters, layer, x)
        if architecture.batch_norm and architecture.placement == "before":
            x = normalize(parameters, layer, x, statistics[layer], architecture.epsilon)
        x = sigmoid(x)
        if architecture.batch_norm and architecture.placement == "after":
            x = normalize(parameters, layer, x, statistics[layer], architecture.epsilon)
    return affine(parameters, "logits", x)


def normalize(
    parameters: Parameters, layer: str, x: np.ndarray, statistics: tuple[np.ndarray, np.ndarray], epsilon: float
) -> np.ndarray:
    mean, variance = statistics
    return parameters[f"{layer}/gamma"] * (x - mean) / np.sqrt(variance + epsilon) + parameters[f"{layer}/beta"]


def moving_averages(parameters: Parameters, architecture: Architecture) -> Statistics:
    """The statistics that training leaves; empty without batch normalization."""
    if not architecture.batch_norm:
        return {}
    return {
        layer: (parameters[f"{layer}/moving_mean"], parameters[f"{layer}/moving_variance"])
        for layer in architecture.hidden_layers
    }


def population_statistics(parameters: Parameters, batches: list[np.ndarray], architecture: Architecture) -> Statistics:
    """Algorithm 2, line 10: E[x] = mean of the batches' means, Var[x] = m/(m-1) times the mean of their variances.

    `batches`: each images [m, inputs]; every layer sees its input normalized by the batch itself.
    """
    m = len(batches[0])
    labels = np.zeros(m, int)  # the statistics do not depend on them
    observed = [loss_and_gradients(parameters, images, labels, architecture)[2] for images in batches]
    return {
        layer: (
            np.mean([statistics[layer][0] for statistics in observed], axis=0),
            m / (m - 1) * np.mean([statistics[layer][1] for statistics in observed], axis=0),
        )
        for layer in architecture.hidden_layers
    }


def affine(parameters: Parameters, layer: str, x: np.ndarray) -> np.ndarray:
    return x @ parameters[f"{layer}/kernel"] + parameters.get(f"{layer}/bias", 0.0)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Mean of -log softmax(logits)[label], in nats."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_shares = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -log_shares[np.arange(len(labels)), labels].mean()
