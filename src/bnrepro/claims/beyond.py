"""The lesson's last part: what came after, and what of the advantage is left when the comparison is made fair."""

from typing import Any

from bnrepro.analysis import layers, steps_to_target
from bnrepro.claims import engine, evidence, learning
from bnrepro.claims.engine import Claim, Measured, NotTested, Part, Verdict, of_parts
from bnrepro.claims.evidence import Evidence, less
from bnrepro.claims.learning import LECTURE, NORMALIZED, PLAIN

# The units of each alternative, and those of the network without normalization that it is compared with.
ALTERNATIVES = {"layer": ("sigmoid", "sigmoid"), "weight": ("sigmoid", "sigmoid"), "self": ("selu", "relu")}


def alternatives(runs: Evidence) -> tuple[Measured, Verdict]:
    """Layer and weight normalization, and self-normalizing networks, train faster than networks without.

    Study `alternatives`: steps to the headline's target against a network without normalization, at the same learning
    rate: of sigmoid units, and SELU units against ReLU units. A part for each alternative and depth; where no run of an
    alternative arrives it is not so. Holds: in all parts. Fails: in none. Mixed: in some, or within two standard
    errors.
    """
    parts = []
    for depth in runs.values("alternatives", "depth"):
        for normalization, (activation, other) in ALTERNATIVES.items():
            own = {"implementation": "keras", "normalization": normalization, "activation": activation}
            first = runs.steps("alternatives", depth=depth, **own)
            second = runs.steps("alternatives", depth=depth, activation=other, **PLAIN)
            name = f"{normalization}, {activation}, depth {depth}, and none, {other}"
            parts.append(Part(name, first.mean(), second.mean(), runs.fewer_steps(first, second)))
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
    if held_out[best] >= runs.budget:
        raise NotTested(f"study learning_rate: at no rate does {arm['normalization']} reach the target")
    return best


def cause(runs: Evidence) -> tuple[Measured, Verdict]:
    """Where noise after batch normalization makes inputs shift again, its advantage goes.

    Study `noise`; steps to the headline's target by population statistics. Tested if with shifting noise the median
    input of a unit moves farther from one look to the next than without batch normalization (median over units, mean
    over layers). Holds: shifting noise takes no fewer steps than the network without batch normalization, and steady
    noise, which is as much, takes fewer than either. Fails: shifting noise takes fewer steps than the network without
    batch normalization. Mixed: neither, or within two standard errors.
    """
    noisy: dict[str, dict[str, Any]] = {kind: {"noise": kind, **NORMALIZED} for kind in ("none", "steady", "shifting")}
    moved = {kind: runs.over_layers("noise", "jumped", **arm).mean(axis=1) for kind, arm in noisy.items()}
    plain_moved = runs.over_layers("noise", "jumped", **PLAIN).mean(axis=1)
    if less(plain_moved, moved["shifting"]) is not True:
        raise NotTested(
            f"shifting noise does not bring the shift back: from look to look inputs move by "
            f"{moved['shifting'].mean():.3g} with it, {plain_moved.mean():.3g} without batch normalization"
        )
    steps = {kind: runs.steps("noise", "population_accuracy", **arm) for kind, arm in noisy.items()}
    without = runs.steps("noise", **PLAIN)
    shifting, steady = steps["shifting"], steps["steady"]
    met = runs.no_fewer_steps(shifting, without)
    parts = [
        Part("steps, without and with shifting noise", without.mean(), shifting.mean(), met),
        Part("steps, steady and shifting noise", steady.mean(), shifting.mean(), runs.fewer_steps(steady, shifting)),
        Part("steps, steady noise and without", steady.mean(), without.mean(), runs.fewer_steps(steady, without)),
    ]
    checks = [
        Part("steps, no noise and shifting noise", steps["none"].mean(), shifting.mean()),
        Part("movement, without and with shifting noise", plain_moved.mean(), moved["shifting"].mean()),
        Part("movement, no noise and steady noise", moved["none"].mean(), moved["steady"].mean()),
    ]
    measured, verdict = of_parts(parts, checks)
    return measured, "fails" if met is False else "holds" if verdict == "holds" else "mixed"


_REACH = engine.code(engine, evidence, layers, learning, steps_to_target, __file__)
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
