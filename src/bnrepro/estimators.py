"""`tf.estimator` on today's TensorFlow: import this module before anything says `tf.estimator`.

TensorFlow dropped its estimators in 2.16. They live on in the package tensorflow-estimator, pure Python, which asks
TensorFlow for three things that are gone. This module supplies them, as far as training on one machine needs them, and
changes nothing where TensorFlow still has `tf.estimator`.
"""

import importlib
import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any, NoReturn

import tensorflow as tf

from bnrepro.errors import BadInput, Failed

_STRATEGIES = "tensorflow.python.distribute.estimator_training"
_PACKAGES = ("tensorflow_estimator", "tensorflow_estimator.python", "tensorflow_estimator.python.estimator")


class _NoStrategies(ModuleType):
    """What trains under a distribution strategy. An estimator calls it only if it is given one."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python's own questions to a module
            raise AttributeError(name)
        return _refuse


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise BadInput("estimators train on one machine with this TensorFlow: leave the distribution strategy out")


def _supply() -> ModuleType:
    """The names of `tf.estimator` that this project's networks and hooks use."""
    sys.modules[_STRATEGIES] = _NoStrategies(_STRATEGIES)
    _register_names()
    _enter_packages()
    from tensorflow.python.training.basic_session_run_hooks import NanLossDuringTrainingError
    from tensorflow.python.training.session_run_hook import (
        SessionRunArgs,
        SessionRunContext,
        SessionRunHook,
        SessionRunValues,
    )

    dnn, estimator, mode_keys, model_fn, run_config = (
        importlib.import_module(f"{_PACKAGES[-1]}.{name}")
        for name in ("canned.dnn", "estimator", "mode_keys", "model_fn", "run_config")
    )
    supplied = ModuleType("tensorflow.estimator")
    supplied.__dict__.update(
        DNNClassifier=dnn.DNNClassifierV2,  # the one that averages the loss over the batch
        Estimator=estimator.EstimatorV2,
        EstimatorSpec=model_fn.EstimatorSpec,
        ModeKeys=mode_keys.ModeKeys,
        NanLossDuringTrainingError=NanLossDuringTrainingError,
        RunConfig=run_config.RunConfig,
        SessionRunArgs=SessionRunArgs,
        SessionRunContext=SessionRunContext,
        SessionRunHook=SessionRunHook,
        SessionRunValues=SessionRunValues,
    )
    return supplied


def _register_names() -> None:
    """Estimators put their public names on record, in an API of TensorFlow's that it does not list any more."""
    from tensorflow.python.util import tf_export

    tf_export.ESTIMATOR_API_NAME = "estimator"
    for attributes, version in ((tf_export.API_ATTRS, ""), (tf_export.API_ATTRS_V1, "_v1")):
        kind = type(attributes[tf_export.TENSORFLOW_API_NAME])
        attributes["estimator"] = kind(f"_estimator_api_names{version}", f"_estimator_api_constants{version}")


def _enter_packages() -> None:
    """Enter the packages without running their `__init__`, which import an estimator for TPUs that is half gone."""
    spec = find_spec(_PACKAGES[0])
    if spec is None or not spec.submodule_search_locations:
        raise Failed("tensorflow-estimator is not installed: run `make environment`")
    path = spec.submodule_search_locations[0]
    for name in _PACKAGES:
        package = sys.modules[name] = ModuleType(name)
        package.__path__ = [path + name.removeprefix(_PACKAGES[0]).replace(".", "/")]


if getattr(tf.keras, "__version__", "2").startswith("3"):  # what stands for Keras 2 does not tell its version
    raise BadInput(
        "TensorFlow was imported with Keras 3 before bnrepro: import bnrepro first, or set TF_USE_LEGACY_KERAS=1"
    )
if not hasattr(tf, "estimator"):
    tf.estimator = _supply()
