"""A finished run as a Keras model, to look into or to go on with."""

import importlib
from typing import Any

from bnrepro import paths
from bnrepro.data.registry import SOURCES
from bnrepro.errors import BadInput
from bnrepro.records import schema


def load_model(dataset: str, study: str, **factors: Any) -> Any:
    """The network of one run of a study, with its final parameters.

    Args:
        factors: fields of the run's spec that single it out, such as `implementation="keras", depth=3, seed=0`.

    Returns:
        A `tf.keras.Model` from images [batch, pixels] in [0, 1] to logits [batch, classes], whichever way the run's own
        network was written. It is compiled with plain SGD, whatever trained it.

    Raises:
        BadInput: the factors fit no run, or several; the study has not been trained, or the run is damaged.
    """
    found = [
        record
        for record in schema.of_study(dataset, study)
        if all(record["spec"].get(name) == value for name, value in factors.items())
    ]
    if len(found) != 1:
        raise BadInput(f"{len(found)} runs of {study} on {dataset} fit {factors}; one has to")
    from bnrepro.networks.parameters import load_parameters
    from bnrepro.study.factors import RunSpec
    from bnrepro.study.implementations import keras_model_of
    from bnrepro.training.run import architecture

    spec = RunSpec(**found[0]["spec"])
    folder = paths.runs(dataset, study) / found[0]["fingerprint"]
    source = SOURCES[spec.dataset]
    module = importlib.import_module(keras_model_of(spec))
    network = architecture(module, spec, source.shape, len(source.classes))
    model = module.build_model(network, spec.learning_rate)
    load_parameters(model, module.canonical_name, schema.read_parameters(folder))
    return model
