"""The figures by name. Each module says which studies its figure shows (STUDIES), and what it shows (CAPTION)."""

from bnrepro.figures import (
    accuracy_vs_iterations,
    alternatives,
    calibration,
    dropout,
    figure_1a,
    figure_1bc,
    iterations_to_target,
    layers,
    learning_rate,
    moving_averages,
    noise,
    speedup_by_target,
)

_MODULES = (
    iterations_to_target,
    accuracy_vs_iterations,
    speedup_by_target,
    layers,
    learning_rate,
    dropout,
    moving_averages,
    alternatives,
    noise,
    figure_1a,
    figure_1bc,
    calibration,
)
STUDIES: dict[str, tuple[str, ...]] = {module.NAME: module.STUDIES for module in _MODULES}
CAPTIONS: dict[str, str] = {module.NAME: module.CAPTION for module in _MODULES}
