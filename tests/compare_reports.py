"""Compare a report made anew with the committed one: python tests/compare_reports.py COMMITTED MADE

On the processor kind that the committed one names, every byte has to be the same. On another kind the last bits of the
arithmetic differ and learning curves drift apart; then tables have to agree within what a different rounding explains:
final accuracies within 2 percentage points, restricted mean steps within 25% or two evaluations.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

ACCURACY = 0.02
STEPS = 0.25


def differing_files(committed: Path, made: Path) -> list[str]:
    """Files that only one of the two folders has, or that differ."""
    names = {
        str(path.relative_to(folder)) for folder in (committed, made) for path in folder.rglob("*") if path.is_file()
    }
    names = {name for name in names if not name.endswith(".gitignore")}
    return sorted(name for name in names if _bytes(committed / name) != _bytes(made / name))


def beyond_tolerance(committed: Path, made: Path, evaluate_every: int) -> list[str]:
    """What of the tables differs by more than another rounding explains."""
    problems = []
    finals = [pd.read_csv(folder / "tables" / "final_accuracy.csv") for folder in (committed, made)]
    steps = [pd.read_csv(folder / "tables" / "steps_to_target.csv") for folder in (committed, made)]
    if len(finals[0]) != len(finals[1]) or len(steps[0]) != len(steps[1]):
        return ["the tables have other rows"]
    for column in ("accuracy", "population_accuracy"):
        off = (finals[0][column] - finals[1][column]).abs().max()
        if not off <= ACCURACY:
            problems.append(f"final {column} differs by {off:.3f}")
    was, now = (table["mean_restricted_steps"] for table in steps)
    off = (was - now).abs() > np.maximum(STEPS * was, 2 * evaluate_every)
    problems += [f"steps differ: {row.to_dict()}" for _, row in steps[0][off].iterrows()]
    return problems


def main(committed: Path, made: Path) -> int:
    provenance = [json.loads((folder / "provenance.json").read_text()) for folder in (committed, made)]
    if provenance[0]["processor"] == provenance[1]["processor"]:
        problems = differing_files(committed, made)
        print(f"same kind of processor ({provenance[0]['processor']}): {len(problems)} files differ", *problems)
    else:
        problems = beyond_tolerance(committed, made, provenance[0]["params"]["training"]["evaluate_every"])
        print(
            f"{provenance[1]['processor']} against {provenance[0]['processor']}: within tolerance?", *problems, sep="\n"
        )
    return 1 if problems else 0


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
