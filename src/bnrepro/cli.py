"""The command `bnrepro`: one short function a command. Nothing is computed here, and nothing heavy imported on top."""

import errno
import functools
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bnrepro import addresses, paths
from bnrepro.data import registry
from bnrepro.errors import BadInput, Failed, in_words
from bnrepro.execution import watchdog
from bnrepro.study import params


class _Commands(click.Group):
    """Lists commands in the order of the pipeline; ends Ctrl-C with the shells' status, and accidents in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            error.message = addresses.without_secrets(error.message)  # type: ignore[misc]
            raise
        except KeyboardInterrupt:
            click.echo("Interrupted; what was finished is kept.", err=True)
            ctx.exit(130)
        except OSError as error:  # a full disk, no permission, a file where a folder belongs
            if error.errno == errno.EPIPE:
                raise  # click's own to handle
            raise Failed(addresses.without_secrets(in_words(error))) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bnrepro")
def main() -> None:
    """Rebuild the figure that batch normalization is taught with, and look into every run behind it.

    The stages of `dvc repro` call the first seven commands; the others are for people.
    """


def _dataset_argument(command: click.decorators.FC) -> click.decorators.FC:
    return click.argument("dataset", type=click.Choice(registry.NAMES))(command)


def _usual_workers(parameters: params.Params) -> int:
    from bnrepro import device
    from bnrepro.records.machine import cores
    from bnrepro.training.memory import SHARES

    return min(cores(), SHARES) if device.resolve(parameters.device) == "gpu" else cores()


def _note_arithmetic(parameters: params.Params) -> None:
    """Say so where this processor trains with other numerics than params.yaml asks for.

    Raises:
        BadInput: it cannot train with those, nor with others.
    """
    from bnrepro import numerics

    if numerics.resolve(parameters.numerics) != parameters.numerics:
        click.echo(
            "numerics: portable is for x86-64; this processor trains with fast, and has bits of its own.", err=True
        )


def _stage(command: Callable[..., None]) -> Callable[..., None]:
    """What all stages have: they end with the DVC that started them, and one process at a time is at each.

    After a kill of DVC alone its command would go on, and replace what the next DVC has restored or is about to hash.
    """

    @functools.wraps(command)
    def alone(**arguments: Any) -> None:
        if "DVC_STAGE" in os.environ:
            watchdog.end_with_dvc()
        words = [command.__name__, *([arguments["dataset"]] if "dataset" in arguments else [])]
        waiting = f"Another `bnrepro {' '.join(words)}` is at work; waiting for it to end."
        with paths.locked("-".join(words), waiting):
            command(**arguments)

    return alone


@main.command()
@_stage
def check() -> None:
    """Check the whole of params.yaml."""
    params.load()
    paths.write_text(paths.checked(), "params.yaml was found valid\n")
    click.echo("params.yaml is valid.")


@main.command()
@_dataset_argument
@_stage
def fetch(dataset: params.DatasetName) -> None:
    """Obtain a dataset's raw files, each checked against its SHA-256."""
    from bnrepro.data import datasets

    params.load_for(dataset)
    datasets.fetch(dataset)


@main.command()
@_dataset_argument
@_stage
def prepare(dataset: params.DatasetName) -> None:
    """Split a dataset into images to train on, to hold out and to test."""
    from bnrepro.data import datasets

    data = params.load_for(dataset).data[dataset]
    datasets.prepare(dataset, data.test, data.validation)


@main.command()
@_dataset_argument
@click.argument("study")
@click.option(
    "--workers", type=click.IntRange(min=1), help="Runs at a time.  [default: one per core; stacks on a GPU, 8 at most]"
)
@click.option(
    "--scheduler",
    envvar="BNREPRO_SCHEDULER",
    metavar="tcp://HOST:PORT",
    help="Train on the workers of a Dask cluster. On a trusted network only: whoever reaches a scheduler at tcp:// can "
    "run code on its workers and here. tls:// needs certificates.  [default: BNREPRO_SCHEDULER, else this machine]",
)
@_stage
def train(dataset: params.DatasetName, study: str, workers: int | None, scheduler: str | None) -> None:
    """Train what is missing of a study's runs."""
    from bnrepro import device
    from bnrepro.execution import executor, stage
    from bnrepro.execution.progress import TrainingProgress
    from bnrepro.records import schema, store
    from bnrepro.tracking.background import BackgroundPublisher

    if workers and scheduler:
        raise click.UsageError("--workers is for this machine; a Dask cluster has the workers that were started for it")
    parameters = params.load_for(dataset, study)
    if scheduler and device.resolve(parameters.device) == "gpu":
        raise BadInput("device: gpu is for this machine's GPU; the workers of a Dask cluster train with device: cpu")
    _note_arithmetic(parameters)
    open_pool = executor.pool_opener(scheduler or None, workers or _usual_workers(parameters))
    studies = list(parameters.studies_of(dataset))
    place = f" (study {studies.index(study) + 1} of {len(studies)})" if study in studies else ""
    with BackgroundPublisher(parameters) as publisher, TrainingProgress(f"{dataset} {study}{place}") as progress:

        def started(plan, workers):
            if plan.specs:  # of a study for other datasets there is nothing to say
                progress.started(plan, workers)

        def finished(fingerprint, spec, rate):
            progress.finished(fingerprint, spec, rate)
            seeds = len(parameters.seeds(dataset, study, spec.implementation))
            publisher.add(schema.read(store.folder(fingerprint)), store.read_sidecar(fingerprint), seeds)

        stage.train(parameters, dataset, study, open_pool, started, finished)


