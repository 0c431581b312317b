"""Does a network reach the target in fewer iterations with batch normalization?"""

from collections.abc import Iterator, Sequence

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import MATTERS, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import THRESHOLDS

COPIES = ("keras_estimator", "core_estimator")  # of the Keras model's network: by tests they have its bits


def compare(runs: Evidence) -> list[Part]:
    implementations = runs.values("depth", "implementation")
    return [part for one in implementations if one not in COPIES for part in runs.fewer_at_every_depth(one)]


def remarks(parts: Sequence[Part]) -> Iterator[str]:
    yield f"Batch normalization saves iterations: {prose.answers_by(parts, 'depth')}."


CLAIM = Claim(
    id="fewer-iterations",
    place=2.3,
    title="Fewer iterations",
    source=f"{LECTURE}; arXiv:1502.03167, section 4.1",
    stated=Rule(
        statement="With batch normalization a network reaches an accuracy in fewer iterations, at every depth, in "
        "every implementation.",
        words="Iterations without batch normalization over iterations with it, to every target, evaluated by moving "
        "averages, at the dataset's own learning rate and initial weights. Study `depth`. A part for each depth and "
        "target at which all runs of one arm arrive, for the Keras model and for the canned estimator, which are one "
        "network without batch normalization: at a depth their parts are one comparison. The two custom estimators are "
        "the Keras model's network, bit for bit; the Keras model stands for them.",
        compare=compare,
        reads={"depth": ("implementation", "normalization", "depth")},
        thresholds={"matters": MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "Batch normalization saves iterations in each implementation, at each depth and to each target that "
        "were compared.",
        "fails": "Batch normalization saves no iterations in any implementation, at any depth that was compared.",
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
