"""Plain lines where there is no terminal."""

import dataclasses

import pytest

from bnrepro.execution.progress import TrainingProgress, duration
from bnrepro.execution.stage import Plan
from bnrepro.records import grid
from bnrepro.study import params


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (5400, "1.5 h")]
)
def test_durations_read_well(seconds, text):
    assert duration(seconds) == text


def test_plain_lines_tell_the_plan_and_the_end(project, capsys):
    spec = grid.expand(params.load(), "digits", "depth")[0]
    specs = {f"run {seed}": dataclasses.replace(spec, seed=seed) for seed in range(3)}
    with TrainingProgress("digits depth") as progress:
        progress.started(Plan(specs, ["run 1", "run 2"], {"run 1": 20.0, "run 2": 30.0}, guessed=False), workers=2)
        for key in ("run 1", "run 2"):
            progress.finished(key, specs[key], 1234.5)
    first, *_, last = capsys.readouterr().out.splitlines()
    assert (
        first == "digits depth: 3 runs, 1 of them in the store, 2 to train, about 34 s"
    )  # 30 s for the longer one, and 4 s to start
    assert last.startswith("  2/2 runs, 1,234 steps/s (digits keras none depth 1 learning rate 0.5 seed 2), 0 s left")


def test_nothing_to_train_is_said_once(project, capsys):
    with TrainingProgress("digits depth") as progress:
        progress.started(Plan({}, [], {}, guessed=False), workers=0)
    assert capsys.readouterr().out == "digits depth: 0 runs, 0 of them in the store, 0 to train\n"
