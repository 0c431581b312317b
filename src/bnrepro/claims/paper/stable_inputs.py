"""Is the distribution of a sigmoid's input steadier with batch normalization?"""

from functools import partial

from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import MATTERS, Evidence
from bnrepro.claims.figure_1 import ARMS, STUDY
from bnrepro.claims.paper import CAPTION, READS
from bnrepro.claims.statistics import THRESHOLDS, Sample, ratio
from bnrepro.study.params import PAPER_DEPTH


def compare(runs: Evidence, relative: bool) -> list[Part]:
    """Of the medians and of the spreads; `relative`: to the spread in the end."""
    parts = []
    for name in ("median", "spread"):
        without, with_it = (_movement(runs, arm, name, relative) for arm in ARMS)
        effect = ratio(with_it, without)
        parts.append(Part(effect, effect.exceeds(1, MATTERS), name=name))
    return parts


def _movement(runs: Evidence, normalization: str, name: str, relative: bool) -> Sample:
    looks = runs.looks(STUDY, normalization=normalization)
    last = looks[looks["layer"] == PAPER_DEPTH].sort_values("step")
    spread = (last["percentile_85"] - last["percentile_15"]).groupby(last["seed"])
    moved = last.groupby("seed")["travelled"].first() if name == "median" else spread.max() - spread.min()
    return runs.seen(moved / spread.last() if relative else moved, STUDY, normalization=normalization)


_MOVEMENT = (
    "Movement without over movement with batch normalization, in the last hidden layer, from step 0 on: of a unit's "
    "median over images, the median over units; and of the layer's spread, from the 15th to the 85th percentile. "
    "Movement is the highest less the lowest value"
)

CLAIM = Claim(
    id="paper-stable-inputs",
    place=5,
    title="Stable inputs",
    source=CAPTION,
    stated=Rule(
        statement="Batch normalization makes the distribution of a sigmoid's input more stable as training progresses.",
        words=f"{_MOVEMENT}, in units of the sigmoid's input. Study `paper`.",
        measure="movement without over with",
        compare=partial(compare, relative=False),
        reads=READS,
        thresholds={"matters": MATTERS, **THRESHOLDS},
    ),
    meant=Rule(
        statement="The distribution of a sigmoid's input moves less, measured by its own width.",
        words=f"{_MOVEMENT}, as a share of the spread in the end. Study `paper`.",
        measure="movement without over with",
        compare=partial(compare, relative=True),
        reads=READS,
        thresholds={"matters": MATTERS, **THRESHOLDS},
    ),
    caution="Batch normalization fixes mean and variance of every sigmoid's input, up to two parameters that it "
    "learns. So it makes the input steadier nearly by construction. Whether training is faster for that reason is "
    "another question: [cause](#cause).",
)
