"""The projection of runs into MLflow: real MLflow, a real database, a real server."""

import http.server
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bnrepro import paths
from bnrepro.data.dataset import Dataset
from bnrepro.data.registry import SOURCES
from bnrepro.errors import BadInput, Failed
from bnrepro.records import schema as run_records
from bnrepro.records import store
from bnrepro.records.machine import Machine, this_machine
from bnrepro.study import params
from bnrepro.study.factors import RunSpec
from bnrepro.tracking import database, serving, views
from bnrepro.tracking import publish as tracking
from bnrepro.tracking.background import BackgroundPublisher
from bnrepro.training.recording import Result

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning"),  # MLflow's, of SQLAlchemy
]

PARAMS = """
datasets: [digits]
device: cpu
tf32: false
numerics: portable
data: {digits: {pixels: grey, test: 500, validation: 200}}
network: {width: 100, momentum: 0.99, epsilon: 0.001}
training:
  digits:
    {steps: 100, batch_size: 60, evaluate_every: 50, learning_rate: 0.5, initial_stddev: 0.1, seeds: 2,
     first_seed: 0, targets: [0.9, 0.3]}
studies:
  depth: {implementation: [keras], normalization: [none, batch], depth: [3]}
  later: {implementation: [keras], normalization: [batch], depth: [3]}
"""
DATA_DIGEST = "d1" * 32
NOTHING = np.zeros(0, np.uint8)
DATASET = Dataset("digits", (8, 8, 1), 10, 16, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, DATA_DIGEST)
STEPS = [0, 50, 100]
ACCURACIES = ("accuracy", "population_accuracy", "test_batch_accuracy", "training_accuracy")


def write_run(
    seed: int,
    normalization: str = "batch",
    learning_rate: float = 0.5,
    diverged_at: int | None = None,
    machine: Machine | None = None,
    **further: Any,
) -> dict:
    """A record in the store, and what it says. Accuracy is 0.1 at step 0 and 0.6 + seed / 100 at step 100."""
    batch = normalization == "batch"
    spec = RunSpec(
        dataset="digits",
        implementation="keras",
        normalization=normalization,
        depth=3,
        learning_rate=learning_rate,
        seed=seed,
        steps=100,
        batch_size=60,
        evaluate_every=50,
        width=100,
        initial_stddev=0.1,
        pixels="grey",
        activation="sigmoid",
        placement="before" if batch else None,
        momentum=0.99 if batch else None,
        epsilon=0.001 if batch else None,
        updates=None,
        dropout=0.0,
        noise="none",
        hold_out=False,
        **{"device": "cpu", "tf32": None, "numerics": "portable"} | further,
    )
    steps = STEPS if diverged_at is None else [step for step in STEPS if step < diverged_at]
    accuracy = [0.1 + step * (0.5 + seed / 100) / 100 for step in steps]
    curve = {"step": steps, "loss": [1 - value for value in accuracy], **dict.fromkeys(ACCURACIES, accuracy)}
    final = {"population_accuracy": accuracy[-1]} if diverged_at is None else {}
    fingerprint = f"{normalization}{learning_rate:g}".replace(".", "") + f"seed{seed}"
    result = Result(curve, final, diverged_at, {"step": np.array(steps)}, {"logits/bias": np.zeros(1)}, 2.0, 0.5)
    store.write(fingerprint, spec, DATASET, result, machine or this_machine(), 2.0)
    return run_records.read(store.folder(fingerprint))


def write_study(name: str, records: list[dict]) -> None:
    folder = paths.runs("digits", name)
    shutil.rmtree(folder, ignore_errors=True)
    for record in records:
        store.copy(record["fingerprint"], folder / record["fingerprint"])
    index = {"dataset": "digits", "study": name, "runs": [record["fingerprint"] for record in records]}
    (folder / run_records.INDEX).write_text(json.dumps(index))


def make_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "params.yaml").write_text(PARAMS)
    (folder / "dvc.yaml").touch()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return folder


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow takes seconds to make one."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder = make_project(tmp_path_factory.mktemp("template"), monkeypatch)
        with paths.locked("publish"):
            database.connect()
    return folder / "mlflow.db"


@pytest.fixture
def bare_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_project(tmp_path / "a clone, 100%", monkeypatch)


@pytest.fixture
def project(bare_project: Path, empty_database: Path) -> Path:
    """A project whose database holds nothing."""
    shutil.copyfile(empty_database, bare_project / "mlflow.db")
    return bare_project


