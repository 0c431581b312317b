"""Is steadier input the cause of the speed-up: does it go where noise makes inputs shift again?"""

from collections.abc import Iterator, Sequence
from typing import Any

from bnrepro.claims.engine import Claim, Found, NotTested, Part, Rule, Verdict, of_parts
from bnrepro.claims.evidence import NORMALIZED, PLAIN, Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import PAIRED, less

STEADY_AND_SHIFTING = "steps, steady and shifting noise"


def compare(runs: Evidence) -> list[Part]:
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
    as_slow = runs.no_fewer_steps("noise", shifting, without)
    return [
        Part.of_means("steps, without and with shifting noise", without, shifting, as_slow),
        Part.of_means(STEADY_AND_SHIFTING, steady, shifting, runs.fewer_steps("noise", steady, shifting)),
        Part.of_means("steps, steady noise and without", steady, without, runs.fewer_steps("noise", steady, without)),
        Part.of_means("steps, no noise and shifting noise", steps["none"], shifting, counts=False),
        Part.of_means("movement, without and with shifting noise", plain_moved, moved["shifting"], counts=False),
        Part.of_means("movement, no noise and steady noise", moved["none"], moved["steady"], counts=False),
    ]


def verdict(parts: Sequence[Part]) -> Verdict:
    """`fails` by the first part alone: an advantage is left."""
    return "fails" if parts[0].met is False else "holds" if of_parts(parts) == "holds" else "mixed"


def remarks(found: Found) -> Iterator[str]:
    for _, part in found.like(STEADY_AND_SHIFTING):
        yield {
            True: "Steady noise of the same size costs less than shifting noise.",
            False: "Steady noise of the same size costs more than shifting noise.",
            None: "Steady noise of the same size costs as much, as far as can be told.",
        }[part.met]


CLAIM = Claim(
    id="cause",
    place=4.3,
    title="Why it works",
    source=f"{LECTURE}; arXiv:1502.03167, section 1; contested by Santurkar et al. 2018, arXiv:1805.11604",
    statement="Reducing the internal covariate shift is why batch normalization works.",
    rule=Rule(
        words="Where noise after batch normalization makes inputs shift again, its advantage goes. Study `noise`; "
        "steps to the headline's target by population statistics. Tested if with shifting noise the median input of a "
        "unit moves farther from one look to the next than without batch normalization (median over units, mean over "
        "layers). Holds: shifting noise takes no fewer steps than the network without batch normalization, and steady "
        "noise, which is as much, takes fewer than either. Fails: shifting noise takes fewer steps than the network "
        "without batch normalization. Mixed: neither, or within two standard errors.",
        compare=compare,
        reads={"noise": ("normalization", "noise")},
        thresholds=PAIRED,
        verdict=verdict,
    ),
    findings={
        "holds": "Shifting noise takes the advantage away, where as much steady noise does not.",
        "mixed": "The runs decide neither way.",
        "fails": "With shifting noise a unit's input jumps farther from look to look than without batch "
        "normalization, and still the network is faster than the one without. Steadier inputs do not explain the "
        "speed-up, here as in Santurkar et al.",
    },
    remarks=remarks,
    wording="Contested. Santurkar et al. 2018 (arXiv:1805.11604) inject such noise and keep the speed-up, and hold "
    "that batch normalization makes the loss smoother; Bjorck et al. 2018 (arXiv:1806.02375) see the gain in the "
    "larger learning rates; Awais et al. defend the shift.",
    figure="noise",
    reading="Left: test accuracy by population statistics, against iterations on a log scale. Middle: how far the "
    "inputs of each layer travel. Right, on a log scale: by how much one step of the layers before turns the gradient "
    "of the last hidden layer, 0 for not at all. Shifting noise gives every unit a mean and a spread that jump at each "
    "step; steady noise is as much, of a distribution that stays. Means over seeds in the range of all.",
    series="noise",
)
