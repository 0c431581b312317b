"""Compares runs of one store with the same runs in another that were made on another device, or by other numerics.

    python tests/compare_devices.py .bnrepro/store ANOTHER/.bnrepro/store

A line for each dataset and implementation: steps to the targets that either way gives, and final test accuracies.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from bnrepro.analysis.steps_to_target import crossing

TARGETS = (0.90, 0.95, 0.96, 0.97, 0.98)
ARITHMETIC = ("device", "tf32", "numerics")


def records(store):
    """Finished records by spec, whatever computed them."""
    found = {}
    for path in sorted(Path(store).glob("??/*/record.json")):
        record = json.loads(path.read_text())
        spec = {name: value for name, value in record["spec"].items() if name not in ARITHMETIC}
        found[json.dumps(spec, sort_keys=True)] = record
    return found


def steps(record):
    """Steps to each target, by moving averages; NaN where it is not reached."""
    after_the_start = [np.array(record["curve"][name][1:]) for name in ("step", "accuracy")]
    return np.array([crossing(*after_the_start, target) for target in TARGETS])


def compare(one, other):
    """Yields the lines."""
    pairs = defaultdict(list)
    for key in one.keys() & other.keys():
        spec = one[key]["spec"]
        pairs[spec["dataset"], spec["implementation"]].append((one[key], other[key]))
    for (dataset, implementation), found in sorted(pairs.items()):
        first, second = (np.array([steps(pair[index]) for pair in found]) for index in (0, 1))
        same = (first == second) | (np.isnan(first) & np.isnan(second))
        every = np.array([[pair[0]["spec"]["evaluate_every"]] for pair in found])
        within = same | (np.abs(first - second) <= every)
        apart = max(abs(a["curve"]["accuracy"][-1] - b["curve"]["accuracy"][-1]) for a, b in found)
        yield (
            f"{dataset} {implementation}: {len(found)} runs; of {same.size} steps to a target {same.sum()} the same, "
            f"{within.sum()} within one evaluation; final accuracies at most {apart:.4f} apart"
        )


if __name__ == "__main__":
    for line in compare(*map(records, sys.argv[1:])):
        print(line)
