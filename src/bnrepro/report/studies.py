"""The report's part on studies that have no section of their own: what they cross, their figure, and their series."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bnrepro.analysis import curves, tables
from bnrepro.figures import layout, registry
from bnrepro.report import series
from bnrepro.study.factors import FACTORS, DatasetName
from bnrepro.study.params import Params


def context(
    params: Params, dataset: DatasetName, drawn: set[str], tabulated: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The studies that no figure of another section shows, in the order of params.yaml, for the template.

    Args:
        drawn: the names of the dataset's figures.
        tabulated: by study, the section that has its table already.

    Raises:
        BadInput: a table is missing or damaged.
    """
    steps, finals = (tables.read(dataset, name) for name in ("steps_to_target", "final_accuracy"))
    steps = tables.at_target(dataset, steps, params.training[dataset].targets[0])
    own = [entry for entry in registry.with_modules().values() if entry.name in drawn]
    placed = {study for entry in own if entry.reading is None for study in entry.studies}
    found = []
    for name, grid in params.studies_of(dataset).items():
        ended = finals[finals["study"] == name]
        if name in placed or ended.empty:
            continue
        figures = [entry for entry in own if name in entry.studies]
        if not figures and registry.of_study(name).name in drawn:
            figures = [registry.of_study(name)]
        study = {"name": name, "elsewhere": tabulated.get(name), "figures": figures}
        found.append(study | series.of(steps, ended) | _described(grid.once, ended))
    return found


def _described(once: dict[str, Any], finals: pd.DataFrame) -> dict[str, Any]:
    """What a study's runs have in common (`once` is part of it), what its generic figure leaves out, and counts."""
    factors = [name for name in curves.series(finals)[1:] if finals[name].notna().any()]
    alike = [name for name in factors if finals[name].nunique(dropna=False) == 1]
    own = [FACTORS[name].tell(value) for name, value in once.items() if value and not FACTORS[name].column]
    plan = layout.of(finals)
    return {
        "common": [*(FACTORS[name].tell(finals[name].iloc[0]) for name in alike), *own],
        "left_out": [FACTORS[plan.down].tell(value) for value in plan.left_out] if plan.down else [],
        "fixed": [FACTORS[name].tell(value) for name, value in plan.fixed.items()],
        "runs": int(finals["runs"].sum()),
        "diverged": int(finals["diverged"].sum()),
    }
