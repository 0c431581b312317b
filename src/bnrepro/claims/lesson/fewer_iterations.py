"""Does a network reach the target in fewer iterations with batch normalization?"""

from collections.abc import Iterator

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Found, Part, Rule
from bnrepro.claims.evidence import Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import PAIRED

PAIR = "{implementation}, depth {depth}: with and without"


def compare(runs: Evidence) -> list[Part]:
    parts = []
    for implementation in runs.values("depth", "implementation"):
        for depth in runs.values("depth", "depth", implementation=implementation):
            first, second = (
                runs.steps("depth", implementation=implementation, depth=depth, normalization=normalization)
                for normalization in ("batch", "none")
            )
            name = PAIR.format(implementation=implementation, depth=depth)
            parts.append(Part.of_means(name, first, second, runs.fewer_steps("depth", first, second)))
    return parts


def remarks(found: Found) -> Iterator[str]:
    by_implementation: dict[str, list[tuple[str, bool | None]]] = {}
    for at, part in found.like(PAIR):
        by_implementation.setdefault(at["implementation"], []).append((at["depth"], part.met))
    always = [name for name, pairs in by_implementation.items() if all(met is True for _, met in pairs)]
    if 0 < len(always) < len(by_implementation):
        yield f"Fewer at every depth: {prose.listed(always)}."
    for name, pairs in by_implementation.items():
        if name not in always:
            others = prose.depths(depth for depth, met in pairs if met is not True)
            yield f"Not so, or not to be told: {name} at {others}."


CLAIM = Claim(
    id="fewer-iterations",
    place=2.3,
    title="Fewer iterations",
    source=f"{LECTURE}; arXiv:1502.03167, section 4.1",
    statement="With batch normalization a network reaches the target in fewer iterations, at every depth, in every "
    "implementation.",
    rule=Rule(
        words="With batch normalization the headline's target is reached in fewer steps, evaluated by moving averages. "
        "A part for each implementation and depth of study `depth`; a run that does not arrive counts with the budget, "
        "and where no run with it arrives it is not so. Holds: in all parts. Fails: in none. Mixed: in some, or within "
        "two standard errors.",
        compare=compare,
        reads={"depth": ("implementation", "normalization", "depth")},
        thresholds=PAIRED,
    ),
    findings={
        "holds": "Every implementation reaches the target in fewer iterations with batch normalization, at every "
        "depth.",
        "mixed": "Not every implementation reaches the target in fewer iterations with batch normalization at every "
        "depth.",
        "fails": "No implementation reaches the target in fewer iterations with batch normalization, at any depth.",
    },
    remarks=remarks,
    caution="This is said of one target, of these initial weights, and of one learning rate for both networks; "
    "[best-against-best](#best-against-best) gives each its own.",
    wording='"14 times fewer steps" is said of ImageNet, with 5 times the learning rate and other changes beside batch '
    "normalization (arXiv:1502.03167, section 4.2); on MNIST the paper's own curves say 3.0 times to 96% and 2.6 times "
    "to 97% (Figure 1(a)).",
)
