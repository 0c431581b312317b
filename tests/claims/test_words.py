"""The words of a report are about its own runs: it has their findings and no others."""

import pytest

from bnrepro import paths
from bnrepro.claims import ledger
from bnrepro.report import published
from bnrepro.report.write import write
from tests.claims.lesson import RATE
from tests.report import made_up
from tests.report.made_up import SHIPPED, changed

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


@pytest.fixture(scope="module")
def taught():
    records = made_up.runs(made_up.as_taught)
    return made_up.judged(records), made_up.tables(records)


def report():
    return " ".join((paths.reports("digits") / "report.md").read_text(encoding="utf-8").split())


def said(entries):
    """By claim, the finding of the rule that has the last word."""
    last = {entry["id"]: entry.get("meant", entry["stated"])["verdict"] for entry in entries}
    return {claim.id: claim.findings.get(last[claim.id]) for claim in ledger.LESSON}


def test_a_report_has_the_findings_of_its_own_runs_and_of_no_others(project, taught):
    records = made_up.runs(opposite)
    entries = made_up.judged(records)
    made_up.write(entries, made_up.tables(records))
    write(made_up.FEW, "digits")
    text, own, others = report(), said(entries), said(taught[0])
    assert {name: finding for name, finding in own.items() if finding and finding not in text} == {}
    differ = {name: finding for name, finding in others.items() if finding and finding != own[name]}
    assert {name: finding for name, finding in differ.items() if finding in text} == {}
    assert len(differ) > sum(map(bool, own.values())) / 2


@pytest.mark.parametrize(
    ("first_seed", "expected"),
    [(published.CONFIRMATORY_FROM["digits"], "No run had used them"), (0, "are exploratory")],
)
def test_a_report_says_whether_its_runs_are_confirmatory(project, taught, first_seed, expected):
    made_up.write(*taught)
    write(changed(training={"targets": [0.9], "first_seed": first_seed}), "digits")
    assert expected in report()


def test_of_other_parameters_a_report_says_so(project, taught):
    made_up.write(*taught)
    write(made_up.FEW, "digits")
    assert "Other parameters than the published report's." in report().partition(" ## ")[0]


OWN = {"steps": 600, "evaluate_every": 10, "evaluations": None, "batch_size": 30, "seeds": 4}
TOLD = ["arrived within 600 iterations", "trained for 600 iterations on mini-batches of 30", "mean over 4 seeds"]
TOLD += ["first evaluation, at 10", "too high by up to 10 iterations", "Evaluated every 10 iterations"]
THINNING = {"evaluations": 20, "optimizer": ["adam"], "implementation": ["keras"]}


@pytest.mark.parametrize(
    ("depth", "told"),
    [
        (OWN, TOLD),
        (THINNING, ["up to the iterations since the one before", "Evaluated at most 20 times", "with: Adam"]),
    ],
    ids=["budget", "evaluations"],
)
def test_a_report_tells_what_a_study_sets_for_itself(project, taught, depth, told):
    made_up.write(*taught)
    write(changed(training={"targets": [0.9]}, studies={"depth": depth}), "digits")
    text = report()
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
        ({"studies": {"dropout": {"seeds": 6}}}, False),
        ({"studies": {"dropout": {"evaluations": 20}}}, False),
        ({"studies": {"placement": {"momentum": [0.9]}}}, False),
        ({"studies": {"own": {"implementation": ["keras"], "normalization": ["none"], "depth": [2]}}}, True),
        ({"studies": {"depth": {"of": {"mnist": {"seeds": {"keras": 9}}}}}}, True),
    ],
    ids=str,
)
def test_what_the_words_are_about_decides_whether_they_are_published(change, expected):
    assert (published.digest(changed(**change), "digits") == published.digest(changed(), "digits")) is expected
