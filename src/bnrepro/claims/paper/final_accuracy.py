"""Is the accuracy higher with batch normalization, and do both networks end with the paper's?"""

from bnrepro.analysis import reference
from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import Evidence
from bnrepro.claims.figure_1 import ACCURACY_TOLERANCE, ARMS, accuracy, advantage, against
from bnrepro.claims.paper import AS_DRAWN, CAPTION, READS
from bnrepro.claims.statistics import THRESHOLDS, difference


def higher(runs: Evidence) -> list[Part]:
    effect = advantage(runs)
    return [Part(effect, effect.exceeds(0, ACCURACY_TOLERANCE))]


def as_in_the_figure(runs: Evidence) -> list[Part]:
    parts = []
    for arm in ARMS:
        step, paper = reference.last_point(arm)
        effect = difference(*against(paper, accuracy(runs, arm, step)))
        parts.append(Part(effect, effect.within(-ACCURACY_TOLERANCE, ACCURACY_TOLERANCE), {"normalization": arm}))
    return parts


CLAIM = Claim(
    id="paper-final-accuracy",
    place=1,
    title="Final accuracy",
    source=CAPTION,
    stated=Rule(
        statement="Batch normalization helps the network achieve higher accuracy.",
        words="Test accuracy with batch normalization less that without, at the end of the runs. Less than 0.3 "
        f"percentage points are no difference. {AS_DRAWN}",
        measure="accuracy gained",
        compare=higher,
        reads=READS,
        thresholds={"tolerance": ACCURACY_TOLERANCE, **THRESHOLDS},
    ),
    meant=Rule(
        statement="The curves end at a test accuracy of 97.2% without and 98.2% with batch normalization.",
        words="Our test accuracy less the paper's, at the last step of the paper's curve, lies within 0.3 percentage "
        f"points in each network. {AS_DRAWN}",
        measure="our accuracy less the paper's",
        compare=as_in_the_figure,
        reads=READS,
        thresholds={"tolerance": ACCURACY_TOLERANCE, **THRESHOLDS},
    ),
    caution="The network without batch normalization was fitted to the paper's curve: its part says how good that is.",
)