@main.command()
@_dataset_argument
@_stage
def summarize(dataset: params.DatasetName) -> None:
    """Make the tables of a dataset from its runs."""
    from bnrepro.claims.summarize import summarize as make_tables

    make_tables(params.load_for(dataset), dataset)


@main.command()
@_dataset_argument
@_stage
def plot(dataset: params.DatasetName) -> None:
    """Draw the figures of a dataset from its tables."""
    from bnrepro.figures.draw import draw

    draw(params.load_for(dataset), dataset)


@main.command()
@_dataset_argument
@_stage
def report(dataset: params.DatasetName) -> None:
    """Write the report of a dataset from its tables and figures, and the explorer of its runs."""
    from bnrepro.explorer.write import write as write_explorer
    from bnrepro.report.write import write

    parameters = params.load_for(dataset)
    write(parameters, dataset)
    write_explorer(parameters, dataset)


@main.command()
@click.option("--why", is_flag=True, help="Say for each stage that would run what changed since dvc.lock, old and new.")
def plan(why: bool) -> None:
    """Say what would be trained, and how long it takes."""
    from bnrepro.execution.planning import describe
    from bnrepro.records import machine

    click.echo(describe(params.load(), machine.cores()))
    if why:
        from bnrepro.audit import changes

        click.echo(changes.describe())


@main.command()
@click.argument(
    "files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="BASE OURS THEIRS"
)
@click.option("--install", is_flag=True, help="Have git call this command in this clone.")
def merge_lock(files: tuple[Path, ...], install: bool) -> None:
    """Merge dvc.lock by stage: a merge driver for git.

    Git calls it with three files, and takes OURS for the result. `bnrepro merge-lock --install` is all that a user has
    to call, once in a clone.
    """
    from bnrepro.audit import merging

    if install:
        merging.install()
        click.echo("From now on git merges dvc.lock by stage in this clone.")
    elif len(files) == 3:
        merging.merge(*files)
    else:
        raise click.UsageError("three files are needed, or --install")


@main.command()
def publish() -> None:
    """Publish to MLflow what is missing there."""
    from bnrepro.tracking import publish

    click.echo(f"{publish.publish_all(params.load())} runs newly published")


@main.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the UI.  [default: a free one]")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open a browser, where there is one.")
def ui(port: int | None, browser: bool) -> None:
    """Publish, then open MLflow's UI on 127.0.0.1."""
    from bnrepro.tracking import publish, serving

    parameters = params.load()
    click.echo("Publishing to MLflow what is missing there ...")
    publish.publish_all(parameters)
    serving.serve(port=port, browser=browser)


