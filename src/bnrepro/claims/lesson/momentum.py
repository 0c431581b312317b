"""What does the momentum of the moving averages set?"""

from collections.abc import Iterator

from bnrepro.claims import prose
from bnrepro.claims.engine import Claim, Found, Part, Rule
from bnrepro.claims.evidence import Evidence
from bnrepro.claims.lesson import LECTURE
from bnrepro.claims.statistics import PAIRED, less

FIRST, LAST = ((0.9, 0.999), (0.99, 0.999)), ((0.9, 0.0), (0.99, 0.9))  # momenta: the one to lag less, the other
AT_FIRST, AT_LAST = "lag at the first look: momentum {less} and {more}", "lag at the end: momentum {less} and {more}"


def compare(runs: Evidence) -> list[Part]:
    parts = []
    for look, pairs, form in ((0, FIRST, AT_FIRST), (-1, LAST, AT_LAST)):
        for pair in pairs:
            first, second = (runs.lag("momentum", look, momentum=value) for value in pair)
            name = form.format(less=f"{pair[0]:g}", more=f"{pair[1]:g}")
            parts.append(Part.of_means(name, first, second, less(first, second)))
    return parts


def remarks(found: Found) -> Iterator[str]:
    said = {
        True: "less with momentum {less} than with {more}",
        False: "more with momentum {less} than with {more}",
        None: "as much with momentum {less} as with {more}, as far as can be told",
    }
    for form, when in ((AT_FIRST, "At the first look"), (AT_LAST, "At the end")):
        if lags := [said[part.met].format(**at) for at, part in found.like(form)]:
            yield f"{when} moving means lag {prose.listed(lags)}."


CLAIM = Claim(
    id="momentum",
    place=3.4,
    title="Momentum",
    source=LECTURE,
    statement="Momentum sets how much recent values weigh in the moving averages.",
    rule=Rule(
        words="The higher the momentum, the longer moving averages lag behind; the lower, the more the last mini-batch "
        "weighs. Study `momentum`; the lag is the distance of the moving means from the means over a probe batch, in "
        "standard deviations (mean over layers). Parts: at the first look after the start it is less with 0.9 and with "
        "0.99 than with 0.999; at the last it is less with 0.9 than with 0, and less with 0.99 than with 0.9. Holds: "
        "in all parts. Fails: in none. Mixed: in some, or within two standard errors.",
        compare=compare,
        reads={"momentum": ("momentum",)},
        thresholds={"first": FIRST, "last": LAST, **PAIRED},
    ),
    findings={
        "holds": "A high momentum remembers its start for long; a low one weighs the last mini-batches, which are few "
        "images. What is best depends on how long one trains.",
    },
    remarks=remarks,
    wording="Momentum is the share of the old value that is kept, not the weight of the new one: Keras' 0.99 keeps "
    "99%, and PyTorch's 0.1 is Keras' 0.9. Training is the same whatever it is.",
    figure="moving_averages",
    reading="Left, on a log scale: how far the moving means are from the means over the probe's training images, in "
    "standard deviations of each unit (root mean square over units, mean over layers). Middle: what that costs in test "
    "accuracy; dotted, the same networks by population statistics. Right: estimators whose updates are run, and the "
    "same whose updates are forgotten. Means over seeds in the range of all.",
    series="momentum",
)
