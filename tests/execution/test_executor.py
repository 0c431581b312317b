"""Runs in parallel: the order, the errors, and the same bits on one worker and on two."""

import dataclasses
import itertools
import sys
import threading
from concurrent.futures import Future
from contextlib import contextmanager, suppress

import psutil
import pytest

from bnrepro.data import datasets
from bnrepro.errors import Failed
from bnrepro.execution import executor
from bnrepro.execution.processes import LocalPool
from bnrepro.records import grid
from bnrepro.study import params
from bnrepro.training.run import run


@pytest.fixture
def specs(project):
    """Four short runs on prepared digits."""
    given = params.load()
    datasets.fetch("digits")
    datasets.prepare("digits", test=500, validation=200)
    before = given.training["digits"].first_seed + 2
    chosen = [
        spec
        for spec in grid.expand(given, "digits", "depth")
        if spec.implementation == "keras" and spec.depth == 1 and spec.seed < before
    ]
    return [dataclasses.replace(spec, steps=20, evaluate_every=10) for spec in chosen]


def curves(specs, workers):
    with LocalPool(workers) as pool:
        trained = executor.run_all(specs, datasets.load("digits"), pool)
        return {spec: done.result.curve for spec, done in trained}


def test_workers_give_the_bits_that_one_process_gives(specs):
    dataset = datasets.load("digits")
    here = {spec: run(spec, dataset).curve for spec in specs}
    assert curves(specs, 2) == here
    assert curves(list(reversed(specs)), 1) == here


class Here:
    """A lane that notes what it is given, and has trained it at once."""

    def __init__(self, at_once):
        self.at_once, self.given = at_once, []

    def submit(self, stack, dataset):
        self.given.append(stack[0].program)
        future = Future()
        future.set_result([None] * len(stack))
        return future


class Lanes:
    lost = ()

    def __init__(self, *at_once):
        self.lanes = [Here(number) for number in at_once]

    def tend(self):
        pass


def changes(given):
    return sum(one != other for one, other in itertools.pairwise(given))


@pytest.mark.parametrize("programs", range(1, 6))
def test_a_lane_keeps_to_a_program_and_helps_where_most_is_left(specs, programs):
    grid = [dataclasses.replace(specs[0], depth=depth, seed=seed) for seed in range(12) for depth in range(programs)]
    pool = Lanes(2, 2)
    trained = [spec for spec, _ in executor.run_all(grid, None, pool)]
    assert sorted(trained, key=str) == sorted(grid, key=str)
    first, second = (lane.given for lane in pool.lanes)
    assert len(first) == pytest.approx(len(second), abs=2)
    assert changes(first) + changes(second) <= programs  # each is begun once, and one is helped with
    assert first[0] != second[0] or programs == 1


def test_a_cluster_is_given_all_in_order(specs):
    pool = Lanes(sys.maxsize)
    list(executor.run_all(specs, None, pool))
    assert pool.lanes[0].given == sorted((spec.program for spec in specs), key=[s.program for s in specs].index)


def test_the_runs_of_a_stack_come_back_each_as_itself(specs, monkeypatch):
    """On a processor nothing is stacked by itself."""
    monkeypatch.setattr(executor, "stacked", lambda specs: [tuple(specs[:2]), *((spec,) for spec in specs[2:])])
    together, alone = curves(specs, 2), {spec: run(spec, datasets.load("digits")).curve for spec in specs}
    assert together.keys() == alone.keys()
    for spec, curve in together.items():
        assert curve["step"] == alone[spec]["step"]
        assert curve["loss"] == pytest.approx(alone[spec]["loss"], rel=1e-5)


def test_a_stack_that_raises_is_named_by_its_first_run(specs, monkeypatch):
    monkeypatch.setattr(executor, "stacked", lambda specs: [tuple(specs)])
    with pytest.raises(Failed, match=r"depth 1 .* seed 200 and 1 runs like it: Failed: TensorFlow sees no GPU"):
        curves([dataclasses.replace(spec, device="gpu", tf32=False) for spec in specs[:2]], 1)


def test_a_run_that_raises_is_named(specs):
    broken = dataclasses.replace(specs[0], implementation="no_such_network")
    with pytest.raises(Failed, match=r"digits no_such_network none depth 1 .*: .*no_such_network"):
        curves([broken], 1)


@contextmanager
def deadly():
    """Kills every worker as soon as it is there, as a machine without memory does."""
    over = threading.Event()

    def kill():
        while not over.wait(0.1):
            for child in psutil.Process().children():
                with suppress(psutil.Error):
                    if "popen_loky" in " ".join(child.cmdline()):
                        child.kill()

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_run_whose_worker_dies_every_time_is_named_in_one_line(specs):
    with deadly(), pytest.raises(Failed, match=r"depth 1 .*: its worker died 3 times") as failure:
        curves(specs[:1], 1)
    assert "\n" not in failure.value.message
