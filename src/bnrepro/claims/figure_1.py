"""What the rules about the paper's figure compare, all of study `paper`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

ACCURACY_TOLERANCE = 0.003  # two standard errors of an accuracy of 97.5% on 10,000 images: a convention, since the
# paper used the same images, and single runs scatter by half of it
MODE = "population"  # the paper's Algorithm 2; Figure 1(a) does not say how it was evaluated


@dataclass(frozen=True)
class Evidence:
    """The comparison with the paper's figure.

    Attributes:
        comparison: see `against_paper.comparison`.
        distances: root mean square distance of every seed's curve, by normalization: [seeds].
        sigmoid_inputs: see `sigmoid_inputs.last_layer`.
    """

    comparison: pd.DataFrame
    distances: dict[str, np.ndarray]
    sigmoid_inputs: dict[str, np.ndarray]

    def select(self, reads: Mapping[str, Sequence[str]], first_seed: int) -> "Evidence":
        """All of it: it is of one study, and over all seeds."""
        return self

    def rows(self, quantity: str) -> list[Any]:
        """The rows of a quantity, by population statistics."""
        chosen = self.comparison[(self.comparison["quantity"] == quantity) & (self.comparison["mode"] == MODE)]
        return list(chosen.itertuples())
