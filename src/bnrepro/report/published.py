"""Digests of the published reports' parameters; templates tell the results' history only where they match."""

from bnrepro import source
from bnrepro.claims import ledger
from bnrepro.report import paper
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import Params

CONFIRMATORY_FROM = 100  # no run had a seed of this or more when the rules were committed

# SHA-256 of the parameters, by dataset. Whoever changes a published study updates it, after reading in the templates
# what follows `if published`.
PARAMETERS = {
    "digits": "5b8ea6d446d43df05652851eda8151ce5ef2975a77042a06b48dad5d573f6433",
    "mnist": "1bce95eef3364ad4e5bc3248c5491badd71f3f71bcdd96a421a0926c432b44d9",
}


def is_published(params: Params, dataset: DatasetName) -> bool:
    """Whether a report of these parameters is the published one."""
    return digest(params, dataset) == PARAMETERS.get(dataset)


def digest(params: Params, dataset: DatasetName) -> str:
    """SHA-256 (hex) over a dataset's sections and the studies that the report's text is about.

    What has its default does not count, nor does another dataset's number of seeds, nor a study of one's own.
    """
    studies = {*paper.STUDIES}
    for claim in (*ledger.LESSON, *ledger.PAPER):
        studies |= {*claim.stated.reads, *(claim.meant.reads if claim.meant else ()), claim.series}
    told = ledger.settings(params, dataset)
    content = {name: told[name] for name in ("data", "network", "training")}
    content |= {name: grid for name, grid in told["studies"].items() if name in studies}
    return source.digest(content)