@main.command()
@click.argument("datasets", nargs=-1, type=click.Choice(registry.NAMES))
@click.option("--runs", type=click.IntRange(min=0), default=3, show_default=True, help="How many to train again.")
@click.option("--all", "every", is_flag=True, help="Train all runs again.")
@click.option("--seed", type=click.IntRange(min=0), help="Picks the runs.  [default: others each time]")
@click.option(
    "--workers", type=click.IntRange(min=1), help="Runs at a time.  [default: one per core; stacks on a GPU, 8 at most]"
)
def verify(
    datasets: tuple[params.DatasetName, ...], runs: int, every: bool, seed: int | None, workers: int | None
) -> None:
    """Check the outputs, and some runs, against what they are made from.

    Trains runs again, outside the run store, and compares bits; makes tables, figures and report again; takes the
    hashes of dvc.lock again. Of each DATASET, by default of all that have a report. Nothing is written. Exit status 1
    if anything differs.
    """
    from bnrepro.audit.finding import Finding
    from bnrepro.audit.verify import reported
    from bnrepro.audit.verify import verify as check_all
    from bnrepro.execution import executor

    chosen = list(dict.fromkeys(datasets)) or reported()
    parameters = [params.load_for(dataset) for dataset in chosen][-1]
    _note_arithmetic(parameters)
    seed = secrets.randbelow(10**6) if seed is None else seed
    findings: list[Finding] = []

    def found(finding: Finding) -> None:
        findings.append(finding)
        click.echo(str(finding))

    click.echo(
        "Training all runs again." if every else f"Training {runs} runs of each dataset again, by --seed {seed}."
    )
    open_pool = executor.pool_opener(None, workers or _usual_workers(parameters))
    check_all(parameters, chosen, None if every else runs, seed, open_pool, found)
    states = [finding.state for finding in findings]
    if differing := states.count("DIFFERS"):
        raise Failed(f"{differing} of {len(states)} checks found a difference")
    unchecked = states.count("not checked")
    click.echo("Nothing differs." + (f" {unchecked} checks could not be made here." if unchecked else ""))


@main.command()
@click.argument("before")
@click.argument("after", required=False)
@click.option("--dataset", type=click.Choice(registry.NAMES), default="digits", show_default=True)
@click.option("--study", help="The only one to compare.  [default: all]")
@click.option("--target", type=float, help="Test accuracy, one of params.yaml's targets.  [default: the first of them]")
@click.option(
    "--page",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.html",
    help="Write a page too: the tables, and curves laid over each other.",
)
def compare(
    before: str,
    after: str | None,
    dataset: params.DatasetName,
    study: str | None,
    target: float | None,
    page: Path | None,
) -> None:
    """Compare iterations and ratios of two revisions, or of two settings of a study.

    BEFORE and AFTER are commits or DVC experiments; without AFTER the working tree. What differs is written as a table
    in Markdown. With --study, they may be settings of that study in the working tree: FACTOR=VALUE, with more after
    commas, such as learning_rate=0.1 learning_rate=0.3.
    """
    from bnrepro.audit.comparison import parts, revisions, settings

    parameters = params.load_for(dataset)
    targets = parameters.training[dataset].targets
    target = targets[0] if target is None else target
    if target not in targets:
        raise BadInput(f"--target {target:g}: params.yaml has {', '.join(f'{one:g}' for one in targets)} for {dataset}")
    compared: parts.Comparison
    if "=" in before or "=" in (after or ""):
        compared = settings.of(parameters, dataset, study, before, after)
    else:
        compared = revisions.of(dataset, before, after, study)
    tables = compared.tables(target)
    click.echo(parts.markdown(tables))
    if page:
        from bnrepro.audit.comparison.page import write

        write(page, registry.SOURCES[dataset].title, compared, tables)


@main.command()
@click.argument("figure", required=False)
@click.option("--bibtex", "language", flag_value="bibtex", help="Write entries for this software and for the paper.")
@click.option("--latex", "language", flag_value="latex", help="Write a report's numbers as macros of LaTeX.")
@click.option("--typst", "language", flag_value="typst", help="Write a report's numbers as functions of Typst.")
def cite(figure: str | None, language: str | None) -> None:
    """Say what a FIGURE shows and how to cite it, if a commit made it; or write numbers for a text to call.

    FIGURE is its file, such as reports/digits/figures/layers.pdf, or its name, such as figure_1a or digits/layers. With
    --latex or --typst it is a dataset: without it, all that have a report.
    """
    from bnrepro.audit import citation, cite, macros
    from bnrepro.audit.verify import reported

    if language is None:
        if figure is None:
            raise click.UsageError("Missing argument 'FIGURE'.")
        click.echo(cite.cite(figure))
    elif language == "bibtex":
        if figure is not None:
            raise click.UsageError("--bibtex is of the software and the paper: it takes no FIGURE")
        click.echo(citation.bibtex())
    elif figure is None or figure in registry.NAMES:
        write = macros.latex if language == "latex" else macros.typst
        click.echo(write([figure] if figure else reported()), nl=False)
    else:
        raise BadInput(f"{figure}: not a dataset; there are {', '.join(registry.NAMES)}")


@main.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def package(file: Path | None) -> None:
    """Pack the last commit into one zip FILE for an archive.

    It holds the repository's files, results among them, a rubric of all claims, and metadata: a Workflow Run RO-Crate.
    By default FILE is bnrepro-<version>-<commit>.crate.zip in the working folder.
    """
    from bnrepro.archive.package import package as pack

    written = pack(params.load(), file)
    click.echo(f"{written}: {written.stat().st_size / 1e6:.1f} MB")
