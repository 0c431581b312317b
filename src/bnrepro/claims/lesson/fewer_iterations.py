"""Does a network reach the target in fewer iterations with batch normalization?"""

from collections.abc import Iterator, Sequence

import pandas as pd

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import ACCURACY_MATTERS, MATTERS, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS, Sample, difference

COPIES = ("keras_estimator", "core_estimator")  # of the Keras model's network: by tests they have its bits
SAME = "accuracy beyond the Keras model's"


def compare(runs: Evidence) -> list[Part]:
    implementations = runs.values("depth", "implementation")
    parts = [part for one in implementations if one not in COPIES for part in runs.fewer_at_every_depth(one)]
    for copy in [one for one in implementations if one in COPIES]:
        apart = difference(*(_accuracy(runs, implementation) for implementation in ("keras", copy)))
        parts.append(
            Part(apart, apart.within(-ACCURACY_MATTERS, ACCURACY_MATTERS), name=f"{SAME}: {copy}", counts=False)
        )
    return parts


def _accuracy(runs: Evidence, implementation: str) -> Sample:
    """Final test accuracy with batch normalization, mean over depths."""
    arm = {"implementation": implementation, "normalization": "batch"}
    finals = [runs.final("depth", "accuracy", **arm, depth=depth) for depth in runs.values("depth", "depth", **arm)]
    return runs.seen(pd.concat([one.at for one in finals], axis=1).mean(axis=1), "depth", **arm)


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    steps = [part for part in parts if "depth" in part.at]
    yield f"Comparisons in which batch normalization saves iterations: {prose.tally(steps, 'depth')}."


CLAIM = Claim(
    id="fewer-iterations",
    place=2.3,
    title="Fewer iterations",
    source=f"{LECTURE}; arXiv:1502.03167, section 4.1",
    stated=Rule(
        statement="With batch normalization a network reaches an accuracy in fewer iterations, at every depth, in "
        "every implementation.",
        words="Iterations without batch normalization over iterations with it, to every target, evaluated by moving "
        "averages, at the dataset's own learning rate and initial weights. Study `depth`. A part for each depth "
        "and target at which all runs of an arm arrive, for the Keras model and for the canned estimator, which are "
        "one "
        "network without batch normalization: at a depth their parts are one comparison. The two custom estimators "
        "copy the Keras model's network. For each of them a part beside says whether its final accuracy with batch "
        "normalization is the Keras model's (mean over depths).",
        compare=compare,
        reads={"depth": ("implementation", "normalization", "depth")},
        thresholds={"matters": MATTERS, "accuracy": ACCURACY_MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "Batch normalization saves iterations in every implementation, at every depth, to every target.",
        "fails": "Batch normalization saves no iterations, in any implementation, at any depth.",
        "depends": "Batch normalization saves iterations in some of these networks and to some targets, and none in "
        "others.",
        "undecided": "In some of these comparisons the runs scatter too much, or are evaluated too rarely, to say "
        "whether batch normalization saves iterations.",
    },
    remarks=remarks,
    caution="One learning rate serves both networks here, and one kind of initial weights; "
    "[best-against-best](#best-against-best) gives each network its own rate.",
    wording='"14 times fewer steps" is said of ImageNet, with 5 times the learning rate and other changes beside batch '
    "normalization (arXiv:1502.03167, section 4.2); on MNIST the paper's own curves say 3.0 times to 96% and 2.6 times "
    "to 97% (Figure 1(a)).",
)