def write_depth() -> list[dict]:
    """The study `depth`, as its stage leaves it."""
    records = [write_run(seed, normalization) for normalization in ("none", "batch") for seed in (0, 1)]
    write_study("depth", records)
    return records


def publish() -> int:
    return tracking.publish_all(params.load())


def publish_elsewhere(folder: Path, **environment: str) -> subprocess.Popen:
    """The same in a process of its own, as from the command line; it prints the number of runs newly published."""
    code = (
        "from bnrepro.study.params import load; from bnrepro.tracking.publish import publish_all; "
        "print(publish_all(load()))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@dataclass
class Shown:
    """What MLflow shows of the dataset."""

    runs: dict[tuple[str, str], list]  # by kind and key
    histories: dict[str, dict[str, list[tuple[int, float]]]]  # by run id and metric

    def of(self, kind: str) -> list:
        return [run for (of_kind, _), runs in self.runs.items() if of_kind == kind for run in runs]

    def counts(self) -> Counter:
        return Counter(run.data.tags["bnrepro.kind"] for runs in self.runs.values() for run in runs)

    def child(self, record: dict):
        (run,) = self.runs["run", record["fingerprint"]]
        return run

    def parent(self, record: dict):
        """The run that shows the mean of a record's series."""
        parent_id = self.child(record).data.tags["mlflow.parentRunId"]
        (run,) = [run for run in self.of("series") if run.info.run_id == parent_id]
        return run

    def history(self, run, name: str) -> list[tuple[int, float]]:
        return self.histories[run.info.run_id][name]

    def content(self) -> list:
        """All of it but the ids and the clock."""
        return sorted(
            (
                kind,
                key,
                run.info.run_name,
                run.info.status,
                sorted(run.data.params.items()),
                self.histories[run.info.run_id],
            )
            for (kind, key), runs in self.runs.items()
            for run in runs
        )

    def everything(self) -> list:
        return [(run.to_dictionary(), self.histories[run.info.run_id]) for runs in self.runs.values() for run in runs]


def client(uri: str | None = None):
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri or database.tracking_uri())


def shown(uri: str | None = None) -> Shown:
    connection = client(uri)
    experiment = connection.get_experiment_by_name("bnrepro/digits")
    result = Shown({}, {})
    for run in connection.search_runs([experiment.experiment_id], order_by=["attributes.run_id"]):
        kind = run.data.tags["bnrepro.kind"]
        result.runs.setdefault((kind, run.data.tags[tracking.KEYS[kind]]), []).append(run)
        result.histories[run.info.run_id] = {
            name: [(point.step, point.value) for point in connection.get_metric_history(run.info.run_id, name)]
            for name in run.data.metrics
        }
    return result


def test_a_run_shows_its_record(project: Path) -> None:
    record = write_depth()[3]
    assert publish() == 4
    view = shown()
    run = view.child(record)
    assert run.info.run_name == "seed 1"
    assert run.info.status == "FINISHED"
    assert run.data.params == {name: str(value) for name, value in record["spec"].items() if value is not None}
    assert view.history(run, "accuracy") == list(zip(STEPS, record["curve"]["accuracy"], strict=True))
    assert view.history(run, "loss") == list(zip(STEPS, record["curve"]["loss"], strict=True))
    assert (
        f"| population accuracy | {record['final']['population_accuracy']:g} |" in run.data.tags["mlflow.note.content"]
    )
    assert run.data.tags["bnrepro.fingerprint"] == record["fingerprint"]
    assert run.data.tags["bnrepro.data_digest"] == DATA_DIGEST
    assert run.data.tags["bnrepro.training_seconds"] == "2.0"
    assert run.data.tags["bnrepro.processor"] == this_machine().processor
    assert run.data.tags["bnrepro.device"] == "cpu"
    assert run.data.tags["bnrepro.device_name"] == this_machine().processor
    assert not {"bnrepro.driver", "bnrepro.cuda"} & run.data.tags.keys()
    assert "bnrepro.diverged_at" not in run.data.tags
    assert run.info.end_time - run.info.start_time == 2500
    (data,) = run.inputs.dataset_inputs
    assert data.dataset.name == "digits"
    assert DATA_DIGEST.startswith(data.dataset.digest)


