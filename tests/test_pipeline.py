"""The main job, end to end, by the commands that a user types: real DVC, real training, real MLflow."""

import json
import re
import resource
import shutil

import numpy as np
import pandas as pd
import pytest

from tests import pipeline

pytestmark = pytest.mark.slow


def ran(done):
    """The stages that DVC ran."""
    return set(re.findall(r"Running stage '([^']+)'", done.stdout))


def change_code(clone, file, old, new):
    path = clone.folder / "src" / "bnrepro" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_tables_figures_and_report_are_there(reproduced):
    reports = reproduced.folder / "reports" / "digits"
    for name in ("iterations_to_target", "accuracy_vs_iterations"):
        assert "<text" in (reports / "figures" / f"{name}.svg").read_text()
        assert (reports / "plots" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert (reports / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    curves = pd.read_csv(reports / "tables" / "curves" / "depth.csv", keep_default_na=False)
    assert len(curves) == 2 * 2 * 2 * 10  # implementations, normalizations, seeds, evaluations
    keras, core = (curves[curves["implementation"] == name] for name in ("keras", "core_estimator"))
    np.testing.assert_allclose(keras["loss"], core["loss"], rtol=1e-4)
    assert (curves.groupby("normalization")["population_accuracy"].max() > 0.8).all()
    page = (reports / "report.html").read_text()
    assert page.count("data:image/svg+xml,") == 4
    links = (
        r"#|figures/|\.\./\.\./(?:docs|benchmarks)/|(?:claims|provenance)\.json|explorer\.html|https://arxiv\.org/abs/"
    )
    assert not re.findall(rf'src="(?!data:)|href="(?!{links})', page), "the page needs nothing beside it"
    assert "Steps to a target accuracy: digits" in (reports / "explorer.html").read_text()
    assert reproduced.run("git", "ls-files", "reports/digits/explorer.html").stdout == "", "it is DVC's"
    assert "](figures/iterations_to_target.svg)" in (reports / "report.md").read_text()
    provenance = json.loads((reports / "provenance.json").read_text())
    assert provenance["runs"] == 8


def test_status_is_clean_and_nothing_to_do_takes_seconds(reproduced):
    assert "up to date" in reproduced.run("dvc", "status").stdout
    assert reproduced.run("git", "status", "--porcelain").stdout == ""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ran(reproduced.run("dvc", "repro")) == set()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3  # seconds of work, not of waiting


def test_training_says_which_study_it_is_and_nothing_of_one_for_other_datasets(clone):
    def add(tree):
        tree["studies"]["elsewhere"] = tree["studies"]["depth"] | {"datasets": ["mnist"]}

    clone.params(add)
    told = "digits depth (study 1 of 1): 8 runs, 8 of them in the store, 0 to train\n"
    assert clone.run("bnrepro", "train", "digits", "depth").stdout == told
    assert clone.run("bnrepro", "train", "digits", "elsewhere").stdout == ""


def test_runs_are_in_mlflow_once_training_is_over(reproduced):
    assert reproduced.run("bnrepro", "publish").stdout.startswith("0 runs newly published")


def test_dvc_shows_metrics_plots_and_stages(reproduced):
    header, *rows = reproduced.run("dvc", "metrics", "show").stdout.splitlines()
    assert header.split() == ["Path", "ratio.1", "with.1"]
    assert len(rows) == 1
    assert max(map(len, [header, *rows])) <= 120
    reproduced.run("dvc", "plots", "show", "--out", "dvc_plots")
    assert "iterations_to_target" in (reproduced.folder / "dvc_plots" / "index.html").read_text()
    shutil.rmtree(reproduced.folder / "dvc_plots")
    assert "train@digits-depth" in reproduced.run("dvc", "dag").stdout


def test_the_quick_pipeline_works_in_a_folder_of_its_own(clone):
    (clone.folder / ".venv").mkdir()
    clone.run("make", "--touch", "environment")  # `make` is not to build another one
    output = clone.run("make", "--no-print-directory", "quick").stdout
    report = clone.folder / "quick" / "reports" / "digits" / "report.md"
    assert output.endswith(f"Report: {report.with_suffix('.html')}\n")
    assert "Iterations to 90% test accuracy, with one rate for both: SGD " in report.read_text()
    assert clone.run("git", "status", "--porcelain").stdout == ""


def test_changing_a_figure_trains_nothing(clone):
    change_code(clone, "figures/style.py", '"lines.linewidth": 1.3', '"lines.linewidth": 1.4')
    stages = ran(clone.run("dvc", "repro"))
    assert stages == {"plot@digits", "report@digits"}


def test_changing_training_code_trains_again(clone):
    before = clone.records()
    change_code(clone, "networks/keras.py", 'metrics=["accuracy"]', "metrics=[]")
    assert "train@digits-depth" in ran(clone.run("dvc", "repro"))
    new = clone.records() - before
    assert len(new) == 4, "the runs of that implementation, and no others"


def test_changing_a_comment_in_training_code_trains_nothing(clone):
    before = clone.records()
    path = clone.folder / "src" / "bnrepro" / "networks" / "keras.py"
    path.write_text("# a comment\n" + path.read_text())
    clone.run("dvc", "repro")
    assert clone.records() == before


def test_changing_one_study_runs_that_study_alone(clone):
    clone.params(lambda tree: tree["studies"].update(rates={**tree["studies"]["depth"], "learning_rate": [0.1]}))
    assert "train@digits-depth" not in ran(clone.run("dvc", "repro"))
    assert (clone.folder / "reports" / "digits" / "tables" / "curves" / "rates.csv").is_file()


def test_a_parameter_changed_and_changed_back_restores_without_training(clone):
    figures = clone.folder / "reports" / "digits" / "figures"
    original = {path.name: path.read_bytes() for path in figures.rglob("*.*")}
    clone.params(lambda tree: tree["training"]["digits"].update(seeds=1))
    diff = json.loads(clone.run("dvc", "params", "diff", "--json").stdout)
    assert diff["params.yaml"]["training.digits.seeds"].items() >= {"old": 2, "new": 1}.items()
    clone.run("dvc", "repro")
    before = clone.records()
    clone.run("git", "checkout", "params.yaml")
    clone.run("dvc", "repro")
    assert clone.records() == before
    assert {path.name: path.read_bytes() for path in figures.rglob("*.*")} == original
    assert clone.run("git", "status", "--porcelain").stdout == ""


def test_a_lost_store_is_trained_again_to_the_same_bytes(clone):
    shutil.rmtree(clone.folder / ".bnrepro")
    shutil.rmtree(clone.folder / "data")
    shutil.rmtree(clone.folder / ".dvc" / "cache")
    clone.run("git", "checkout", "data")
    clone.run("dvc", "repro")
    assert len(clone.records()) == 8
    clone.run("dvc", "repro", "--force", "--single-item", "summarize@digits", "plot@digits", "report@digits")
    assert clone.run("git", "status", "--porcelain").stdout == ""


def test_a_clone_redraws_every_figure_without_training(clone):
    shutil.rmtree(clone.folder / "data")
    shutil.rmtree(clone.folder / ".bnrepro")
    for command in ("plot", "report"):
        clone.run("bnrepro", command, "digits")
    assert clone.run("git", "status", "--porcelain", "reports").stdout == ""


def test_experiments_share_the_store(clone):
    before = clone.records()
    clone.run("dvc", "exp", "run", "--temp", "--name", "fewer", "-S", "training.digits.seeds=1")
    assert clone.records() == before, "a temporary experiment finds its runs in the clone's store"
    clone.run("dvc", "exp", "run", "--name", "slower", "-S", "training.digits.learning_rate=0.3")
    assert len(clone.records()) == 2 * len(before)
    shown = json.loads(clone.run("dvc", "exp", "show", "--json").stdout)
    assert {"fewer", "slower"} <= set(re.findall(r"fewer|slower", json.dumps(shown)))


def test_bad_params_are_refused_by_plain_dvc_repro(clone):
    clone.params(lambda tree: tree["network"].update(width=0))
    done = clone.run("dvc", "repro", check=False)
    assert done.returncode != 0
    assert "network.width: 0 (int) given" in done.stdout + done.stderr
    assert ran(done) == {"check"}


def test_plan_tells_before_and_after(clone):
    assert "Nothing to train" in clone.run("bnrepro", "plan").stdout
    clone.params(lambda tree: tree["training"]["digits"].update(learning_rate=0.3))
    assert "8 runs, 0 in the store, 8 to train" in clone.run("bnrepro", "plan").stdout


def test_results_can_be_shared_by_a_remote(clone, tmp_path):
    clone.run("dvc", "remote", "add", "--default", "shared", str(tmp_path / "remote"))
    clone.commit("A remote")
    clone.run("dvc", "push")
    other = pipeline.Clone(tmp_path / "other")
    clone.run("git", "clone", "--quiet", str(clone.folder), str(other.folder))
    other.run("dvc", "pull", "--allow-missing")
    assert other.run("bnrepro", "publish").stdout.startswith("8 runs newly published")
    assert not (other.folder / ".bnrepro" / "store").exists(), "nothing was trained"


def test_the_committed_lock_is_of_this_code():
    """Or a fresh clone would train again, and end with another dvc.lock."""
    root = pipeline.Clone(pipeline.ROOT)
    status = json.loads(root.run("dvc", "status", "--json").stdout)
    modified = {
        (stage, name)
        for stage, changes in status.items()
        for change in changes
        if isinstance(change, dict)
        for name, state in change.get("changed deps", {}).items()
        if state == "modified"
    }
    assert modified == set()
