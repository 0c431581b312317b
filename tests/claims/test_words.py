"""The words of a report are about its own runs: none of the committed findings where runs say the opposite."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from bnrepro import paths
from bnrepro.analysis import curves, steps_to_target
from bnrepro.claims import ledger
from bnrepro.report import lesson, published
from bnrepro.report.write import write
from bnrepro.study import params
from tests.claims.lesson import RATE, evidence, of_the_grids

ROOT = Path(__file__).parents[2]
SHIPPED = params.load(ROOT / "params.yaml")
STEPS_AT = {0.1: 100, 0.3333: 300}  # times the dataset's rate: the smaller, the sooner


def opposite(spec):
    """What a run measures where all is the other way round than on digits."""
    steps = STEPS_AT.get(round(spec.learning_rate / RATE, 4), 750 - 50 * spec.depth)
    rest = (1.0,) * (spec.depth - 1)
    told = {"steps": steps, "jumped": 1 / spec.learning_rate, "travelled": 1.0, "gradient": ((1.0, *rest),) * 2}
    told |= {"saturated": (0.9, 0.8 - 0.1 * spec.depth), "cosine": 1 - (spec.dropout or 0), "training_accuracy": 0.9}
    if spec.dropout:
        told["training_accuracy"] = 0.99
    if spec.normalization == "batch":
        told |= {"steps": steps + 150, "travelled": 9.0, "gradient": ((0.1, *rest),) * 2, "saturated": 0.95}
        told["population_steps"] = {2.5: 300, 15: 200}.get(spec.learning_rate, steps + 150)
        told |= {"accuracy": 0.90, "population_accuracy": 0.95, "test_batch_accuracy": 0.95}
        told["folded_difference"] = 0.5
        told["lag"] = (1 - spec.momentum, spec.momentum)
        if spec.implementation != "canned_estimator":
            told |= {"zscore_mean": 0.5, "zscore_variance_error": 0.5, "zscore_variance_median": 0.5}
    if spec.updates == "omitted":
        told |= {"accuracy": 0.99, "population_accuracy": 0.99, "lag": 0.0}
    if spec.noise in ("steady", "shifting"):
        told |= {"steady": {"population_steps": 200}, "shifting": {"population_steps": 800, "jumped": 9.0}}[spec.noise]
    if spec.normalization in ("layer", "weight"):
        told["steps"] = 900
    if spec.normalization == "none" and spec.activation == "relu":
        told["steps"] = 950
    return told


@pytest.fixture
def committed(project):
    """A project with the committed reports' tables, verdicts and figures, and the paper's curves."""
    shutil.copytree(ROOT / "data" / "reference", paths.reference())
    for dataset in published.PARAMETERS:
        shutil.copytree(
            ROOT / "reports" / dataset, paths.reports(dataset), ignore=shutil.ignore_patterns("*.p*", "rep*")
        )


def sentences(text):
    return set(re.split(r"(?<=\.) ", text)) - {""}


def test_runs_that_say_the_opposite_give_none_of_the_committed_findings(committed):
    found = {entry["id"]: sentences(entry["findings"]) for entry in lesson.context(SHIPPED, "digits")}
    assert all(found.values()), "a committed verdict without a word"
    studies = of_the_grids(SHIPPED, opposite)
    entries = ledger.judge(evidence(*studies))
    paths.claims("digits").write_text(json.dumps(entries), encoding="utf-8")
    for name, table in tables(studies).items():
        (paths.tables("digits") / f"{name}.csv").write_text(curves.to_csv(table), encoding="utf-8")
    write(SHIPPED, "digits")
    text = (paths.reports("digits") / "report.md").read_text(encoding="utf-8")
    assert {name: said for name, all_said in found.items() if (said := {one for one in all_said if one in text})} == {}
    verdicts = {entry["id"]: entry["verdict"] for entry in entries}
    assert set(verdicts.values()) == {"holds", "fails", "mixed", "not tested"}
    assert [entry["id"] for entry in lesson.context(SHIPPED, "digits") if not entry["findings"]] == [
        name for name, verdict in verdicts.items() if verdict == "not tested"
    ]


def tables(studies):
    """Those tables of made-up records that the report reads."""
    records = {grid[0]["study"]: grid for grid in studies if grid}
    further = {study: curves.further(SHIPPED.studies[study]) for study in records}
    every, finals = (
        pd.concat([build(records[study], study, further[study]) for study in records], ignore_index=True)
        for build in (curves.from_records, curves.finals)
    )
    first = steps_to_target.first_steps(every, SHIPPED.training["digits"].targets)
    return {
        "steps_to_target": steps_to_target.summary(first),
        "speedup": steps_to_target.speedup(first),
        "final_accuracy": curves.final_accuracy(finals),
    }


HISTORY = [
    "was committed before",
    "were committed before",
    "had been",
    "(fitted)",
    "was kept",
    "were added",
    "prediction*",
]


@pytest.mark.parametrize("dataset", published.PARAMETERS)
def test_of_other_parameters_a_report_says_so_and_tells_no_history(committed, dataset):
    write(changed(network={"epsilon": 0.01}), dataset)
    text = (paths.reports(dataset) / "report.md").read_text(encoding="utf-8")
    assert "Other parameters than the published report's." in text.partition("\n## ")[0]
    assert [words for words in HISTORY if words in text] == []


def changed(network=None, training=None, studies=None):
    """The shipped parameters with these fields changed, of the digits and of studies by name."""
    tree = SHIPPED.model_dump(exclude_none=True)
    tree["network"] |= network or {}
    tree["training"]["digits"] |= training or {}
    for name, grid in (studies or {}).items():
        tree["studies"][name] = tree["studies"].get(name, {}) | grid
    return params.Params.model_validate(tree)


OWN = {"steps": 600, "evaluate_every": 10, "evaluations": None, "batch_size": 30, "seeds": 4}
TOLD = ["arrived within 600 iterations", "trained for 600 iterations on mini-batches of 30", "mean over 4 seeds"]
TOLD += ["first evaluation, at 10", "too high by up to 10 iterations", "Evaluated every 10 iterations"]
THINNING = {"evaluations": 20, "optimizer": ["adam"], "implementation": ["keras"]}


@pytest.mark.parametrize(
    ("dataset", "studies", "told"),
    [
        ("digits", {"depth": OWN}, TOLD),
        (
            "digits",
            {"depth": THINNING},
            ["up to the iterations since the one before", "Evaluated at most 20 times", "with: Adam"],
        ),
        (
            "mnist",
            {"paper": {"steps": 20_000}, "initial_stddev": {"steps": 10_000}},
            ["test accuracy after 20,000 steps", "depth 3, learning rate 0.08, steps 10000"],
        ),
    ],
    ids=["budget", "evaluations", "other studies"],
)
def test_a_report_tells_what_a_study_sets_for_itself(committed, dataset, studies, told):
    write(changed(studies=studies), dataset)
    text = " ".join((paths.reports(dataset) / "report.md").read_text(encoding="utf-8").split())
    assert [words for words in told if words not in text] == []


@pytest.mark.parametrize("dataset", published.PARAMETERS)
def test_the_shipped_parameters_are_the_published_ones(dataset):
    assert published.digest(SHIPPED, dataset) == published.PARAMETERS[dataset]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"network": {"epsilon": 0.01}}, False),
        ({"training": {"targets": [0.95]}}, False),
        ({"training": {"seeds": 6}}, False),
        ({"studies": {"noise": {"seeds": 6}}}, False),
        ({"studies": {"noise": {"evaluations": 20}}}, False),
        ({"studies": {"placement": {"momentum": [0.9]}}}, False),
        ({"studies": {"own": {"implementation": ["keras"], "normalization": ["none"], "depth": [2]}}}, True),
        ({"studies": {"depth": {"of": {"mnist": {"seeds": 9}}}}}, True),
    ],
    ids=str,
)
def test_what_the_words_are_about_decides_whether_they_are_published(change, expected):
    assert published.is_published(changed(**change), "digits") is expected
