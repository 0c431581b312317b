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


def test_the_table_of_stacks_tells_what_is_not_the_compiled_loop():
    def row(runs, normalization, rate, inside):
        return {
            "runs": runs,
            "normalization": normalization,
            "steps_per_second": [rate],
            "start_seconds": 1.0,
            "loop_seconds": inside and [inside],
            "evaluation_seconds": [0.01],
        }

    rows = [row(0, "none", 500.0, None), row(0, "batch", 250.0, None)]
    rows += [row(4, "none", 2000.0, 0.75), row(4, "batch", 1000.0, 1.0)]  # blocks of 500 steps: 1 s and 2 s
    lines = stacks.as_markdown({"environment": ENVIRONMENT, "numerics": "fast", "depth": 3, "rows": rows}).splitlines()
    assert lines[2] == "| one by itself | 500 | 250 | 1.00 / 1.00 |  /  | 1% / 0% | 1.0 / 1.0 |"
    assert lines[3] == "| 4 | 2,000 | 1,000 | 4.00 / 4.00 | 25% / 50% | 4% / 2% | 1.0 / 1.0 |"
    gpu = ENVIRONMENT | {"device_name": "G", "driver": "580", "cuda": "12.2"}
    told = stacks.as_markdown({"environment": gpu, "numerics": "fast", "depth": 3, "rows": rows}).splitlines()[-1]
    assert told == "G, driver 580, CUDA 12.2; Python 3.11, numpy 1."


def test_tables_that_exclude_each_other_are_refused():
    for words in (["--device", "cpu", "--scaling"], ["--runs", "4"], ["--row", "Model.fit", "--device", "cpu"]):
        done = Clone(ROOT).run(*BENCHMARKS, *words, check=False)
        assert done.returncode == 2
        assert "--runs goes with --device" in done.stderr


@pytest.mark.slow
def test_runs_together_are_measured_on_the_processor(tmp_path):
    target = tmp_path / "stacks.json"
    words = ("--device", "cpu", "--depth", "1", "--runs", "2", "--json", str(target))
    done = Clone(ROOT).run(*BENCHMARKS, *words)
    measured = json.loads(target.read_text())
    assert [(row["runs"], row["normalization"]) for row in measured["rows"]] == [(2, "none"), (2, "batch")]
    for row in measured["rows"]:
        blocks = [2 * 500 / rate for rate in row["steps_per_second"]]
        assert len(blocks) == len(row["loop_seconds"]) == 7
        assert all(0 < inside < block for inside, block in zip(row["loop_seconds"], blocks, strict=True))
    assert "| 2 |" in done.stdout
