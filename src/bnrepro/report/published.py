"""Digests of the published reports' parameters; templates tell the results' history only where they match."""

from bnrepro import source
from bnrepro.claims import ledger
from bnrepro.report import paper
from bnrepro.study.factors import DatasetName
from bnrepro.study.params import CALIBRATION_STUDY, Params

# SHA-256 of the parameters, by dataset. Whoever changes a published study updates it, after reading in the templates
# what follows `if published`.
PARAMETERS = {
    "digits": "9914172cba5593737d1a5b50e2a91b32e6c45e249f8cebbb344ab2a6126c4cfa",
    "mnist": "219050d0c63b0fabc168f25cab4ee9478181890961cb7c603b8a64b4b07a8801",
}


def is_published(params: Params, dataset: DatasetName) -> bool:
    """Whether a report of these parameters is the published one."""
    return digest(params, dataset) == PARAMETERS.get(dataset)


def digest(params: Params, dataset: DatasetName) -> str:
    """SHA-256 (hex) over a dataset's sections and the studies that the report's text is about.

    What has its default does not count, nor does another dataset's number of seeds, nor a study of one's own.
    """
    studies = {CALIBRATION_STUDY, *paper.FACTORS, *paper.PREDICTIONS}
    for claim in (*ledger.LESSON, *ledger.PAPER):
        studies |= {*claim.rule.reads, claim.series}
    sections = {"data": params.data[dataset], "network": params.network, "training": params.training[dataset]}
    content = {name: section.model_dump(exclude_defaults=True) for name, section in sections.items()}
    for name, grid in params.studies.items():
        if name in studies and grid.applies_to(dataset):
            seeds = {one: params.seeds(dataset, name, one) for one in grid.implementation}
            content[name] = grid.model_dump(exclude_defaults=True, exclude={"datasets", "seeds", "seeds_of"})
            content[name]["seeds"] = seeds
    return source.digest(content)
