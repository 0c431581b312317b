"""How far a training is: a bar on a terminal, plain lines elsewhere."""

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from bnrepro.execution.costs import study_seconds
from bnrepro.execution.stage import Plan
from bnrepro.study.factors import RunSpec

_PLAIN_EVERY_SECONDS = 10


class TrainingProgress:
    """Shows runs done, the last run's steps/s on its core, and the time left by the plan's estimates."""

    def __init__(self, label: str):
        self._label = label
        self._console = Console(file=sys.stdout)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TextColumn("{task.fields[left]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._done = 0
        self._said = 0.0

    def __enter__(self) -> "TrainingProgress":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def started(self, plan: Plan, workers: int) -> None:
        """The work is known, and who does it: say what the store has, and what is to be done."""
        self._seconds = dict(plan.seconds)
        self._planned = sum(self._seconds.values())
        self._began = time.monotonic()
        stored = len(plan.specs) - len(plan.missing)
        self._console.print(
            f"{self._label}: {len(plan.specs)} runs, {stored} of them in the store, {len(plan.missing)} to train"
            + (f", {estimate(study_seconds(self._seconds.values(), workers), plan.guessed)}" if plan.missing else ""),
            highlight=False,
            soft_wrap=True,  # one line, however long: a file has no width
        )
        self._total = len(plan.missing)
        self._task: TaskID = self._bar.add_task(self._label, total=self._total, rate="", left="")

    def finished(self, fingerprint: str, spec: RunSpec, rate: float) -> None:
        """One more run is in the store; `rate` is its steps/s in training."""
        self._done += 1
        del self._seconds[fingerprint]
        elapsed = time.monotonic() - self._began
        done = self._planned - sum(self._seconds.values())
        left = f"{duration(elapsed * sum(self._seconds.values()) / done)} left"
        self._bar.update(self._task, completed=self._done, rate=f"{rate:,.0f} steps/s", left=left)
        now = time.monotonic()
        if self._bar.disable and (now - self._said > _PLAIN_EVERY_SECONDS or self._done == self._total):
            self._said = now
            print(f"  {self._done}/{self._total} runs, {rate:,.0f} steps/s ({spec}), {left}", flush=True)


def estimate(seconds: float, guessed: bool) -> str:
    """An estimated duration in words: `about 12 min`, and whether it is a guess."""
    return f"about {duration(seconds)}" + (" (a guess)" if guessed else "")


def duration(seconds: float) -> str:
    """A duration in words: `45 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
