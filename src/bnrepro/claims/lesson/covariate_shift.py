"""Does what a layer gets shift less with batch normalization?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import MATTERS, NORMALIZED, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS, Sample, ratio


def compare(runs: Evidence) -> list[Part]:
    parts = []
    for depth in runs.trained_depths():
        for layer in range(2, depth + 1):
            effect = ratio(*(_shift(runs, arm, depth, layer) for arm in (NORMALIZED, PLAIN)))
            parts.append(Part(effect, effect.exceeds(1, MATTERS), {"depth": depth, "layer": layer}))
    return parts


def _shift(runs: Evidence, arm: Mapping[str, Any], depth: int, layer: int) -> Sample:
    looks = runs.look("depth", "shift", runs.moment("depth", 1), depth=depth, **arm)
    return runs.seen(looks[layer], "depth", depth=depth, **arm)


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    ratios = prose.span(part.effect.estimate for part in parts)
    yield f"Without batch normalization the inputs of a layer shift {ratios} times as far as with it."


CLAIM = Claim(
    id="covariate-shift",
    place=1.3,
    title="Inputs of layers shift",
    source=f"{LECTURE}; arXiv:1502.03167, sections 2 and 4.1",
    stated=Rule(
        statement="The distribution of a layer's inputs moves during training, and batch normalization makes it "
        "steadier.",
        words="What a layer gets shifts farther without batch normalization than with it. Keras models, study `depth`. "
        "A layer gets the outputs of the layer before; the first gets images, which do not shift, and is no part. An "
        "output shifts from the lowest to the highest value of its median over a fixed probe batch, in units of its "
        "own spread at the end (its 15th to its 85th percentile); of a layer, the median over its inputs. A part for "
        "each layer from the second on, at the depths at which all runs of both arms reach the headline's target.",
        measure="times farther without",
        compare=compare,
        reads={"depth": ("implementation", "normalization", "depth")},
        thresholds={"matters": MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "With batch normalization the inputs of every layer are steadier, measured in their own spread, at "
        "the depths at which both networks train.",
        "depends": "Batch normalization makes the inputs of some layers steadier, and those of others not.",
        "undecided": "These runs do not tell whether batch normalization makes the inputs of every layer steadier.",
        "fails": "Batch normalization makes the inputs of no layer steadier, measured in their own spread.",
    },
    remarks=remarks,
    caution="Batch normalization nearly fixes the mean and the spread of what a sigmoid gets: only gamma and beta move "
    "them. So steadier inputs follow from its construction. Whether they are the reason for anything is another claim: "
    "[cause](#cause).",
    wording="Batch normalization does not hold the distribution of a layer's inputs: it fixes mean and variance of "
    "each unit over a mini-batch, and then lets gamma and beta move them (arXiv:1502.03167, Algorithm 1).",
)