def test_a_run_of_a_gpu_shows_the_card_and_what_drives_it(project: Path) -> None:
    card = replace(this_machine(), device_name="NVIDIA H200", driver="580.159.04", cuda="12.2")
    record = write_run(0, machine=card, device="gpu", tf32=False, numerics="fast")
    tracking.Publisher(params.load()).publish_runs([(record, store.read_sidecar(record["fingerprint"]), 1)])
    view = shown()
    run = view.child(record)
    tags = {name: run.data.tags[f"bnrepro.{name}"] for name in ("device", "device_name", "driver", "cuda")}
    assert tags == {"device": "gpu", "device_name": "NVIDIA H200", "driver": "580.159.04", "cuda": "12.2"}
    assert run.data.params["tf32"] == "False"
    assert record["processor"] == "none (NVIDIA H200)"
    assert view.parent(record).info.run_name.startswith("GPU · ")


def test_what_a_run_has_not_is_left_out(project: Path) -> None:
    """No settings of a normalization that it has not, no tags of a sidecar that is lost."""
    record = write_run(0, "none")
    write_study("depth", [record])
    (store.folder(record["fingerprint"]) / store.SIDECAR).unlink()
    publish()
    run = shown().child(record)
    assert "momentum" not in run.data.params
    assert run.data.params["normalization"] == "none"
    assert "bnrepro.processor" not in run.data.tags
    assert "mlflow.source.git.commit" not in run.data.tags


def test_the_commit_comes_from_the_sidecar(project: Path) -> None:
    record = write_run(0)
    tracking.Publisher(params.load()).publish_runs([(record, {"commit": "c0ffee", "cores": 2}, 1)])
    tags = shown().child(record).data.tags
    assert tags["mlflow.source.git.commit"] == "c0ffee"
    assert tags["bnrepro.cores"] == "2"


def test_a_parent_shows_the_mean_and_the_range_over_seeds(project: Path) -> None:
    records = write_depth()
    write_study("later", records[2:])
    assert publish() == 4
    view = shown()
    assert view.counts() == {"run": 4, "series": 2}
    parent = view.parent(records[2])
    assert parent == view.parent(records[3]) != view.parent(records[0])
    assert parent.info.run_name == "depth 3 · batch normalization · Keras model"
    assert parent.info.status == "FINISHED"
    assert view.history(parent, "accuracy") == [(0, 0.1), (50, pytest.approx(0.3525)), (100, pytest.approx(0.605))]
    assert view.history(parent, "accuracy_low") == [(0, 0.1), (50, 0.35), (100, 0.6)]
    assert view.history(parent, "accuracy_high") == [(0, 0.1), (50, 0.355), (100, 0.61)]
    assert parent.data.metrics["seeds"] == 2
    assert "seed" not in parent.data.params
    assert parent.data.params["depth"] == "3"
    assert parent.data.tags["study"] == "depth, later"
    assert parent.info.end_time - parent.info.start_time == 5000, "what its seeds took together"
    assert "over the seeds 0, 1;" in parent.data.tags["mlflow.note.content"]
    assert "| population accuracy | 0.605 |" in parent.data.tags["mlflow.note.content"]
    assert view.parent(records[0]).data.tags["study"] == "depth"


def test_runs_and_parents_show_steps_to_targets_and_their_ratio(project: Path) -> None:
    records = write_depth()
    publish()
    view = shown()
    assert view.child(records[2]).data.metrics["steps_to_0.3"] == 50
    assert "steps_to_0.9" not in view.child(records[2]).data.metrics, "it never arrives"
    parent, baseline = view.parent(records[2]).data.metrics, view.parent(records[0]).data.metrics
    assert (parent["steps_to_0.3"], parent["seeds_at_0.3"], parent["ratio_at_0.3"]) == (50, 2, 1)
    assert (parent["steps_to_0.9"], parent["seeds_at_0.9"]) == (100, 0)
    assert not [name for name in {**baseline, "ratio_at_0.9": 1}.keys() & parent.keys() if name.startswith("ratio")]
    tags = client().get_experiment_by_name("bnrepro/digits").tags
    columns = json.loads(tags["mlflow.sharedViewState.bnrepro"])["selectedColumns"]
    assert {"metrics.`steps_to_0.9`", "metrics.`ratio_at_0.3`", "tags.`study`"} <= set(columns)
    assert "mlflow.sharedViewState.depth_3" in tags


