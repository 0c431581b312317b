"""What a run is asked to be."""

from dataclasses import dataclass, replace

from bnrepro.study.choices import (
    Activation,
    DatasetName,
    Implementation,
    Noise,
    Normalization,
    Numerics,
    Optimizer,
    Pixels,
    Placement,
    Resolved,
    Updates,
)


@dataclass(frozen=True)
class RunSpec:
    """Everything about a run that is chosen. Units: `steps` and `evaluate_every` are mini-batches.

    Settings of what a run does not have are None, so that runs which cannot differ share a fingerprint: those of batch
    normalization without it; `updates` where nobody has to see to them; `initial_stddev` where weights are scaled by
    their number, as ReLU and SELU need it (`bnrepro.networks.parameters.initial_parameters`); `tf32` without a GPU.

    Attributes:
        hold_out: train without the images that are set apart, and measure on them.
        decay: share of the learning rate that is left at the last step, reached exponentially; 1: it is constant.
        evaluations: how many evaluations a run has, dense at first and thinning out geometrically, each at a multiple
            of `evaluate_every`; None: one at every multiple.
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
    initial_stddev: float | None
    pixels: Pixels
    activation: Activation
    placement: Placement | None
    momentum: float | None
    epsilon: float | None
    updates: Updates | None
    dropout: float
    noise: Noise
    hold_out: bool
    device: Resolved
    tf32: bool | None
    numerics: Numerics
    optimizer: Optimizer = "sgd"
    decay: float = 1.0
    evaluations: int | None = None

    @property
    def program(self) -> "RunSpec":
        """What is the same for runs that can train together: all but seed, learning rate and initial weights."""
        return replace(self, seed=0, learning_rate=0.0, initial_stddev=None)

    def __str__(self) -> str:
        return (
            f"{self.dataset} {self.implementation} {self.normalization} depth {self.depth} "
            f"learning rate {self.learning_rate:g} seed {self.seed}"
        )
