"""Do the inputs of a layer move less with batch normalization?"""

from collections.abc import Iterator

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Found, Part, Rule
from bnrepro.claims.evidence import NORMALIZED, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import PAIRED, less


def compare(runs: Evidence) -> list[Part]:
    parts = []
    for depth in runs.both_arrive():
        for column, unit in (("travelled", ""), ("travelled_relative", ", in spreads")):
            first, second = (runs.over_layers("depth", column, depth=depth, **arm) for arm in (NORMALIZED, PLAIN))
            for layer in first:
                name = f"depth {depth}, layer {layer}{unit}: with and without"
                parts.append(Part.of_means(name, first[layer], second[layer], less(first[layer], second[layer])))
    return parts


def remarks(found: Found) -> Iterator[str]:
    shorter = [part for part in found.parts.values() if part.met and part.first and part.second]
    if shorter:
        ratios = prose.span(part.second / part.first for part in shorter if part.second)
        yield f"In {len(shorter)} of {len(found.parts)} comparisons they travel {ratios} times less."


CLAIM = Claim(
    id="covariate-shift",
    place=1.3,
    title="Inputs of layers shift",
    source=f"{LECTURE}; arXiv:1502.03167, sections 2 and 4.1",
    statement="The distribution of a layer's inputs moves during training, and batch normalization makes it steadier.",
    rule=Rule(
        words="The inputs of a layer's sigmoids travel less with batch normalization (Keras models, study `depth`). A "
        "unit travels from the lowest to the highest value of the median of its input over a fixed probe batch; of a "
        "layer, the median over its units. Compared layer by layer, in the units of the input and in those of the "
        "unit's own spread at the end (its 15th to its 85th percentile), at the depths at which all runs of both arms "
        "reach the headline's target. Holds: in all parts. Fails: in none. Mixed: in some, or within two standard "
        "errors.",
        compare=compare,
        reads={"depth": ("implementation", "normalization", "depth")},
        thresholds=PAIRED,
    ),
    findings={
        "holds": "Batch normalization makes the inputs of every layer travel less, also when measured in their own "
        "spread. The paper's Figure 1(b, c) shows this for one unit.",
        "mixed": "Batch normalization does not make the inputs of every layer travel less in both units.",
        "fails": "Batch normalization makes the inputs of no layer travel less.",
    },
    remarks=remarks,
    caution="Whether steadier inputs are the reason for anything is another claim: [cause](#cause).",
    wording="Batch normalization does not hold the distribution of a layer's inputs: it fixes mean and variance of "
    "each unit over a mini-batch, and then lets gamma and beta move them (arXiv:1502.03167, Algorithm 1). Nor does it "
    '"transform the weights": what is normalized is what a unit gets before its nonlinearity, and the weights stay as '
    "they are. True nearby: scaling the weights changes nothing, BN(aWu) = BN(Wu) (section 3.3).",
)