def test_a_view_of_more_targets_than_a_tag_has_room_for_is_left_out() -> None:
    few, many = (views.tags(SOURCES["digits"], np.linspace(0.5, 0.9, count), "1") for count in (3, 40))
    assert {name for name in few if views.is_view(name)} == few.keys() - many.keys()
    assert max(map(len, [*few.values(), *many.values()])) <= 5000


def test_other_targets_are_shown_of_runs_that_are_there(project: Path) -> None:
    records = write_depth()
    publish()
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("[0.9, 0.3]", "[0.2]"))
    assert publish() == 0
    view = shown()
    assert view.child(records[3]).data.metrics["steps_to_0.2"] == 50
    assert view.parent(records[3]).data.metrics["ratio_at_0.2"] == 1
    tags = client().get_experiment_by_name("bnrepro/digits").tags
    assert "metrics.`ratio_at_0.2`" in tags["mlflow.sharedViewState.bnrepro"]


def test_series_that_were_usual_under_other_params_get_names_that_differ(project: Path) -> None:
    records = write_depth()
    publish()
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("learning_rate: 0.5", "learning_rate: 0.1"))
    more = [write_run(seed, learning_rate=0.1) for seed in (0, 1)]
    write_study("depth", more)
    publish()
    view = shown()
    usual = "depth 3 · batch normalization · Keras model"
    assert view.parent(records[2]).info.run_name == f"{usual} · learning rate 0.5"
    assert view.parent(more[0]).info.run_name == f"{usual} · learning rate 0.1"
    assert view.parent(records[0]).info.run_name == "depth 3 · no normalization · Keras model"
    before = view.everything()
    publish()
    assert shown().everything() == before


def test_a_mean_ends_where_the_first_seed_diverged(project: Path) -> None:
    records = [write_run(0, learning_rate=5.0), write_run(1, learning_rate=5.0, diverged_at=70)]
    write_study("depth", records)
    publish()
    view = shown()
    assert view.child(records[1]).data.tags["bnrepro.diverged_at"] == "70"
    parent = view.parent(records[0])
    assert [step for step, _ in view.history(parent, "accuracy")] == [0, 50]
    assert "Diverged: 1." in parent.data.tags["mlflow.note.content"]
    assert "population accuracy" not in parent.data.tags["mlflow.note.content"]


def test_publishing_twice_changes_nothing(project: Path) -> None:
    write_depth()
    publish()
    before = shown().everything()
    assert publish() == 0
    assert shown().everything() == before


def test_a_study_that_was_not_trained_is_skipped_and_a_damaged_record_is_not(project: Path) -> None:
    records = write_depth()
    assert publish() == 4  # `later` has no output
    (paths.runs("digits", "depth") / records[0]["fingerprint"] / run_records.RECORD).write_text("{")
    with pytest.raises(BadInput, match=r"record\.json"):
        publish()


def test_runs_appear_while_a_series_is_trained_and_the_parent_with_its_last(project: Path) -> None:
    publisher = tracking.Publisher(params.load())
    first, second = write_run(0), write_run(1)
    assert publisher.publish_runs([(first, store.read_sidecar(first["fingerprint"]), 2)]) == 1
    assert shown().counts() == {"run": 1}
    assert publisher.publish_runs([(second, store.read_sidecar(second["fingerprint"]), 2)]) == 1
    view = shown()
    assert view.counts() == {"run": 2, "series": 1}
    assert view.parent(first) == view.parent(second)
    assert publisher.publish_runs([(second, {}, 2)]) == 0


def test_an_added_seed_makes_the_parent_anew(project: Path) -> None:
    records = write_depth()
    publish()
    before = shown()
    more = [*records, write_run(2)]
    write_study("depth", more)
    assert publish() == 1
    after = shown()
    assert after.counts() == {"run": 5, "series": 2}
    assert after.parent(records[0]).info.run_id == before.parent(records[0]).info.run_id
    parent = after.parent(more[-1])
    assert parent == after.parent(records[2]) == after.parent(records[3])
    assert parent.info.run_id != before.parent(records[2]).info.run_id
    assert parent.data.metrics["seeds"] == 3
    assert parent.data.metrics["accuracy_high"] == pytest.approx(0.62)
    assert {after.child(record).info.run_id for record in records} == {
        before.child(record).info.run_id for record in records
    }


def test_a_study_of_fewer_seeds_leaves_the_parent_alone(project: Path) -> None:
    records = write_depth()
    publish()
    before = shown().everything()
    assert tracking.Publisher(params.load()).publish_runs([(records[2], {}, 1)]) == 0
    assert shown().everything() == before


