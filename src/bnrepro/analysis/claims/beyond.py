"""The lesson's last part: what came after, and what of the advantage is left when the comparison is made fair."""

from typing import Any

from bnrepro.analysis.claims import claim, evidence, learning
from bnrepro.analysis.claims.claim import Claim, Measured, NotTested, Part, Verdict, of_parts
from bnrepro.analysis.claims.evidence import Evidence
from bnrepro.analysis.claims.learning import LECTURE, NORMALIZED, PLAIN

ALTERNATIVES = {"layer": "sigmoid", "weight": "sigmoid", "self": "selu"}  # and the units that each is compared with


def alternatives(runs: Evidence) -> tuple[Measured, Verdict]:
    """Layer and weight normalization (sigmoid units) and self-normalizing networks (SELU units) train faster than none.

    Study `alternatives`: steps to the headline's target against sigmoid units without normalization, at the same
    learning rate. A part for each alternative and depth. Holds: in all parts. Fails: in none. Mixed: in some, or within
    two standard errors.
    """
    parts = []
    for depth in runs.values("alternatives", "depth"):
        plain = runs.steps("alternatives", depth=depth, activation="sigmoid", **PLAIN)
        for normalization, activation in ALTERNATIVES.items():
            own = {"implementation": "keras", "normalization": normalization, "activation": activation}
            first = runs.steps("alternatives", depth=depth, **own)
            met = runs.fewer_steps(first, plain)
            parts.append(Part(f"{normalization}, depth {depth}: with and without", first.mean(), plain.mean(), met))
    return of_parts(parts)


def best_against_best(runs: Evidence) -> tuple[Measured, Verdict]:
    """With batch normalization fewer steps are needed, too, when each arm has its own best learning rate.

    Study `learning_rate`. An arm's best rate is the one with the fewest mean steps to the headline's target on held-out
    images, a run that does not arrive counting with the budget; of equals the lower. Compared: steps to the target on
    test images, by moving averages. Holds: fewer with batch normalization. Fails: more. Mixed: within two standard
    errors.
    """
    steps, rates = {}, {}
    for name, arm in (("batch", NORMALIZED), ("none", PLAIN)):
        rates[name] = best_rate(runs, arm)
        steps[name] = runs.steps("learning_rate", learning_rate=rates[name], **arm)
    met = runs.fewer_steps(steps["batch"], steps["none"])
    name = f"steps, with at {rates['batch']:g} and without at {rates['none']:g}"
    return of_parts([Part(name, steps["batch"].mean(), steps["none"].mean(), met)])


def best_rate(runs: Evidence, arm: dict[str, Any]) -> float:
    """The learning rate at which an arm takes the fewest mean steps to the target on held-out images.

    Raises:
        NotTested: no run of the arm arrives.
    """
    rates = [float(rate) for rate in runs.values("learning_rate", "learning_rate", **arm)]
    held_out = {
        rate: runs.steps("learning_rate", "validation_accuracy", learning_rate=rate, **arm).mean() for rate in rates
    }
    best = min(rates, key=lambda rate: (held_out[rate], rate))
    if held_out[best] >= runs.curves["budget"].max():
        raise NotTested(f"study learning_rate: at no rate does {arm['normalization']} reach the target")
    return best


def cause(runs: Evidence) -> tuple[Measured, Verdict]:
    """Where noise after batch normalization makes inputs shift again, its advantage goes.

    Study `noise`; steps to the headline's target by population statistics. Tested if with shifting noise inputs travel
    at least as far as without batch normalization (mean over layers). Parts: shifting noise takes more steps than none
    (the shift costs); more than steady noise (it is the shift that costs, not the noise); and not fewer than the
    network without batch normalization (it costs all of the advantage). Holds: in all parts. Fails: in none. Mixed: in
    some, or within two standard errors.
    """
    noisy: dict[str, dict[str, Any]] = {kind: {"noise": kind, **NORMALIZED} for kind in ("none", "steady", "shifting")}
    shifted, plain = (runs.moved("noise", **arm).mean(axis=1) for arm in (noisy["shifting"], PLAIN))
    if shifted.mean() < plain.mean():
        raise NotTested(
            f"shifting noise does not bring the shift back: inputs travel {shifted.mean():.3g} with it, "
            f"{plain.mean():.3g} without batch normalization"
        )
    steps = {kind: runs.steps("noise", "population_accuracy", **arm) for kind, arm in noisy.items()}
    without = runs.steps("noise", **PLAIN)
    parts = []
    for kind in ("none", "steady"):
        met = runs.fewer_steps(steps[kind], steps["shifting"])
        parts.append(Part(f"steps, noise {kind} and shifting", steps[kind].mean(), steps["shifting"].mean(), met))
    fewer = runs.fewer_steps(steps["shifting"], without)
    name = "steps, without batch normalization and with shifting noise"
    parts.append(Part(name, without.mean(), steps["shifting"].mean(), None if fewer is None else not fewer))
    return of_parts(parts)


_REACH = claim.code(evidence) + claim.code(learning)
CLAIMS = [
    Claim(
        "alternatives",
        f"{LECTURE}; arXiv:1602.07868, arXiv:1607.06450, arXiv:1706.02515",
        "Layer normalization, weight normalization and self-normalizing networks address the same problem.",
        alternatives,
        _REACH,
    ),
    Claim(
        "best-against-best",
        "the objection of Shallue et al., JMLR 2019",
        "The advantage remains when each arm has its own best learning rate, chosen on validation data.",
        best_against_best,
        _REACH,
    ),
    Claim(
        "cause",
        f"{LECTURE}; arXiv:1502.03167, section 1; contested by Santurkar et al. 2018, arXiv:1805.11604",
        "Reducing the internal covariate shift is why batch normalization works.",
        cause,
        _REACH,
    ),
]
