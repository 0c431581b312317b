"""`bnrepro bench`: real rates of real rows, few of them, and the tables made of them."""

import json

import pytest

from bnrepro.bench import rates, table
from tests.pipeline import ROOT, Clone


@pytest.mark.slow
def test_a_row_is_measured_and_written_as_data(tmp_path):
    rows = ("Keras model, portable", "matrix products alone")
    chosen = [argument for row in rows for argument in ("--row", row)]
    done = Clone(ROOT).run("bnrepro", "bench", "--depth", "1", *chosen, "--json", str(tmp_path / "bench.json"))
    measured = json.loads((tmp_path / "bench.json").read_text())
    assert list(measured["rows"]) == list(rows)
    for by in measured["rows"].values():
        for normalization in ("none", "batch"):
            assert len(by[normalization]["steps_per_second"]) == rates.REPEATS
            assert min(by[normalization]["steps_per_second"]) > 10
    network, products = measured["rows"].values()
    assert max(network["none"]["steps_per_second"]) < 1.2 * max(products["none"]["steps_per_second"])
    assert len(network["batch"]["evaluation_seconds"]) == rates.REPEATS
    assert measured["environment"]["versions"].keys() >= {"tensorflow", "keras", "numpy"}
    assert all(f"| {row} |" in done.stdout for row in rows)


def test_an_unknown_row_is_refused_with_those_there_are():
    done = Clone(ROOT).run("bnrepro", "bench", "--row", "abacus", check=False)
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
