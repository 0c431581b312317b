"""Do sigmoids saturate in training, and does batch normalization keep them out of saturation?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import NORMALIZED, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS, Effect, Sample, difference

LEAST_DIFFERENCE = 0.01  # of shares of activations
GROWS, DEEPER, KEPT, KEPT_OUT = (
    "without: the end less the start",
    "without, at the end: the deepest less the shallowest",
    "with: the end less the start",
    "at the end: without less with",
)


def compare(runs: Evidence) -> list[Part]:
    parts = []
    depths = runs.trained_depths()
    for depth in depths:
        plain, normalized = ([_saturated(runs, arm, depth, at) for at in (0, 1)] for arm in (PLAIN, NORMALIZED))
        grown, kept, kept_out = (
            difference(*plain),
            difference(*normalized),
            difference(normalized[1], plain[1]),
        )
        parts += [
            Part(grown, _more(grown), {"depth": depth}, GROWS),
            Part(kept, kept.within(-1, LEAST_DIFFERENCE), {"depth": depth}, KEPT),
            Part(kept_out, _more(kept_out), {"depth": depth}, KEPT_OUT),
        ]
    if len(depths) > 1:
        deeper = difference(*(_saturated(runs, PLAIN, depth, 1) for depth in (depths[0], depths[-1])))
        parts.append(Part(deeper, _more(deeper), {"depth": depths[-1]}, DEEPER))
    return parts


def _saturated(runs: Evidence, arm: Mapping[str, Any], depth: int, share: float) -> Sample:
    """Shares of activations over all hidden layers, at a share of training."""
    looks = runs.look("depth", "saturated", runs.moment("depth", share), depth=depth, **arm)
    return runs.seen(looks.mean(axis=1), "depth", depth=depth, **arm)


def _more(effect: Effect) -> bool | None:
    return effect.exceeds(0, LEAST_DIFFERENCE)


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    for name, said in (
        (GROWS, "Without batch normalization the share of saturated activations grows by"),
        (KEPT, "With it, the share grows by"),
    ):
        if grown := [(part.effect, part.at["depth"]) for part in parts if part.name == name]:
            shares = (f"{prose.effect(effect, prose.points)} at depth {depth}" for effect, depth in grown)
            yield f"{said} {prose.listed(shares)} percentage points."


CLAIM = Claim(
    id="saturation",
    place=1.2,
    title="Units saturate",
    source=f"{LECTURE}; arXiv:1502.03167, section 2",
    stated=Rule(
        statement="Units retreat into the flat part of the sigmoid as training goes on, more so in deeper networks; "
        "with batch normalization they do not.",
        words="Shares of saturated activations, over all hidden layers, of Keras models in study `depth`. Saturated: a "
        "slope below a tenth of the sigmoid's steepest, which is an input beyond 3.64 on either side. At the depths at "
        "which all runs of both arms reach the headline's target, since a network that does not learn may well stand "
        "still. Parts, at each: without batch normalization the share is larger at the end than at the start; with it, "
        "the share grows by less than a hundredth; at the end it is larger without than with. And without it, at the "
        "end, it is larger in the deepest of these networks than in the shallowest. A difference of less than a "
        "hundredth of the activations is none.",
        measure="share of saturated activations",
        compare=compare,
        reads={"depth": ("implementation", "normalization", "depth")},
        thresholds={"least_difference": LEAST_DIFFERENCE, **THRESHOLDS},
    ),
    findings={
        "holds": "Sigmoids move into their flat parts as a network learns, more of them in the deeper network. With "
        "batch normalization they do not.",
        "depends": "Some of this is so and some is not; the parts say at which depth, and of which network.",
        "undecided": "These runs do not tell whether sigmoids move into their flat parts, everywhere.",
        "fails": "Sigmoids do not move into their flat parts without batch normalization, and do so with it.",
    },
    remarks=remarks,
    caution="Networks that do not learn are no part of this comparison.",
    figure="layers",
    reading="A column for each depth; black without batch normalization, blue with; means in the range of all seeds. "
    "Top, on a log scale: how far what a layer gets has shifted by the end, in units of its own spread, from layer two "
    "on ([covariate-shift](#covariate-shift)). Middle: the share of activations in the flat part of the sigmoid, where "
    "its slope is below a tenth of its steepest, over all hidden layers. Bottom, on a log scale: the gradient by a "
    "layer's kernel times the kernel's norm ([gradients](#gradients)), in full the first hidden layer's, dashed the "
    "last one's; the dotted line is at a tenth of training. All on the same training images, in mini-batches "
    "normalized as in training. Where a network stays at chance, the first and the second row are no part of a rule. "
    "`tables/layers/depth.csv` has every layer, and the share of units that are saturated for all images.",
)