def test_a_record_that_changed_replaces_its_run(project: Path) -> None:
    records = write_depth()
    publish()
    folder = store.folder(records[2]["fingerprint"])
    changed = (folder / run_records.RECORD).read_text().replace("0.35,", "0.45,")
    assert "0.45" in changed
    (folder / run_records.RECORD).write_text(changed)
    write_study("depth", records)
    assert publish() == 1
    view = shown()
    assert view.counts() == {"run": 4, "series": 2}
    assert view.history(view.child(records[2]), "accuracy")[1] == (50, 0.45)
    assert view.history(view.parent(records[2]), "accuracy")[1] == (50, pytest.approx(0.4025))


def test_what_a_kill_left_unfinished_is_made_anew(project: Path) -> None:
    records = write_depth()
    publish()
    before = shown()
    broken = [before.child(records[2]), before.parent(records[2])]
    with sqlite3.connect(project / "mlflow.db") as database:
        for run in broken:
            key = (run.info.run_id,)
            database.execute("UPDATE runs SET status = 'RUNNING', end_time = NULL WHERE run_uuid = ?", key)
            database.execute("DELETE FROM metrics WHERE run_uuid = ? AND step >= 50", key)
            database.execute("DELETE FROM latest_metrics WHERE run_uuid = ? AND key LIKE '%final%'", key)
            database.execute("DELETE FROM inputs WHERE destination_id = ?", key)
            database.execute("DELETE FROM params WHERE run_uuid = ?", key)
    database.close()
    assert publish() == 1
    after = shown()
    assert after.content() == before.content()
    assert all(run.inputs.dataset_inputs for kind in ("run", "series") for run in after.of(kind))
    ids = [{run.info.run_id for run in view.of("run") + view.of("series")} for view in (before, after)]
    assert ids[0] - ids[1] == {run.info.run_id for run in broken}, "not every server takes again what it has"


def test_a_deleted_experiment_comes_back(project: Path) -> None:
    write_depth()
    publish()
    before = shown().everything()
    client().delete_experiment(client().get_experiment_by_name("bnrepro/digits").experiment_id)
    publish()
    assert shown().everything() == before


def test_a_description_that_somebody_wrote_stays(project: Path) -> None:
    write_depth()
    publish()
    experiment = client().get_experiment_by_name("bnrepro/digits")
    assert "mean over seeds" in experiment.tags["mlflow.note.content"]
    client().set_experiment_tag(experiment.experiment_id, "mlflow.note.content", "My own words")
    publish()
    assert client().get_experiment_by_name("bnrepro/digits").tags["mlflow.note.content"] == "My own words"


def test_the_report_is_logged_when_it_changed(project: Path, tmp_path: Path) -> None:
    write_depth()
    paths.write_text(paths.figures("digits") / "headline.svg", "<svg/>")
    paths.write_text(paths.reports("digits") / "report.md", "first")
    publish()
    before = shown()
    publish()
    assert shown().everything() == before.everything()
    paths.write_text(paths.reports("digits") / "report.md", "second")
    (paths.figures("digits") / "headline.svg").unlink()
    paths.write_text(paths.figures("digits") / "other.svg", "<svg/>")
    assert publish() == 0
    (report,) = shown().of("report")
    assert report.info.run_name == "report"
    assert report.info.status == "FINISHED"
    folder = Path(client().download_artifacts(report.info.run_id, "", str(tmp_path)))
    assert (folder / "report.md").read_text() == "second"
    assert [path.name for path in (folder / "figures").iterdir()] == ["other.svg"]
    assert report.info.artifact_uri.startswith((project / "mlartifacts" / "digits").as_uri())
    assert not list(tmp_path.rglob("mlruns"))


@pytest.mark.slow
def test_a_project_that_moved_is_published_anew(project: Path, capfd, monkeypatch: pytest.MonkeyPatch) -> None:
    write_depth()
    publish()
    before = shown()
    moved = project.rename(project.with_name("moved"))
    monkeypatch.chdir(moved)
    capfd.readouterr()
    process = publish_elsewhere(moved)
    out, err = process.communicate()
    assert (out, process.returncode) == ("4\n", 0)
    assert "mlflow.db.moved" in err
    assert err.count("\n") == 1
    after = shown()
    assert after.content() == before.content()
    assert all(run.info.artifact_uri.startswith(moved.as_uri()) for run in after.of("run"))
    assert (moved / "mlflow.db.moved").is_file()


