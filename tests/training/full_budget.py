"""Prints the curves of runs of study `alternatives` on digits, over the full budget: in one program, and alone."""

import json
from collections import defaultdict
from dataclasses import replace

from bnrepro.data import datasets
from bnrepro.records import grid
from bnrepro.study import params
from bnrepro.training.run import run
from bnrepro.training.stack import run_stack
from tests.claims.lesson import on_digits

if __name__ == "__main__":
    digits = datasets.load("digits")
    series = defaultdict(list)
    given = on_digits(params.load())
    for spec in grid.expand(given, "digits", "alternatives"):
        of_interest = spec.activation != "relu" or spec.normalization == "none"  # each normalization once, and ReLU
        if spec.seed < given.training["digits"].first_seed + 2 and spec.depth == 3 and of_interest:
            evenly = replace(spec, numerics="fast", evaluate_every=30, evaluations=None)
            series[f"{spec.normalization} {spec.activation}"].append(evenly)
    curves = {}
    for name, specs in series.items():
        together = run_stack(specs, digits)
        curves[name] = [(one.curve, run(spec, digits).curve) for spec, one in zip(specs, together, strict=True)]
    print(json.dumps(curves))
