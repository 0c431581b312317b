"""What `bnrepro plan` tells of a pipeline."""

import dataclasses
import re

import pytest

from bnrepro.execution import planning
from bnrepro.execution.costs import Costs, study_seconds
from bnrepro.records import grid, store
from bnrepro.study import params

LINE = re.compile(r"digits (\w+): (\d+) runs, (\d+) in the store, (?:(\d+) of a study above, )?(\d+) to train")


@pytest.mark.usefixtures("project")
def test_a_run_of_several_studies_is_planned_once():
    parameters = params.load()
    *lines, _ = planning.describe(parameters, workers=2).splitlines()
    read = [LINE.match(line).groups(default="0") for line in lines]
    counts = {name: [int(number) for number in numbers] for name, *numbers in read}
    runs_of = {name: len(grid.expand(parameters, "digits", name)) for name in parameters.studies}
    assert list(counts) == [name for name, runs in runs_of.items() if runs] != list(runs_of)
    earlier = set()
    for name, (runs, stored, shared, to_train) in counts.items():
        specs = set(grid.expand(parameters, "digits", name))
        assert (runs, stored, shared, to_train) == (len(specs), 0, len(specs & earlier), len(specs - earlier))
        earlier |= specs
    assert any(shared for _, _, shared, _ in counts.values())


@pytest.fixture
def spec(project):
    return grid.expand(params.load(), "digits", "depth")[0]


def timed(monkeypatch, *runs):
    """Let the store have runs of this processor: spec and seconds."""
    durations = [(dataclasses.asdict(spec), seconds) for spec, seconds in runs]
    monkeypatch.setattr(store, "durations", lambda processor: iter(durations))


def test_many_short_runs_take_what_each_costs_however_short(spec, monkeypatch):
    """2,000 runs of ten steps took 200 s on two cores, nearly all of it for building and compiling networks."""
    for known in ((), [(dataclasses.replace(spec, steps=3000), 3.0)], [(dataclasses.replace(spec, steps=10), 0.2)]):
        timed(monkeypatch, *known)
        seconds = Costs().seconds(dataclasses.replace(spec, steps=10))
        assert 100 < study_seconds([seconds] * 2000, workers=2) < 400


def test_runs_of_as_many_steps_count_most(spec, monkeypatch):
    of = {steps: dataclasses.replace(spec, steps=steps) for steps in (10, 100, 3000, 6000)}
    timed(monkeypatch, (of[10], 0.05), (of[10], 0.07), (of[10], 9.0), (of[3000], 6.2))
    costs = Costs()
    assert costs.seconds(of[10]) == 0.07
    assert costs.seconds(of[3000]) == pytest.approx(6.2)
    assert costs.seconds(of[6000]) == pytest.approx(12.2)  # 0.2 s of it once
    assert not costs.known(dataclasses.replace(spec, depth=spec.depth + 1))


def test_no_number_of_workers_makes_one_run_shorter():
    assert study_seconds([60.0, 1.0], workers=64) > 60
    assert study_seconds([], workers=64) == 0


def test_a_guess_is_called_one(spec, monkeypatch):
    parameters = params.load()
    assert "a guess" in planning.describe(parameters, workers=2).splitlines()[-1]
    timed(
        monkeypatch, *((run, 1.0) for study in parameters.studies for run in grid.expand(parameters, "digits", study))
    )
    assert "a guess" not in planning.describe(parameters, workers=2)
