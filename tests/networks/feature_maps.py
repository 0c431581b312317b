"""A network of Inception modules in NumPy and float64: what the tests compare the convolutional network with.

arXiv:1502.03167, section 3.2 (batch normalization of a feature map) and the appendix (the module). It shares nothing
with the package but the names of the parameters.
"""

import numpy as np

from bnrepro.networks.inception import Architecture
from bnrepro.networks.parameters import Parameters


def loss(parameters: Parameters, images: np.ndarray, labels: np.ndarray, architecture: Architecture) -> float:
    """Mean cross-entropy (nats) of a mini-batch, normalized by itself, and what regularization adds."""
    z = logits(parameters, images, architecture)
    z = z - z.max(axis=1, keepdims=True)
    entropy = np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(labels)), labels]
    kernels = (value for name, value in parameters.items() if name.endswith("/kernel"))
    return float(entropy.mean() + architecture.l2 * sum((kernel**2).sum() for kernel in kernels))


def logits(parameters: Parameters, images: np.ndarray, architecture: Architecture) -> np.ndarray:
    """[images, classes] of images [images, pixels] in [0, 1]."""

    def convolution(x: np.ndarray, name: str) -> np.ndarray:
        z = convolved(x, parameters[f"{name}/kernel"])
        if architecture.normalization == "batch":
            mean, variance = z.mean(axis=(0, 1, 2)), z.var(axis=(0, 1, 2))
            z = (z - mean) / np.sqrt(variance + architecture.epsilon)
            z = parameters[f"{name}/gamma"] * z + parameters[f"{name}/beta"]
        else:
            z = z + parameters[f"{name}/bias"]
        return np.maximum(z, 0) if architecture.activation == "relu" else 1 / (1 + np.exp(-z))

    x = convolution(images.reshape(-1, *architecture.shape), "stem")
    for place in range(1, architecture.depth + 1):
        name = f"module_{place}"
        x = largest(x, 2, 2)
        three = convolution(convolution(x, f"{name}_3x3_reduce"), f"{name}_3x3")
        double = convolution(x, f"{name}_double_reduce")
        double = convolution(convolution(double, f"{name}_double_1"), f"{name}_double_2")
        pooled = convolution(largest(x, 3, 1), f"{name}_pool")
        x = np.concatenate([convolution(x, f"{name}_1x1"), three, double, pooled], axis=-1)
    return x.mean(axis=(1, 2)) @ parameters["logits/kernel"] + parameters["logits/bias"]


def convolved(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """[images, height, width, channels]: each place the products with a square around it, zeros beyond the border."""
    size, (_, height, width, _) = len(kernel), x.shape
    reach = size // 2
    padded = np.pad(x, ((0, 0), (reach, reach), (reach, reach), (0, 0)))
    return sum(
        padded[:, row : row + height, column : column + width] @ kernel[row, column]
        for row in range(size)
        for column in range(size)
    )


def largest(x: np.ndarray, size: int, stride: int) -> np.ndarray:
    """The largest value of every square. Squares of 3 lie around their place; squares of 2 lie side by side."""
    before, after = (size - 1) // 2, size - 1 - (size - 1) // 2
    padded = np.pad(x, ((0, 0), (before, after), (before, after), (0, 0)), constant_values=-np.inf)
    rows, columns = (range(0, extent, stride) for extent in x.shape[1:3])
    places = [[padded[:, i : i + size, j : j + size].max(axis=(1, 2)) for j in columns] for i in rows]
    return np.moveaxis(np.array(places), 2, 0)
