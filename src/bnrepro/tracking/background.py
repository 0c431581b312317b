"""Publishing to MLflow while training goes on."""

import queue
import threading

import click

from bnrepro.study.params import Params
from bnrepro.tracking import database
from bnrepro.tracking.content import Record
from bnrepro.tracking.publish import Publisher, Sidecar


class BackgroundPublisher:
    """Publishes while training goes on, in a thread of its own, so that no server can delay or fail it.

    The first failure ends the publishing with one line. Leaving the block waits for what is left, up to half a minute.
    """

    def __init__(self, params: Params) -> None:
        self._params = params
        self._queue: queue.SimpleQueue[tuple[Record, Sidecar, int] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="publisher", daemon=True)

    def __enter__(self) -> "BackgroundPublisher":
        self._thread.start()
        return self

    def add(self, record: Record, sidecar: Sidecar, seeds: int) -> None:
        """Hand over a finished run, as for `Publisher.publish_runs`; returns at once."""
        self._queue.put((record, sidecar, seeds))

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        self._queue.put(None)
        patience = 2 if error else 30  # seconds; whoever pressed Ctrl-C wants to leave
        self._thread.join(patience)
        if self._thread.is_alive() and not error:
            _say_later(f"it took more than {patience} s")

    def _work(self) -> None:
        publisher, open_ = Publisher(self._params), True
        try:
            database.clear()
            while open_:
                given = [self._queue.get()]
                while not self._queue.empty():
                    given.append(self._queue.get())
                open_ = None not in given
                if runs := [run for run in given if run]:
                    publisher.publish_runs(runs)
        except Exception as error:
            _say_later(database.reason(error))


def _say_later(reason: str) -> None:
    click.echo(f"MLflow could not be reached ({reason}); publish later with `bnrepro publish`", err=True)
