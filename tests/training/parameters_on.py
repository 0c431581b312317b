"""`python -m tests.training.parameters_on DEVICE FILE`: parameters of compiled stacks after 200 steps on a device."""

import sys
from dataclasses import replace

import numpy as np

from bnrepro.data import datasets
from bnrepro.training.stack import run_stack
from tests.training.stacks import CASES, stack

if __name__ == "__main__":
    device, target = sys.argv[1:]
    digits, parameters = datasets.load("digits"), {}
    for name, (normalization, changes) in CASES.items():
        specs = stack(normalization, **changes)
        specs = [
            replace(spec, device=device, tf32=None if device == "cpu" else False, numerics="fast") for spec in specs
        ]
        for run, result in enumerate(run_stack(specs, digits)):
            parameters |= {f"{name}, run {run}, {key}": values for key, values in result.parameters.items()}
    np.savez(target, **parameters)
