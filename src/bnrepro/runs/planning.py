"""`bnrepro plan`: what a pipeline would train, before a long one is started."""

from bnrepro import datasets, paths
from bnrepro.errors import BadInput
from bnrepro.params import Params
from bnrepro.progress import duration
from bnrepro.runs import stage, study


def describe(params: Params, workers: int) -> str:
    """A line for each study of each dataset, and the sum. Runs that studies share are counted where they come first."""
    lines, total, planned = [], 0.0, set()
    for dataset in params.datasets:
        try:
            data = datasets.load(dataset)
        except BadInput:  # not prepared yet, so nothing can have been trained on it in this form
            data = None
        for name in params.studies:
            if data is None:
                specs = study.expand(params, dataset, name)
                estimate = stage.cost_estimate()
                seconds = {str(spec): estimate(spec) for spec in specs}
                count = len(specs)
            else:
                plan = stage.plan(params, data, name)
                seconds, count = plan.seconds, len(plan.specs)
            seconds = {key: value for key, value in seconds.items() if key not in planned}
            planned.update(seconds)
            total += sum(seconds.values())
            lines.append(
                f"{dataset} {name}: {count} runs, {count - len(seconds)} in the store, {len(seconds)} to train"
                + (f", about {duration(sum(seconds.values()) / workers)}" if seconds else "")
            )
    lines.append(f"In all about {duration(total / workers)} of training on {workers} cores." if total else "Nothing to train.")
    return "\n".join(lines)
