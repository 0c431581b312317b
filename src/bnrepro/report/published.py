"""Digests of the published reports' parameters; templates tell the results' history only where they match."""

from bnrepro import source
from bnrepro.claims import ledger
from bnrepro.report import paper
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import Params

# No run of the dataset had a seed of this or more when rules and grids were committed.
CONFIRMATORY_FROM = {"digits": 200, "mnist": 100, "fashion_mnist": 100}

# SHA-256 of the parameters, by dataset. Whoever changes a published study updates it, after reading in the templates
# what follows `if published`.
PARAMETERS = {
    "digits": "d742ae0fa3b631fa847da643e60d9db13195fcb90623ddfca6c7c05bafc6a648",
    "mnist": "490d5c5e99dc92f41c6be5f052bc03332d4e81da866647d15ebb62a8bfcad7b7",
    "fashion_mnist": "af8ebd4d69129eaf0c4c0edffe91e7371bd5bb28ae0b56327e176a7e8ba6bd4e",
}


def is_published(params: Params, dataset: DatasetName) -> bool:
    """Whether a report of these parameters is the published one."""
    return digest(params, dataset) == PARAMETERS.get(dataset)


def digest(params: Params, dataset: DatasetName) -> str:
    """SHA-256 (hex) over a dataset's sections and the studies that the report's text is about.

    What has its default does not count, nor does another dataset's number of seeds, nor a study of one's own.
    """
    studies = {*paper.STUDIES}
    for claim in (*ledger.LESSON, *ledger.PAPER, *ledger.FIGURE_2):
        studies |= {*claim.stated.reads, *(claim.meant.reads if claim.meant else ()), claim.series}
    told = ledger.settings(params, dataset)
    content = {name: told[name] for name in ("data", "network", "training")}
    content |= {name: grid for name, grid in told["studies"].items() if name in studies}
    return source.digest(content)
