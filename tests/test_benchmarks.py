"""`python -m benchmarks`: real rates of real rows, few of them, and the tables made of them."""

import json

import pytest

from benchmarks import rates, stacks, table
from tests.pipeline import ROOT, Clone

BENCHMARKS = ("python", "-m", "benchmarks")


@pytest.mark.slow
def test_a_row_is_measured_and_written_as_data(tmp_path):
    rows = ("Keras model, portable", "matrix products alone")
    chosen = [argument for row in rows for argument in ("--row", row)]
    done = Clone(ROOT).run(*BENCHMARKS, "--depth", "1", *chosen, "--json", str(tmp_path / "bench.json"))
    measured = json.loads((tmp_path / "bench.json").read_text())
    assert list(measured["rows"]) == list(rows)
    for by in measured["rows"].values():
        for normalization in ("none", "batch"):
            assert len(by[normalization]["steps_per_second"]) == rates.REPEATS
            assert min(by[normalization]["steps_per_second"]) > 10
    network, products = measured["rows"].values()
    assert max(network["none"]["steps_per_second"]) < 1.2 * max(products["none"]["steps_per_second"])
    assert len(network["batch"]["evaluation_seconds"]) == rates.REPEATS
    assert measured["environment"]["versions"].keys() >= {"tensorflow", "tf-keras", "numpy"}
    assert all(f"| {row} |" in done.stdout for row in rows)


def test_an_unknown_row_is_refused_with_those_there_are():
    done = Clone(ROOT).run(*BENCHMARKS, "--row", "abacus", check=False)
    assert done.returncode == 2
    assert "--row abacus" in done.stderr
    assert "Model.fit" in done.stderr


ENVIRONMENT = {
    "processor": "P",
    "vendor": "V",
    "level": "v3",
    "device_name": "P",
    "driver": None,
    "cuda": None,
    "python": "3.11",
    "versions": {"numpy": "1"},
}


def test_the_table_compares_medians_and_tells_the_cost_of_a_step():
    def measured(none, batch, **more):
        return {
            "none": {"steps_per_second": none, "start_seconds": 0.5, **more},
            "batch": {"steps_per_second": batch, "start_seconds": 1.0, **more},
        }

    result = {
        "environment": ENVIRONMENT,
        "depth": 3,
        "rows": {
            "Model.fit": measured([100.0, 300.0, 200.0], [100.0, 100.0, 900.0]),
            "fast one": measured([2000.0], [1000.0], evaluation_seconds=[0.05]),
        },
    }
    lines = table.as_markdown(result).splitlines()
    assert lines[2].startswith("| Model.fit | 200 | 100 | 2.00 | 1.00 / 1.00 |")
    assert lines[3] == "| fast one | 2,000 | 1,000 | 2.00 | 10.00 / 10.00 | 0.5 / 1.0 | 20% / 10% |"


def test_every_optional_row_names_its_package():
    assert set(rates.NEEDS) < set(rates.ROWS)
    assert set(rates.available()) >= set(rates.ROWS) - set(rates.NEEDS)


def test_the_table_of_stacks_tells_what_evaluation_takes_and_has_jax_beside_it():
    def row(name, runs, normalization, rates, evaluation):
        return {
            "name": name,
            "runs": runs,
            "normalization": normalization,
            "steps_per_second": rates,
            "start_seconds": 1.0,
            **({"evaluation_seconds": [evaluation]} if evaluation else {}),
        }

    arms = ("none", "batch")
    rows = [row("one by itself", 0, arm, [rate], 0.01) for arm, rate in zip(arms, (500.0, 250.0), strict=True)]
    # Blocks of 500 steps of 4 runs: 1 s on average, and 2 s.
    rows += [row("4 together", 4, arm, rates, 0.1) for arm, rates in zip(arms, ([1e3, 1e9], [500, 1e9]), strict=True)]
    rows += [row("JAX", 4, arm, [3000.0], None) for arm in arms]
    result = {"numerics": "fast", "depth": 3, "tf32": False, "rows": rows}
    lines = stacks.as_markdown({"environment": ENVIRONMENT} | result).splitlines()
    assert lines[2] == "| one by itself | 500 | 250 | 1.00 / 1.00 | 1% / 0% | 1.0 / 1.0 |"
    assert lines[3] == "| 4 together | 2,000 | 1,000 | 4.00 / 4.00 | 10% / 5% | 1.0 / 1.0 |"
    assert lines[4] == "| JAX | 3,000 | 3,000 | 6.00 / 12.00 |  | 1.0 / 1.0 |"
    gpu = ENVIRONMENT | {"device_name": "G", "driver": "580", "cuda": "12.2"}
    told = stacks.as_markdown({"environment": gpu} | result | {"tf32": True}).splitlines()
    assert told[0].startswith("| fast, depth 3, TF32 |")
    assert told[-1] == "G, driver 580, CUDA 12.2; Python 3.11, numpy 1."


def test_tables_that_exclude_each_other_are_refused():
    for words in (["--device", "cpu", "--scaling"], ["--runs", "4"], ["--row", "Model.fit", "--device", "cpu"]):
        done = Clone(ROOT).run(*BENCHMARKS, *words, check=False)
        assert done.returncode == 2
        assert "--runs goes with --device" in done.stderr
    done = Clone(ROOT).run(*BENCHMARKS, "--tf32", "--device", "cpu", check=False)
    assert (done.returncode, "--tf32 goes with --device gpu" in done.stderr) == (2, True)


@pytest.mark.slow
def test_runs_together_are_measured_on_the_processor(tmp_path):
    target = tmp_path / "stacks.json"
    words = ("--device", "cpu", "--depth", "1", "--runs", "2", "--json", str(target))
    done = Clone(ROOT).run(*BENCHMARKS, *words)
    measured = json.loads(target.read_text())
    rows = [row for row in measured["rows"] if row["name"] == "2 together"]
    assert [row["normalization"] for row in rows] == ["none", "batch"]
    for row in rows:
        assert len(row["steps_per_second"]) == len(row["evaluation_seconds"]) == rates.REPEATS
        assert min(row["steps_per_second"]) > 10
    assert "| 2 together |" in done.stdout
