"""How long training takes, by runs in the store that are like those to come."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from statistics import median

from bnrepro.processor import this_processor
from bnrepro.records import store
from bnrepro.study.factors import RunSpec

# What a step's cost depends on, more than on all else.
_COST = ("dataset", "device", "implementation", "normalization", "depth")
# Steps per second of one core at depth 3, evaluation included, until the store has figures of its own (a Xeon's).
_KERAS, _ESTIMATOR = 1500.0, 1000.0
# Of each run, however short: a network is built and compiled, and freed. 0.1 to 0.2 s where thousands were timed.
_RUN_SECONDS = 0.2
# Of a study with anything to train: workers start, and import TensorFlow.
_START_SECONDS = 4.0


class Costs:
    """What runs take on one core of this processor."""

    def __init__(self) -> None:
        self._seen: dict[tuple[object, ...], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
        for spec, seconds in store.durations(this_processor().name):
            self._seen[_kind(spec)][spec["steps"]].append(seconds)

    def known(self, spec: RunSpec) -> bool:
        """Whether runs like it were timed; else `seconds` is a guess."""
        return _kind(vars(spec)) in self._seen

    def seconds(self, spec: RunSpec) -> float:
        """By runs with as many steps, or with as nearly as many as there are."""
        if not self.known(spec):
            rate = _KERAS if spec.implementation == "keras" else _ESTIMATOR
            return _RUN_SECONDS + spec.steps * (2 + spec.depth) / 5 / rate
        by_steps = self._seen[_kind(vars(spec))]
        steps = min(by_steps, key=lambda steps: abs(steps - spec.steps))
        took = median(by_steps[steps])
        fixed = min(_RUN_SECONDS, took)
        return fixed + (took - fixed) * spec.steps / steps


def study_seconds(seconds: Collection[float], workers: int) -> float:
    """Seconds from the start of a study's training to its end, by those of its runs."""
    return _START_SECONDS + max(sum(seconds) / workers, max(seconds)) if seconds else 0.0


def _kind(spec: Mapping[str, object]) -> tuple[object, ...]:
    return tuple(spec[factor] for factor in _COST)
