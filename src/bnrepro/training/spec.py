"""What a run is asked to be."""

from dataclasses import dataclass
from typing import Literal

from bnrepro.params import DatasetName, Implementation, Normalization, Numerics, Pixels


@dataclass(frozen=True)
class RunSpec:
    """Everything about a run that is chosen. Units: `steps` and `evaluate_every` are mini-batches.

    Without batch normalization its settings are None, so that runs which cannot differ share a fingerprint.
    """

    dataset: DatasetName
    implementation: Implementation
    normalization: Normalization
    depth: int
    learning_rate: float
    seed: int
    steps: int
    batch_size: int
    evaluate_every: int
    width: int
    initial_stddev: float
    pixels: Pixels
    placement: Literal["before", "after"] | None
    momentum: float | None
    epsilon: float | None
    device: str
    numerics: Numerics

    def __str__(self) -> str:
        return (
            f"{self.dataset} {self.implementation} {self.normalization} depth {self.depth} "
            f"learning rate {self.learning_rate:g} seed {self.seed}"
        )
