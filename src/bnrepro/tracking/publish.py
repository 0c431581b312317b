"""The runs as MLflow sees them: a projection of finished records, which can be made again from them at any time.

One experiment per dataset. In it a run for every record, under a parent for every series (runs that differ in nothing
but the seed) that shows the mean over seeds, and one run named `report`. Nobody can choose the id of an MLflow run, so
runs are found again by their tags: `bnrepro.kind`, a key within the kind, and `bnrepro.content`, a digest of what is
shown. A run that is there and finished is left alone. One whose content changed, or that a kill left unfinished, is
replaced: some servers refuse what they have already, others show it twice.
"""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bnrepro import addresses, paths
from bnrepro.data.registry import SOURCES
from bnrepro.records import schema, store
from bnrepro.study.factors import DatasetName, RunSpec
from bnrepro.study.params import Params
from bnrepro.tracking import content, database, views
from bnrepro.tracking.content import Points, Record
from bnrepro.tracking.views import KIND, NOTE

Sidecar = dict[str, Any]

KEYS = {"run": "bnrepro.fingerprint", "series": "bnrepro.series", "report": "bnrepro.report"}
CONTENT, PARENT = "bnrepro.content", "mlflow.parentRunId"

_SOURCE = {"mlflow.source.name": "bnrepro", "mlflow.source.type": "LOCAL"}  # beside it MLflow shows the commit
_SIDECAR_TAGS = {"commit": "mlflow.source.git.commit", "bnrepro": "bnrepro.version"}  # any other key: bnrepro.<key>
_CHUNK = 900  # of the 1000 metrics, parameters and tags that MLflow takes in one call


def publish_all(params: Params) -> int:
    """Publish what the stages have made, and every report. What is there is left alone.

    Of all datasets: those that params.yaml does not list have their committed reports, and after `make paper` runs.

    Returns:
        The number of runs newly published (parents and reports apart).

    Raises:
        BadInput: a record is damaged.
        Failed: MLflow could not be reached.
    """
    publisher, published = Publisher(params), 0
    for dataset in SOURCES:
        made = [study for study in params.studies if (paths.runs(dataset, study) / schema.INDEX).is_file()]
        if not (dataset in params.datasets or made or paths.reports(dataset).is_dir()):
            continue
        studies = {study: schema.of_study(dataset, study) for study in made}
        with database.failing_in_a_line():
            published += publisher.publish_dataset(dataset, studies)
    return published


class Publisher:
    """Writes finished records to MLflow; its methods raise whatever MLflow raises."""

    def __init__(self, params: Params) -> None:
        self._params = params
        self._client: Any = None
        self._given: dict[str, dict[int, tuple[Record, Sidecar]]] = defaultdict(dict)  # by series and seed
        self._records: dict[RunSpec, Record] = {}

    def publish_runs(self, runs: list[tuple[Record, Sidecar, int]]) -> int:
        """Publish finished runs of one dataset, and a series' parent once all its seeds have been given.

        Args:
            runs: for each its record, its sidecar (may be empty), and how many seeds its series has.

        Returns:
            How many are newly published.
        """
        series = {content.series(record): seeds for record, _, seeds in runs}
        with self._experiment(runs[0][0]["spec"]["dataset"]) as experiment:
            experiment.look_up(*series)
            return self._publish(experiment, runs)

    def publish_dataset(self, dataset: DatasetName, studies: dict[str, list[Record]]) -> int:
        """Publish whole studies (name: records) of a dataset, and its report where there is one.

        Returns:
            The number of runs newly published.
        """
        runs = [(record, store.read_sidecar(record["fingerprint"]), 1) for record in itertools.chain(*studies.values())]
        membership: dict[str, dict[str, None]] = defaultdict(dict)
        for study, of_study in studies.items():
            for record in of_study:
                membership[content.series(record)][study] = None
        with self._experiment(dataset) as experiment:
            experiment.look_up()
            published = self._publish(experiment, runs)
            for series, names in membership.items():
                experiment.tag(experiment.known["series", series][0], views.STUDY, ", ".join(names))
            experiment.tell_apart()
            if paths.reports(dataset).is_dir():
                experiment.show_report(dataset, paths.reports(dataset))
        return published

    def _publish(self, experiment: "_Experiment", runs: list[tuple[Record, Sidecar, int]]) -> int:
        wanted: dict[str, int] = {}
        for record, sidecar, seeds in runs:
            self._given[content.series(record)][record["spec"]["seed"]] = (record, sidecar)
            self._records[RunSpec(**record["spec"])] = record
            wanted[content.series(record)] = seeds
        published = 0
        for series, seeds in wanted.items():
            members = [self._given[series][seed] for seed in sorted(self._given[series])]
            baseline = self._baseline([record for record, _ in members])
            published += experiment.show_series(series, members, baseline, complete=len(members) >= seeds)
        return published

    def _baseline(self, members: list[Record]) -> list[Record] | None:
        """The same runs without normalization; None where not all of them have been given, or these have none."""
        if members[0]["spec"]["normalization"] == "none":
            return None
        without = [replace(RunSpec(**record["spec"]), normalization="none") for record in members]
        return [self._records[spec] for spec in without] if self._records.keys() >= set(without) else None

    @contextmanager
    def _experiment(self, dataset: DatasetName) -> Iterator["_Experiment"]:
        """A dataset's experiment, for one publisher of this clone at a time."""
        with database.locked():
            if self._client is None:
                self._client = database.connect()
            targets = self._params.training[dataset].targets
            yield _Experiment(self._client, dataset, self._params.usual(dataset), targets)


