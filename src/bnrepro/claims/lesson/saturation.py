"""Do sigmoids saturate in training, and does batch normalization keep them out of saturation?"""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Found, Part, Rule
from bnrepro.claims.evidence import NORMALIZED, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import PAIRED, less

LEAST_DIFFERENCE = 0.01  # of shares of activations
AT_THE_END = "at the end, depth {depth}: with and without"


def compare(runs: Evidence) -> list[Part]:
    depths = runs.both_arrive()
    parts, ends = [], {}
    for depth in depths:
        start, end = (_saturated(runs, at, depth=depth, **PLAIN) for at in ("start", "end"))
        parts.append(Part.of_means(f"without, depth {depth}: start and end", start, end, _fewer(start, end)))
        ends[depth] = end
    if len(depths) > 1:
        shallow, deep = ends[depths[0]], ends[depths[-1]]
        name = f"without, at the end: depth {depths[0]} and {depths[-1]}"
        parts.append(Part.of_means(name, shallow, deep, _fewer(shallow, deep)))
    for depth in depths:
        first, second = _saturated(runs, "end", depth=depth, **NORMALIZED), ends[depth]
        parts.append(Part.of_means(AT_THE_END.format(depth=depth), first, second, _fewer(first, second)))
    return parts


def _saturated(runs: Evidence, at: str, **factors: Any) -> pd.Series:
    looks = runs.looks("depth", **factors)
    step = looks["step"].min() if at == "start" else looks["step"].max()
    return looks[looks["step"] == step].groupby("seed")["saturated"].mean()


def _fewer(first: pd.Series, second: pd.Series) -> bool | None:
    """Whether shares are smaller in the first, by more than a hundredth."""
    return less(first, second) if second.mean() - first.mean() > LEAST_DIFFERENCE else False


def remarks(found: Found) -> Iterator[str]:
    if ends := found.like(AT_THE_END):
        shares = ", ".join(
            f"{prose.percent(part.second)} and {prose.percent(part.first)} at depth {at['depth']}" for at, part in ends
        )
        yield f"Saturated activations at the end, without and with batch normalization: {shares}."


CLAIM = Claim(
    id="saturation",
    place=1.2,
    title="Units saturate",
    source=f"{LECTURE}; arXiv:1502.03167, section 2",
    statement="Units retreat into the flat part of the sigmoid as training goes on, more so in deeper networks; with "
    "batch normalization they do not.",
    rule=Rule(
        words="Shares of saturated activations, over all hidden layers, of Keras models in study `depth`. Saturated: a "
        "slope below a tenth of the sigmoid's steepest, which is an input beyond 3.64 on either side. At the depths at "
        "which all runs of both arms reach the headline's target, since a network that does not learn may well stand "
        "still. Parts: at each, without batch normalization, fewer at the start than at the end; fewer in the "
        "shallowest of them than in the deepest at the end; at each, fewer with it than without at the end. A "
        "difference of a hundredth of the activations or less is none. Holds: in all parts. Fails: in none. Mixed: in "
        "some, or within two standard errors.",
        compare=compare,
        reads={"depth": ("implementation", "normalization", "depth")},
        thresholds={"least_difference": LEAST_DIFFERENCE, **PAIRED},
    ),
    findings={
        "holds": "Sigmoids move into their flat parts as a network learns, more of them in the deeper network, and "
        "fewer with batch normalization.",
        "mixed": "Some parts of the statement hold and others do not.",
        "fails": "Sigmoids do not move into their flat parts, and batch normalization does not keep any out.",
    },
    remarks=remarks,
    caution="Networks that do not learn are no part of this comparison.",
    figure="layers",
    reading="A column for each depth. Top, on a log scale: how far the median input of a unit travels in training, by "
    "layer (the median over units). Middle: the share of activations in the flat part of the sigmoid, where its slope "
    "is below a tenth of its steepest. Bottom, on a log scale: the norm of the gradient by a layer's kernel. The last "
    "hidden layer is drawn in full, the first dashed; black without batch normalization, blue with; means in the range "
    "of all seeds. All on the same training images, in mini-batches normalized as in training. `tables/layers.csv` has "
    "every layer, and the share of units that are saturated for all images.",
)
