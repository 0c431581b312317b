"""Does dropout make a layer depend less on those before it, and limit what is learned?"""

from typing import Any

import pandas as pd

from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import CHANCE, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import PAIRED, less


def compare(runs: Evidence) -> list[Part]:
    parts = []
    without: dict[str, Any] = {"dropout": 0.0, **PLAIN}
    for rate in runs.values("dropout", "dropout", **PLAIN):
        dropped: dict[str, Any] = {"dropout": float(rate), **PLAIN}
        if rate > 0 and all(runs.leave_chance("dropout", **arm) for arm in (dropped, without)):
            first, second = (_turned(runs.looks("dropout", **arm)) for arm in (dropped, without))
            parts.append(Part.of_means(f"turn, dropout {rate:g} and 0", first, second, less(first, second)))
            first, second = (runs.final("dropout", "training_accuracy", **arm) for arm in (dropped, without))
            met = runs.lower_accuracy(first, second, runs.training_images)
            parts.append(Part.of_means(f"training accuracy, dropout {rate:g} and 0", first, second, met))
    return parts


def _turned(looks: pd.DataFrame) -> pd.Series:
    """How far a step of the layers before turns the last hidden layer's gradient, by seed: the mean of 1 - cosine."""
    return 1 - looks.dropna(subset="gradient_cosine").groupby("seed")["gradient_cosine"].mean()


CLAIM = Claim(
    id="dropout",
    place=1.5,
    title="Dropout",
    source=LECTURE,
    statement="Dropout makes a layer robust to the one before it, and as a regularizer limits what the network can "
    "learn.",
    rule=Rule(
        words="Without batch normalization, dropout makes a layer depend less on those before, and limits what is "
        "learned. Study `dropout`: each rate above 0 against none, where all runs leave chance. Parts: a step of the "
        "layers before turns the gradient of the last hidden layer less (1 - cosine on a probe batch, the mean over "
        "training); the training accuracy at the end is lower. Holds: in all parts. Fails: in none. Mixed: in some, or "
        "within two standard errors.",
        compare=compare,
        reads={"dropout": ("normalization", "dropout")},
        thresholds={"chance": CHANCE, **PAIRED},
    ),
    findings={
        "holds": "With dropout a step of the layers before turns the last layer's gradient less, and the training "
        "accuracy at the end of the budget is lower.",
        "mixed": "The two do not go together at all dropout rates; the numbers say where they do.",
        "fails": "With dropout a step of the layers before turns the last layer's gradient no less, and the training "
        "accuracy at the end of the budget is no lower.",
    },
    caution="The turn is a mean over training. A network that stays at chance for longer may turn its gradient less "
    "for that reason alone.",
    figure="dropout",
    reading="Accuracy against iterations by dropout rate, on test images in full and on training images dotted; means "
    "over seeds in the range of all. Right, on log scales: how far inputs travel, the mean over layers; and how far "
    "one step of the layers before turns the gradient of the last hidden layer (1 − cosine), the mean over training. "
    "An arm that is missing diverged.",
    series="dropout",
)
