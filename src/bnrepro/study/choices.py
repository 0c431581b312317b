"""What params.yaml and a run's spec choose from, by name."""

from typing import Literal

DatasetName = str  # of those in `bnrepro.data.registry`, which is not imported here: a new one changes no run
Implementation = Literal["keras", "canned_estimator", "keras_estimator", "core_estimator"]
Normalization = Literal["none", "batch", "layer", "weight", "self"]
Placement = Literal["before", "after"]  # of batch normalization: before the nonlinearity, or after it
Updates = Literal["run", "omitted"]  # of the moving averages, in estimators whose author has to see to them
Activation = Literal["sigmoid", "relu", "selu"]
Noise = Literal["none", "steady", "shifting"]
Optimizer = Literal["sgd", "momentum", "adam"]
Numerics = Literal["portable", "fast"]
Device = Literal["cpu", "gpu", "auto"]
Resolved = Literal["cpu", "gpu"]  # what `auto` stands for on a machine
Pixels = Literal["binary", "grey"]
