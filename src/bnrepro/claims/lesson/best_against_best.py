"""Is an advantage left when each network has its own best learning rate?"""

from bnrepro.claims.engine import Claim, Part, Rule
from bnrepro.claims.evidence import MATTERS, NORMALIZED, PLAIN, Evidence
from bnrepro.claims.statistics import THRESHOLDS

STUDIES = {"tuned_sgd": "sgd", "tuned_momentum": "momentum", "tuned_adam": "adam"}


def compare(runs: Evidence) -> list[Part]:
    parts = []
    for study, optimizer in STUDIES.items():
        for target in runs.targets:
            rates = [runs.best_rate(study, target, **arm) for arm in (NORMALIZED, PLAIN)]
            # An arm that never arrives on held-out images competes at each target with its best rate for the first.
            rates = [
                runs.best_rate(study, runs.targets[0], **arm) if rate is None else rate
                for rate, arm in zip(rates, (NORMALIZED, PLAIN), strict=True)
            ]
            if None in rates:
                continue
            arms = [{**arm, "learning_rate": rate} for arm, rate in zip((NORMALIZED, PLAIN), rates, strict=True)]
            found = runs.fewer_steps(study, target, *arms)
            parts += [Part(one.effect, one.so, {"optimizer": optimizer, **one.at}) for one in found]
    return parts


CLAIM = Claim(
    id="best-against-best",
    place=4.2,
    title="Each at its own best",
    source="the objection of Shallue et al., JMLR 2019",
    stated=Rule(
        statement="Batch normalization saves iterations when each network has its own best learning rate.",
        words="Iterations without batch normalization over iterations with it, to every target on test images, evaluated "
        "by moving averages, with SGD, momentum and Adam. Each network has the learning rate with the fewest mean "
        "iterations to the same accuracy on held-out images; of equals the lower; where no run arrives there, its best "
        "rate for the first target. Studies `tuned_sgd`, `tuned_momentum` and `tuned_adam`. A part for each optimizer "
        "and target at which a run arrives.",
        compare=compare,
        reads=dict.fromkeys(STUDIES, ("normalization", "learning_rate")),
        thresholds={"matters": MATTERS, **THRESHOLDS},
    ),
    findings={
        "holds": "A badly chosen common rate does not explain the advantage: it remains with each network at the rate "
        "that held-out images choose for it, with every optimizer, to every target.",
        "fails": "With each network at the rate that held-out images choose for it, the advantage is gone.",
    },
)
