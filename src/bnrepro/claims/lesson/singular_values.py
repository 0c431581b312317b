"""Does a layer with batch normalization pass on what it gets without stretching or shrinking it?"""

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd

from bnrepro.claims import prose
from bnrepro.claims.depths import END, READS, START, STUDY
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import Evidence
from bnrepro.claims.statistics import THRESHOLDS, mean
from bnrepro.study.factors import FACTORS

ARMS = ("normalization", "skip", "activation")
JUDGED = ("batch", "none")  # of the first two
CLOSE = 2.0  # times: singular values of a rotation are 1, those of random weights are spread over more than this
EQUAL = 1.1  # times a layer: over 29 layers a factor of 16
PERCENTILES = {"percentile_15": "15th percentile", "percentile_85": "85th percentile"}


def compare_percentiles(runs: Evidence) -> list[Part]:
    return [
        part
        for column, name in PERCENTILES.items()
        for part in _parts(runs, column, lambda values: values.median(axis=1, skipna=False), CLOSE, name)
    ]


def compare(runs: Evidence) -> list[Part]:
    with np.errstate(divide="ignore"):  # a layer that passes nothing on makes the mean 0
        return _parts(runs, "rms", lambda values: np.exp(np.log(values).mean(axis=1, skipna=False)), EQUAL)


def _parts(
    runs: Evidence, column: str, over_layers: Callable[[pd.DataFrame], pd.Series], times: float, name: str = ""
) -> list[Part]:
    """A part for each arm and time, at the greatest depth and the lowest learning rate.

    Args:
        over_layers: from [seeds, layers] to a value for each seed.
        times: how far above or below 1 is still close to it.
    """
    deepest, lowest = runs.values(STUDY, "depth")[-1], runs.values(STUDY, "learning_rate")[0]
    parts = []
    for arm in itertools.product(*(runs.values(STUDY, factor) for factor in ARMS)):
        at = {**dict(zip(ARMS, arm, strict=True)), "depth": deepest}
        for when in (START, END):
            values = over_layers(runs.singular_values(STUDY, column, when, **at, learning_rate=lowest))
            effect = mean(runs.seen(values, STUDY, **at, learning_rate=lowest))
            so = effect.within(1 / times, times)
            parts.append(Part(effect, so, {**at, "when": when}, name, counts=arm[:2] == JUDGED))
    return parts


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    tell = FACTORS["activation"].tell
    arms: dict[tuple[str, str], list[Part]] = {}
    for part in parts:
        arms.setdefault((part.at["normalization"], part.at["skip"]), []).append(part)
    for (normalization, skip), own in arms.items():
        told = (
            f"{prose.effect(part.effect)} with {tell(part.at['activation'])} at the {part.at['when']}" for part in own
        )
        arm = f"{FACTORS['normalization'].tell(normalization)} and {FACTORS['skip'].tell(skip)}"
        yield f"With {arm}, the root mean square of a layer's singular values is {prose.listed(told)}."


_MEASURED = (
    "Networks of study `deep` at its greatest depth and its lowest learning rate, at the start of training and at its "
    "end. The Jacobian of a layer is the derivative of its outputs by the outputs of the layer before, from the second "
    "layer on: of a nonlinearity's outputs, or of the sums where there are skips. It is taken for single images, with "
    "the mean and the variance of their mini-batch held fixed, for four images of a fixed mini-batch of training "
    "images. "
)
_PARTS = (
    "A part for each activation and time, with batch normalization and no skips. Listed beside: without batch "
    "normalization, and with skips."
)

CLAIM = Claim(
    id="singular-values",
    place=5.4,
    title="Singular values of layers",
    source="arXiv:1502.03167, section 3.3",
    stated=Rule(
        statement="Batch normalization leads the layer Jacobians to have singular values close to 1.",
        words=f"{_MEASURED}The 15th and the 85th percentile of a layer's singular values, those of all four images "
        f"together, both lie between 1/2 and 2: the median over layers, the mean over seeds. {_PARTS}",
        compare=compare_percentiles,
        reads=READS,
        thresholds={"times": CLOSE, **THRESHOLDS},
    ),
    meant=Rule(
        statement="With batch normalization a layer neither stretches nor shrinks what passes through it, on average "
        "over directions.",
        words=f"{_MEASURED}The root mean square of a layer's singular values, those of all four images together, is "
        "by how much it changes the length of a small change of a random direction. Its geometric mean over layers, "
        f"the mean over seeds, lies between 1 / 1.1 and 1.1. {_PARTS}",
        measure="root mean square of the singular values",
        compare=compare,
        reads=READS,
        thresholds={"times": EQUAL, **THRESHOLDS},
    ),
    findings={
        "holds": "With batch normalization the layers of the deepest network neither stretch nor shrink a small change "
        "of what they get, by more than a tenth a layer on average, with either activation, before and after training.",
        "depends": "Whether layers with batch normalization keep the size of a small change of what they get depends "
        "on the activation or on the time.",
        "undecided": "These runs do not tell whether layers with batch normalization keep the size of a small change "
        "of what they get, with either activation, before and after training.",
        "fails": "Layers with batch normalization stretch or shrink a small change of what they get by more than a "
        "tenth a layer on average, with either activation, before and after training.",
    },
    remarks=remarks,
    caution="The paper offers this as a conjecture: for Gaussian inputs that do not correlate, and a layer that is "
    "linear nearly. A ReLU unit that is off passes nothing on, so that as many singular values are 0 as units are off, "
    "whatever the normalization. With the statistics held fixed a Jacobian leaves out that an image moves the mean and "
    "the variance of its mini-batch. And a root mean square near 1 says nothing about single directions: of a product "
    "of many such layers most singular values shrink.",
)
