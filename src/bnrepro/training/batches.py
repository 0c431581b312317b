"""The order of mini-batches: one for a seed, whatever network is trained on it."""

from collections.abc import Iterator

import numpy as np

_BATCHES = 1  # the stream of random numbers; initial weights take another


def mini_batches(seed: int, examples: np.ndarray, batch_size: int, steps: int) -> Iterator[np.ndarray]:
    """Rows of the training set for every step, reshuffled at each epoch; an epoch's incomplete last batch is left out.

    Args:
        examples: int [n], the rows to train on.

    Yields:
        int32 [batch_size], `steps` times.

    Raises:
        ValueError: there are fewer examples than a batch takes.
    """
    batches = len(examples) // batch_size
    if batches < 1:
        raise ValueError(f"{len(examples)} examples do not fill a mini-batch of {batch_size}")
    rng = np.random.default_rng([seed, _BATCHES])
    for first in range(0, steps, batches):
        epoch = rng.permutation(examples)[: batches * batch_size].astype(np.int32)
        yield from epoch.reshape(batches, batch_size)[: steps - first]
