"""Compare a report made anew with the committed one: python tests/compare_reports.py COMMITTED MADE

On the processor kind that the committed one names, every byte has to be the same. On another kind the last bits of the
arithmetic differ and learning curves drift apart; then the tables have to agree within what another rounding explains.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from bnrepro.audit.outputs import differing_files
from bnrepro.study.factors import OPTIONAL

SERIES = ["study", "implementation", "normalization", "depth", "learning_rate"]
ACCURACY = 0.02  # of final accuracies: ten of the digits' test images
STEPS = 0.25  # of restricted means, or two evaluations where that is more
ARRIVED = 2  # runs of a series that may arrive on one kind of processor and not on the other


def beyond_tolerance(committed: Path, made: Path, evaluate_every: int) -> list[str]:
    """Rows of the tables that differ by more than another rounding explains, or that only one of the two has."""
    finals = _side_by_side(committed, made, "final_accuracy", SERIES)
    off = (finals["_merge"] != "both") | (finals["diverged_was"] != finals["diverged_now"])
    for column in ("accuracy", "population_accuracy"):
        was, now = finals[f"{column}_was"], finals[f"{column}_now"]
        off |= (was.isna() != now.isna()) | ((was - now).abs() > ACCURACY)
    problems = [f"final accuracy: {row}" for row in finals[off].to_dict("records")]

    steps = _side_by_side(committed, made, "steps_to_target", [*SERIES, "mode", "target"])
    was, now = steps["mean_restricted_steps_was"], steps["mean_restricted_steps_now"]
    off = (steps["_merge"] != "both") | ((was - now).abs() > np.maximum(STEPS * was, 2 * evaluate_every))
    off |= (steps["reached_was"] - steps["reached_now"]).abs() > ARRIVED
    return problems + [f"steps to target: {row}" for row in steps[off].to_dict("records")]


def main(committed: Path, made: Path) -> int:
    provenance = [json.loads((folder / "provenance.json").read_text()) for folder in (committed, made)]
    if provenance[0]["processor"] == provenance[1]["processor"]:
        problems = differing_files(committed, made)
        print(f"same kind of processor ({provenance[0]['processor']}): {len(problems)} files differ", *problems)
    else:
        problems = beyond_tolerance(committed, made, provenance[0]["params"]["training"]["evaluate_every"])
        kinds = f"{provenance[1]['processor']} against {provenance[0]['processor']}"
        print(f"{kinds}: {len(problems)} rows beyond tolerance", *problems, sep="\n")
    return 1 if problems else 0


def _side_by_side(committed: Path, made: Path, table: str, key: list[str]) -> pd.DataFrame:
    was, now = (
        pd.read_csv(folder / "tables" / f"{table}.csv", keep_default_na=False, na_values=[""])
        for folder in (committed, made)
    )
    key = [*key, *(name for name in OPTIONAL if name in was and name in now)]
    return was.merge(now, on=key, how="outer", suffixes=("_was", "_now"), indicator=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