@pytest.mark.slow
def test_a_deleted_database_comes_back_whole(bare_project: Path) -> None:
    """Also beside what a kill left behind: the deleted one's journal, and a half-made database."""
    write_depth()
    first = publish_elsewhere(bare_project)
    assert first.communicate() == ("4\n", "")
    shutil.copyfile(bare_project / "mlflow.db", bare_project / "copy.db")
    before = shown("sqlite:///copy.db")
    (bare_project / "mlflow.db").rename(bare_project / "mlflow.db-journal")
    (bare_project / ".bnrepro" / "killed.partial.db").write_text("half a database")
    again = publish_elsewhere(bare_project)
    assert again.communicate() == ("4\n", "")
    shutil.copyfile(bare_project / "mlflow.db", bare_project / "again.db")
    assert shown("sqlite:///again.db").content() == before.content()
    assert not list(bare_project.rglob("*.partial.db*"))
    assert not list(bare_project.rglob("mlruns"))


@pytest.mark.slow
def test_two_publishers_at_once_make_every_run_once(bare_project: Path) -> None:
    write_depth()
    both = [publish_elsewhere(bare_project) for _ in range(2)]
    outputs = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert sum(int(out.split()[-1]) for out, _ in outputs) == 4
    assert shown().counts() == {"run": 4, "series": 2}


class Answers500(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(500)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def broken(request: pytest.FixtureRequest, project: Path, monkeypatch: pytest.MonkeyPatch):
    """An MLflow that fails, in the way that the parameter names."""
    if request.param == "dead":
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
        yield
    else:
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers500) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
            yield
            server.shutdown()
            thread.join()


BROKEN = pytest.mark.parametrize(
    ("broken", "reason"),
    [("dead", "Connection refused"), ("answers 500", "500")],
    indirect=["broken"],
)


@BROKEN
def test_training_goes_on_without_mlflow(broken: None, reason: str, capfd) -> None:
    started = time.monotonic()
    with BackgroundPublisher(params.load()) as publisher:
        for seed in range(3):
            publisher.add(write_run(seed), {}, 3)
    assert time.monotonic() - started < 10
    out, err = capfd.readouterr()
    assert out == ""
    assert re.fullmatch(r"MLflow could not be reached \(.*\); publish later with `bnrepro publish`\n", err)
    assert reason in err


@BROKEN
def test_publishing_without_mlflow_fails_in_one_line(broken: None, reason: str) -> None:
    write_depth()
    with pytest.raises(Failed, match=f"MLflow could not be reached .*{reason}.*MLFLOW_TRACKING_URI") as failure:
        publish()
    assert "\n" not in failure.value.message


def test_the_background_publisher_publishes_all_before_it_ends(project: Path) -> None:
    records = [write_run(seed) for seed in range(3)]
    with BackgroundPublisher(params.load()) as publisher:
        for record in records:
            publisher.add(record, {}, 3)
    view = shown()
    assert view.counts() == {"run": 3, "series": 1}
    assert publish() == 0


def test_mlflow_is_imported_only_to_publish(project: Path) -> None:
    code = (
        "import sys\n"
        "from bnrepro.study.params import load\n"
        "from bnrepro.tracking.background import BackgroundPublisher\n"
        "with BackgroundPublisher(load()): pass\n"
        "sys.exit('mlflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_server_elsewhere_needs_no_server_here(project: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:password@mlflow.example:5000")
    serving.serve()
    assert capsys.readouterr().out == "http://***@mlflow.example:5000\n"


def test_a_database_that_was_cut_short_goes_with_the_next_training(project: Path) -> None:
    leftovers = [paths.private() / f"cafe.partial.db{suffix}" for suffix in ("", "-journal")]
    paths.private().mkdir(exist_ok=True)
    for path in leftovers:
        path.touch()
    with BackgroundPublisher(params.load()):
        pass
    assert [path for path in leftovers if path.exists()] == []


def test_a_browser_opens_where_somebody_sits_before_a_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {opened}\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(browser))
    monkeypatch.setattr(webbrowser, "_tryorder", None)  # what it has found so far
    for screen, terminal in (("", True), (":0", False), (":0", True)):
        monkeypatch.setenv("DISPLAY", screen)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.setattr(sys.stdout, "isatty", lambda terminal=terminal: terminal)
        serving.show(f"http://127.0.0.1:1/#{screen}{terminal}")
    assert opened.read_text() == "http://127.0.0.1:1/#:0True\n"


