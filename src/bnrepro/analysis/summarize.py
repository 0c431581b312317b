"""The summarize stage: every table of a dataset, from the records of its studies."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bnrepro import __version__, paths
from bnrepro.analysis import curves, steps_to_target
from bnrepro.params import DatasetName, Params
from bnrepro.runs import records

METRICS = "metrics.json"
HEADLINE_MODE = "ema"  # what users get


def summarize(params: Params, dataset: DatasetName) -> None:
    """Write `reports/<dataset>/tables` and `metrics.json` from the runs of every study in params.

    Raises:
        Failed: a study's stage has not run.
    """
    firsts, finals = [], []
    used: dict[str, dict[str, Any]] = {}
    with paths.replacing(paths.tables(dataset)) as folder:
        (folder / "curves").mkdir()
        for study in params.studies:
            found = records.of_study(dataset, study)
            used |= {record["fingerprint"]: record for record in found}
            table = curves.from_records(found, study)
            _write(folder / "curves" / f"{study}.csv", curves.thinned_csv(table))
            firsts.append(steps_to_target.first_steps(table, params.training[dataset].targets))
            finals.append(curves.final_accuracy(found, study))
        first, final = pd.concat(firsts, ignore_index=True), pd.concat(finals, ignore_index=True)
        summary, speedup = steps_to_target.summary(first), steps_to_target.speedup(first)
        _write(folder / "first_steps.csv", curves.to_csv(first))
        _write(folder / "steps_to_target.csv", curves.to_csv(summary))
        _write(folder / "speedup.csv", curves.to_csv(speedup))
        _write(folder / "final_accuracy.csv", curves.to_csv(final))
    headline = params.training[dataset].targets[0]
    paths.write_text(paths.reports(dataset) / METRICS, _json(metrics(speedup, final, headline)))
    paths.write_text(paths.provenance(dataset), _json(provenance(params, dataset, used)))


def provenance(params: Params, dataset: DatasetName, used: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What the tables were made from: data, code, versions and settings, and a digest (SHA-256) over all records."""
    digest = hashlib.sha256(json.dumps(sorted(used.items()), sort_keys=True).encode()).hexdigest()
    return {
        "bnrepro": __version__,
        "dataset": dataset,
        "runs": len(used),
        "records_digest": digest,
        "data_digest": _the_one(record["data_digest"] for record in used.values()),
        "processor": _the_one(record["processor"] for record in used.values()),
        "code_digests": {record["spec"]["implementation"]: record["code_digest"] for record in used.values()},
        "versions": {
            name: _the_one(record["versions"][name] for record in used.values())
            for name in ("tensorflow", "tensorflow-estimator", "keras", "numpy")
        },
        "params": {
            "data": params.data[dataset].model_dump(),
            "network": params.network.model_dump(),
            "studies": {name: study.model_dump(exclude_none=True) for name, study in params.studies.items()},
            "training": params.training[dataset].model_dump(),
        },
    }


def _the_one(values: Iterable[str]) -> str:
    """The value that all share; all of them, in order, where they differ."""
    return ", ".join(sorted(set(values)))


def metrics(speedup: pd.DataFrame, final: pd.DataFrame, target: float) -> dict[str, Any]:
    """What `dvc metrics show` prints: the ratio at the headline's target, and the final accuracy of every series.

    Returns:
        study -> implementation -> depth -> `<normalization>_accuracy`, `<normalization>_speedup` and its `_censored`.
        Where a study has several learning rates, their values follow the names. None where there is no such number.
    """
    result: dict[str, Any] = {}
    rates = final.groupby("study")["learning_rate"].nunique()
    headline = speedup[(speedup["target"] == target) & (speedup["mode"] == HEADLINE_MODE)]
    for table, column, name in ((headline, "ratio", "speedup"), (final, "accuracy", "accuracy")):
        for row in table.to_dict("records"):
            key = f"{row['normalization']}_{name}"
            if rates[row["study"]] > 1:
                key += f"_learning_rate_{row['learning_rate']:g}"
            study = result.setdefault(row["study"], {}).setdefault(row["implementation"], {})
            value = None if np.isnan(row[column]) else float(f"{row[column]:.4g}")
            place = study.setdefault(f"depth_{row['depth']}", {})
            place[key] = value
            if name == "speedup":
                place[f"{key}_censored"] = row["censored"]
    return result


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1, sort_keys=True) + "\n"