class _Experiment:
    """A dataset's runs in MLflow.

    Attributes:
        known: by kind and key, the runs that `look_up` found or that were made since, the current one first.
    """

    def __init__(self, client: Any, dataset: str, usual: dict[str, Any], targets: Sequence[float]):
        self._client, self._usual, self._targets = client, usual, targets
        self.known: dict[tuple[str, str], list[Any]] = defaultdict(list)
        name = f"bnrepro/{dataset}"
        experiment, found = client.get_experiment_by_name(name), {}
        if experiment is None:
            location = None if addresses.is_server(database.tracking_uri()) else database.artifacts(dataset)
            self._id = client.create_experiment(name, artifact_location=location)
        else:
            self._id, found = experiment.experiment_id, experiment.tags
            if experiment.lifecycle_stage == "deleted":
                client.restore_experiment(self._id)
        for tag, value in views.tags(SOURCES[dataset], targets, self._id).items():
            if tag not in found or (views.is_view(tag) and found[tag] != value):  # a note may be somebody's own
                client.set_experiment_tag(self._id, tag, value)

    def look_up(self, *series: str) -> None:
        """Find the runs of the experiment, or of one series where just one is named."""
        only = f"tags.`{KEYS['series']}` = '{series[0]}'" if len(series) == 1 else ""
        token = None
        while True:
            page = self._client.search_runs([self._id], only, max_results=1000, page_token=token)
            for run in page:
                if (kind := run.data.tags.get(KIND)) in KEYS:
                    self.known[kind, run.data.tags[KEYS[kind]]].append(run)
            token = page.token
            if not token:
                return

    def show_series(
        self, series: str, members: list[tuple[Record, Sidecar]], baseline: list[Record] | None, complete: bool
    ) -> int:
        """Show the runs of a series, under a parent if they are `complete`; returns how many are new.

        Args:
            baseline: the same runs without normalization, where they are known.
        """
        records = [record for record, _ in members]
        parent = self._parent(series, records) if complete else None
        published = 0
        for record, sidecar in members:
            under = {PARENT: parent.info.run_id} if parent else {}
            run = self._child(series, record, sidecar, under)
            if _is_finished(run):
                for name, value in under.items():
                    self.tag(run, name, value)
                self._add(run, content.arrivals(record, self._targets))
            else:
                self._write(run, record["spec"], content.points(record, self._targets), record)
                self._finish(run, _milliseconds(sidecar))
                published += 1
        arrivals = content.arrivals_over_seeds(records, baseline, self._targets)
        if parent and not _is_finished(parent):
            params = {name: value for name, value in records[0]["spec"].items() if name != "seed"}
            self._write(parent, params, content.over_seeds(records) | arrivals, records[0])
            self._finish(parent, sum(_milliseconds(sidecar) for _, sidecar in members))
        elif parent and parent.data.metrics["seeds"] == len(members):
            self._add(parent, arrivals)
        return published

    def tell_apart(self) -> None:
        """Rename series that share a name: what they differ in was usual when each was published."""
        named: dict[str, list[str]] = defaultdict(list)
        for (kind, _), (run, *_) in self.known.items():
            if kind == "series":
                named[run.info.run_name].append(run.info.run_id)
        for name, alike in named.items():
            if len(alike) == 1:
                continue
            runs = [self._client.get_run(run_id).data for run_id in alike]
            found = {run_id: content.told(run.params, run.tags) for run_id, run in zip(alike, runs, strict=True)}
            shared = set.intersection(*map(set, found.values()))
            for run_id, settings in found.items():
                if own := [setting for setting in settings if setting not in shared]:
                    self._client.update_run(run_id, name=" · ".join([name, *own]))

    def show_report(self, dataset: str, folder: Path) -> None:
        """Show the files of a report."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        digest = content.digest([(str(path.relative_to(folder)), path.read_bytes().hex()) for path in files])
        run = self._run("report", dataset, digest, "report", {NOTE: content.note_on_report(SOURCES[dataset].title)})
        if not _is_finished(run):
            self._client.log_artifacts(run.info.run_id, str(folder))
            self._finish(run)

    def tag(self, run: Any, name: str, value: str) -> None:
        """Set a tag unless it is set."""
        if run.data.tags.get(name) != value:
            self._client.set_tag(run.info.run_id, name, value)

    def _parent(self, series: str, members: list[Record]) -> Any:
        # Seeds are counted from zero, so a study that asks for fewer of them is content with a parent that has more.
        for run in self.known["series", series]:
            if _is_finished(run) and run.data.metrics["seeds"] > len(members):
                self.known["series", series] = [run]
                return run
        name = content.name(members[0]["spec"], self._usual)
        tags = {NOTE: content.note_on_series(members), **content.provenance(members[0])}
        return self._run("series", series, content.digest(members), name, tags)

    def _child(self, series: str, record: Record, sidecar: Sidecar, under: dict[str, str]) -> Any:
        tags = {KEYS["series"]: series, **_SOURCE, **content.provenance(record), **under}
        tags[NOTE] = content.note_on_run(record)
        if record["diverged_at"] is not None:
            tags["bnrepro.diverged_at"] = str(record["diverged_at"])
        for name, value in sidecar.items():
            if value is not None:
                tags[_SIDECAR_TAGS.get(name, f"bnrepro.{name}")] = str(value)
        name = f"seed {record['spec']['seed']}"
        return self._run("run", record["fingerprint"], content.digest(record), name, tags)

    def _run(self, kind: str, key: str, content: str, name: str, tags: dict[str, str]) -> Any:
        """The finished run that shows `content`, or a new one for it. Others of the same key are deleted."""
        found = self.known[kind, key]
        current = next((run for run in found if _is_finished(run) and run.data.tags.get(CONTENT) == content), None)
        for run in found:  # first: a server that lets nobody delete is not to get one more with every call
            if run is not current:
                self._client.delete_run(run.info.run_id)
        if current is None:
            tags = {**tags, KIND: kind, KEYS[kind]: key, CONTENT: content}
            current = self._client.create_run(self._id, tags=tags, run_name=name)
        self.known[kind, key] = [current]
        return current

    def _write(self, run: Any, params: dict[str, Any], points: Points, record: Record) -> None:
        from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param

        # The step stands in for the time, of which a record knows nothing.
        metrics = [Metric(name, float(value), step, step) for (name, step), value in points.items()]
        parameters = [Param(name, str(value)) for name, value in params.items() if value is not None]
        for start in range(0, len(metrics), _CHUNK):
            self._client.log_batch(run.info.run_id, metrics[start : start + _CHUNK], [] if start else parameters)
        dataset = record["spec"]["dataset"]
        source = json.dumps({"uri": f"data/prepared/{dataset}"})
        data = Dataset(dataset, record["data_digest"][:36], "local", source)  # 36 characters are MLflow's limit
        self._client.log_inputs(run.info.run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])

    def _add(self, run: Any, points: Points) -> None:
        """Give a finished run what was not known, or not asked for, when it was written."""
        for (name, step), value in points.items():
            if run.data.metrics.get(name) != value:  # of several values MLflow shows the last
                self._client.log_metric(run.info.run_id, name, value, step=step)

    def _finish(self, run: Any, milliseconds: int | None = None) -> None:
        end = None if milliseconds is None else run.info.start_time + milliseconds
        self._client.set_terminated(run.info.run_id, "FINISHED", end)


def _milliseconds(sidecar: Sidecar) -> int:
    """How long a run took; 0 where that is not known."""
    return round(1000 * (sidecar.get("training_seconds", 0) + sidecar.get("evaluation_seconds", 0)))


def _is_finished(run: Any) -> bool:
    return run.info.status == "FINISHED"
