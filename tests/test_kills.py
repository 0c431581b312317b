"""SIGKILL to the pipeline, at random moments of every stage: nothing is lost, doubled or left behind."""

import os
import random
import re
import signal
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest

from tests import pipeline, processes

pytestmark = pytest.mark.slow

SEED = 20
STAGES = ("check", "fetch", "prepare", "train", "summarize", "plot", "report")
VICTIMS = ("dvc", "command", "group")
KILLS = 21  # one of every stage and victim, the rest at moments of the whole pipeline


@dataclass
class Pipeline:
    """`dvc repro` in a clone, again and again, with temporary files in a folder of its own.

    Attributes:
        kills: how often, by stage and victim.
        starts: how often it was started.
        mended: DVC's own files that were found cut short, and removed.
        stamps: when each run of the store was filed.
    """

    clone: pipeline.Clone
    kills: Counter = field(default_factory=Counter)
    mended: Counter = field(default_factory=Counter)
    starts: int = 0
    stamps: dict = field(default_factory=dict)

    @property
    def temporary(self):
        return self.clone.folder.parent / "temporary"

    @property
    def said(self):
        return (self.clone.folder.parent / "said").read_text()

    @property
    def stage(self):
        """The stage that runs, or ran last."""
        return (["start", *re.findall(r"Running stage '(\w+)", self.said)])[-1]

    def start(self, *options):
        self.temporary.mkdir(exist_ok=True)
        self.starts += 1
        with (self.clone.folder.parent / "said").open("w") as file:
            return self.clone.start("dvc", "repro", *options, stdout=file, TMPDIR=str(self.temporary))

    def finish(self):
        """Start it and let it end; returns how long each stage took."""
        began, times = time.monotonic(), {}
        process = self.start()
        while process.poll() is None:
            times.setdefault(self.stage, time.monotonic())
            time.sleep(0.01)
        if process.returncode and self.mend():
            return self.finish()
        assert process.returncode == 0, self.said
        assert "Traceback" not in self.said
        ends = [*list(times.values())[1:], time.monotonic()]
        return {stage: end - max(start, began) for (stage, start), end in zip(times.items(), ends, strict=True)}

    def mend(self):
        found = self.clone.mend(self.said)
        self.mended.update(found)
        return found

    def kill(self, victim, seconds, stage=None, *options):
        """Start it, and kill some seconds later, counted from the start of a stage where one is named."""
        process = self.start(*options)
        if stage:
            processes.wait_until(lambda: self.stage == stage or process.poll() is not None)
        end = time.monotonic() + seconds
        while time.monotonic() < end and process.poll() is None:
            time.sleep(0.005)
        hit = self.stage
        if victim == "command":
            hit = self._kill_command(process)
        elif process.poll() is None:
            os.kill(process.pid, signal.SIGKILL) if victim == "dvc" else os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.returncode == 0 or hit is None:
            return None
        if self.mend():
            return self.kill(victim, seconds, stage, *options)
        assert process.returncode == (255 if victim == "command" else -signal.SIGKILL), self.said
        self.kills[hit, victim] += 1
        self.look_at_the_store()
        return hit

    def _kill_command(self, process):
        """Kill the stage's command alone; returns the stage."""
        while process.poll() is None:
            if command := processes.command_of(process.pid):
                hit = next((word for word in processes.words(command) if word in STAGES), None)
                os.kill(command, signal.SIGKILL)
                return hit
            time.sleep(0.005)
        return None

    def look_at_the_store(self):
        now = self.clone.stamps()
        assert now | self.stamps == now, "a finished run was lost or trained again"
        self.stamps = now

    def __str__(self):
        rows = [f"{stage:>10}" + "".join(f"{self.kills[stage, victim]:>9}" for victim in VICTIMS) for stage in self.hit]
        head = " " * 10 + "".join(f"{victim:>9}" for victim in VICTIMS)
        first = f"{self.kills.total()} kills (seed {SEED}), {self.starts} starts, cut short: {dict(self.mended)}"
        return "\n".join(["", first, head, *rows])

    @property
    def spared(self):
        """The stages with fewer than two kills."""
        return [stage for stage in STAGES if sum(self.kills[stage, victim] for victim in VICTIMS) < 2]

    @property
    def hit(self):
        return [stage for stage in ("start", *STAGES) if any(self.kills[stage, victim] for victim in VICTIMS)]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    made = Pipeline(pipeline.clone(tmp_path_factory.mktemp("undisturbed") / "clone"))
    made.lengths = made.finish()
    return made


@pytest.fixture(scope="module")
def killed(undisturbed, tmp_path_factory):
    """The pipeline after all kills, let go in the end."""
    chance = random.Random(SEED)
    made = Pipeline(pipeline.clone(tmp_path_factory.mktemp("killed") / "clone"))
    for stage in STAGES:
        for victim in VICTIMS:
            made.kill(victim, chance.uniform(0, 0.6) * undisturbed.lengths[stage], stage)
    made.finish()
    whole = sum(length for stage, length in undisturbed.lengths.items() if stage != "train")
    # A start that ends before its kill is none, and a late kill hits the next stage: on until each stage had its two.
    while made.kills.total() < KILLS or made.spared:
        stage = made.spared[0] if made.spared else None
        length = 0.6 * undisturbed.lengths[stage] if stage else whole
        made.kill(chance.choice(VICTIMS), chance.uniform(0, 1) * length, stage, "--force")
    made.finish()
    print(made)
    return made


def test_every_stage_was_hit_again_and_again(killed):
    assert killed.kills.total() >= KILLS
    assert killed.spared == []


def test_the_end_is_that_of_an_undisturbed_pipeline(undisturbed, killed):
    expected = undisturbed.clone.results()
    assert len(expected) > 50
    assert killed.clone.results() == expected


def test_no_finished_run_was_trained_again(undisturbed, killed):
    killed.look_at_the_store()
    assert killed.stamps.keys() == undisturbed.clone.records()


def test_nothing_is_left(undisturbed, killed):
    assert processes.at_work_in(killed.clone.folder) == []
    for made in (undisturbed, killed):
        assert made.clone.partial() == []
        assert list(made.temporary.iterdir()) == []
    state = [sorted(path.name for path in (made.clone.folder / ".bnrepro").iterdir()) for made in (undisturbed, killed)]
    assert state[0] == state[1]