def test_the_wait_for_the_server_has_an_end(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish()
    monkeypatch.setattr(serving, "_PATIENCE_SECONDS", 0)
    with pytest.raises(Failed, match=r"more than 0 s to answer; .*mlflow-server.log has what it said"):
        serving.serve()


@pytest.mark.parametrize("place", [".", "reports", ".dvc/tmp/exps/copy"])
def test_a_relative_address_counts_from_the_clone(project: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In whichever folder a command is called, and in DVC's temporary copies too, which are deleted."""
    (project / place).mkdir(parents=True, exist_ok=True)
    if place.startswith(".dvc"):
        make_project(project / place, monkeypatch)
    monkeypatch.chdir(project / place)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///other.db")
    assert database.tracking_uri() == f"sqlite:///{project}/other.db".replace("%", "%25")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////elsewhere/other.db?mode=rw")
    assert database.tracking_uri() == "sqlite:////elsewhere/other.db?mode=rw"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("./mlruns", "folder"),
        ("file:///mlruns", "folder"),
        ("http://user:pass#word@host", "%23"),
        ("postgresql+psycopg2://user:pass@word@host/runs", "%40"),
        ("postgresql+psycopg2://user:password@127.0.0.1:9/runs", "psycopg2"),
        ("https://user:password@127.0.0.1:9", "refused"),
        ("nowhere://user:password@host", "nowhere"),
    ],
)
def test_an_address_that_cannot_work_ends_in_one_line_without_its_password(
    project: Path, address: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    with pytest.raises((BadInput, Failed), match=said) as failure:
        publish()
    assert "pass" not in failure.value.message.replace("a password", "")
    assert "word@" not in failure.value.message


def test_a_database_of_another_mlflow_is_left_as_it_is(
    project: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLflow would upgrade it, since a table is missing, and the other version could not read it any more."""
    old = shutil.copyfile(empty_database, project / "old.db")
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'acf3f17fdcc7'")  # of MLflow 2.9
        connection.execute("DROP TABLE webhooks")
    before = old.read_bytes()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///old.db")
    with pytest.raises(BadInput, match="another version of MLflow"):
        publish()
    assert old.read_bytes() == before


def test_a_port_that_is_taken_is_refused(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(BadInput, match="in use"):
        serving.serve(port=other.getsockname()[1])


@pytest.mark.slow
def test_the_server_shows_the_runs_takes_others_and_ends_with_ctrl_c(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd
) -> None:
    write_depth()
    paths.write_text(paths.reports("digits") / "report.md", "# Report")
    publish()
    (report,) = shown().of("report")
    expected = shown().content()
    code = "from bnrepro.tracking import serving; serving.serve()"
    for_another = {"MLFLOW_STATIC_PREFIX": "/runs", "MLFLOW_ARTIFACTS_ONLY": "true", "MLFLOW_PORT": "9"}
    server = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, **for_another},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout.readline() == "Starting MLflow's server ...\n"
        address = re.search(r"http://\S+", server.stdout.readline()).group()
        assert server.stdout.readline().startswith(f"The runs on digits: {address}/#/experiments/1/runs?")
        assert shown(address).content() == expected
        url = f"{address}/get-artifact?path=report.md&run_uuid={report.info.run_id}"
        with urllib.request.urlopen(url) as answer:
            assert answer.read() == b"# Report"

        # The same server as somebody else's: another clone publishes there. Its runs are there already, its report not.
        other = make_project(tmp_path / "other", monkeypatch)
        write_depth()
        write_study("later", [write_run(0, learning_rate=0.1)])
        paths.write_text(paths.reports("digits") / "report.md", "# Another report")
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        assert publish() == 1
        assert shown().counts() == {"run": 5, "series": 3, "report": 1}
        with BackgroundPublisher(params.load()) as publisher:
            publisher.add(write_run(1, learning_rate=0.1), {}, 2)
        assert shown().counts()["run"] == 6
        assert not (other / "mlflow.db").exists()
        assert capfd.readouterr() == ("", "")
    finally:
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=30)
    assert (server.returncode, out, err) == (0, "", "")
    with pytest.raises(urllib.error.URLError, match="refused"):
        urllib.request.urlopen(address)
    assert not list(tmp_path.rglob("mlruns"))
