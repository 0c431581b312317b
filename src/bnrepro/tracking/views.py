"""How MLflow's page shows a dataset's runs: all of them, and two side by side.

MLflow's page stores its state in tags of the experiment when somebody shares a view; these are such tags. It draws a
chart for every metric that the state has none for, also for those of a single number, which a table shows better: they
go into a section that is closed.
"""

import json
from collections.abc import Sequence
from typing import Any

from bnrepro.data.source import Source
from bnrepro.study.factors import COLUMNS

NOTE = "mlflow.note.content"
STUDY = "study"  # a tag of series
KIND = "bnrepro.kind"
RANGED = "accuracy"  # of a series' metrics, the one whose range over seeds is shown beside its mean

_LONGEST = 5000  # characters of a tag, on MLflow's older servers

_ALL, _DEPTH_3 = "bnrepro", "depth_3"
_NAMES = {_ALL: "All runs", _DEPTH_3: "Depth 3, with and without batch normalization"}
_DEPTH_3_RUNS = (
    f"tags.`{KIND}` = 'series' AND tags.`{STUDY}` LIKE '%depth%' "
    "AND params.depth = '3' AND params.implementation = 'keras'"
)


def tags(source: Source, targets: Sequence[float], experiment_id: str) -> dict[str, str]:
    """Tags of a dataset's experiment: that it is about training, its description, and its views."""
    columns = _columns(targets)
    state = {
        "selectedColumns": columns,
        "columnOrder": ["attributes.`Run Name`", *columns],
        "columnWidths": {"attributes.`Run Name`": 320},
        "isAccordionReordered": True,  # sections in this order
        "compareRunSections": _SECTIONS,
        "compareRunCharts": _charts(targets),
    }
    found = {
        "mlflow.experimentKind": "custom_model_development",
        NOTE: _note(source, experiment_id),
        _tag(_ALL): _view(_ALL, state),
        _tag(_DEPTH_3): _view(_DEPTH_3, state | {"searchFilter": _DEPTH_3_RUNS}),
    }
    return {name: value for name, value in found.items() if len(value) <= _LONGEST}  # a view of too many targets


def _view(view: str, state: dict[str, Any]) -> str:
    """A view as MLflow's page lists it by its name; older pages know none, and find the columns beside it."""
    made = {"name": _NAMES[view], "createdAt": 0, "updatedAt": 0, "state": json.dumps(state)}
    return json.dumps(made | {"selectedColumns": state["selectedColumns"]})


def is_view(tag: str) -> bool:
    """Whether a tag is one of the views."""
    return tag in (_tag(_ALL), _tag(_DEPTH_3))


def page(experiment_id: str) -> str:
    """Where MLflow's page has the runs of an experiment."""
    return _address(experiment_id, _ALL)


def _address(experiment_id: str, view: str) -> str:
    # MLflow's pages are about language models, unless asked for the other kind.
    return f"#/experiments/{experiment_id}/runs?workflowType=machine_learning&viewStateShareKey={view}"


def _tag(view: str) -> str:
    return f"mlflow.sharedViewState.{view}"


def _note(source: Source, experiment_id: str) -> str:
    comparison = f"{_address(experiment_id, _DEPTH_3)}&compareRunsMode=CHART"
    return (
        f"[**{_NAMES[_DEPTH_3]}**]({comparison}): their curves. {source.title}: {source.about}.\n\n"
        "A row is the mean over seeds (`_low`, `_high`: its range); unfold it for them. `ratio_at_<target>`: "
        "iterations without normalization over those with it, of geometric means. `steps_to_<target>`: iterations to a "
        "test accuracy; a seed that never arrives counts with all of its own. Figures are in `report`."
    )


def _columns(targets: Sequence[float]) -> list[str]:
    shown = {
        "tags": [STUDY],
        "metrics": [
            *(f"{name}_{target:g}" for name in ("ratio_at", "steps_to") for target in targets),
            *(RANGED, f"{RANGED}_low", f"{RANGED}_high", "seeds"),
        ],
        "params": COLUMNS,
    }
    return [f"{kind}.`{name}`" for kind, names in shown.items() for name in names]


_CURVES = (RANGED, "population_accuracy", "loss")
_BY_ITERATIONS = {
    "xAxisKey": "step",
    "useGlobalXaxisKey": False,
    "xAxisScaleType": "log",
    "lineSmoothness": 0,
    "useGlobalLineSmoothing": False,
}
_SECTIONS = [
    {"uuid": "curves", "name": "Accuracy and loss by iterations", "display": True},
    {"uuid": "targets", "name": "Iterations to a test accuracy", "display": True},
    {"uuid": "others", "name": "Model metrics", "display": False},  # MLflow's name for all that has no section
]


def _charts(targets: Sequence[float]) -> list[dict[str, Any]]:
    curves = [_chart("curves", "LINE", name) | {"selectedMetricKeys": [name], **_BY_ITERATIONS} for name in _CURVES]
    return curves + [_chart("targets", "BAR", f"steps_to_{target:g}") for target in targets]


def _chart(section: str, kind: str, metric: str) -> dict[str, Any]:
    return {"uuid": metric, "type": kind, "metricKey": metric, "metricSectionId": section, "runsCountToCompare": 10}
