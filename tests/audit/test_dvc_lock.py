"""dvc.lock between people: merged by git in a real pipeline of DVC, and asked why a stage would run."""

import subprocess

import pytest
from dvc.utils.serialize import dumps_yaml, load_yaml

from bnrepro.audit import changes, merging
from bnrepro.errors import BadInput, Failed
from tests import pipeline

STAGES = """\
stages:
  check:
    cmd: cp constant checked
    deps: [params.yaml, constant]
    outs: [{checked: {cache: false}}]
  left:
    cmd: cat checked params.yaml | grep left > left
    deps: [checked]
    params: [left]
    outs: [left]
  right:
    cmd: cat checked params.yaml | grep right > right
    deps: [checked]
    params: [right]
    outs: [right]
  both:
    cmd: cat left right > both
    deps: [left, right]
    outs: [both]
"""
PARAMS = (
    "left: {rate: 0.00001, depth: [1, 2]}\n# Lines between, so that\n# git merges changes of\n# both sides.\nright: 1\n"
)


OF_DVC = pytest.mark.filterwarnings("ignore:_NoneStep.value:DeprecationWarning")  # it calls pygtrie as it was


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory):
    """A pipeline of four stages, run and committed."""
    made = pipeline.Clone(tmp_path_factory.mktemp("reproduced"))
    for name, text in (
        ("dvc.yaml", STAGES),
        ("params.yaml", PARAMS),
        ("constant", "left right\n"),
        (".gitignore", "/checked\n/left\n/right\n/both\n"),
        (".gitattributes", (pipeline.ROOT / ".gitattributes").read_text()),
    ):
        (made.folder / name).write_text(text)
    for command in ("git init -q -b main", "git config user.name Test", "git config user.email t@example.org"):
        made.run(*command.split())
    made.run("dvc", "init", "--quiet")
    made.run("dvc", "repro", "--quiet")
    made.commit("Results")
    return made


@pytest.fixture
def clone(reproduced, tmp_path, monkeypatch):
    made = pipeline.Clone(tmp_path / "copy")
    reproduced.run("cp", "-r", str(reproduced.folder), str(made.folder))
    monkeypatch.chdir(made.folder)
    return made


def replace(clone, name, old, new):
    text = (clone.folder / name).read_text()
    assert old in text
    (clone.folder / name).write_text(text.replace(old, new))


def branch(clone, name, old, new):
    """A branch from the first commit, on which a line of params.yaml was changed and the pipeline run."""
    clone.run("git", "switch", "--quiet", "--create", name, "main")
    replace(clone, "params.yaml", old, new)
    clone.run("dvc", "checkout", "--quiet", "--force")
    clone.run("dvc", "repro", "--quiet")
    clone.commit(name)


def entries(clone):
    return load_yaml(clone.folder / "dvc.lock")["stages"]


# --- merging ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_results_of_two_branches_are_merged(clone):
    branch(clone, "theirs", "right: 1", "right: 2")
    theirs = entries(clone)
    branch(clone, "ours", "[1, 2]", "[1, 2, 3]")
    ours = entries(clone)
    assert "CONFLICT" in clone.run("git", "merge", "theirs", check=False).stdout  # what the command is for
    clone.run("git", "merge", "--abort")
    clone.run("bnrepro", "merge-lock", "--install")
    done = clone.run("git", "merge", "--no-edit", "theirs", check=False)
    # What both sides made of both parameters differs; everything else is merged. `check` gave both what was there.
    assert "both sides have results of their own of both; ours are kept" in done.stderr
    assert "CONFLICT (content): Merge conflict in dvc.lock" in done.stdout
    assert entries(clone) == ours | {name: theirs[name] for name in ("check", "right")}
    clone.run("dvc", "repro", "--quiet")
    both = (clone.folder / "both").read_text()
    assert "[1, 2, 3]" in both
    assert "right: 2" in both
    clone.run("git", "add", "dvc.lock")
    clone.run("git", "commit", "--quiet", "--no-edit")
    assert clone.run("dvc", "status").stdout.strip() == "Data and pipelines are up to date."


@pytest.mark.slow
def test_a_rebase_over_a_change_elsewhere_needs_nobody(clone):
    """Both sides ran `check`, to the same output; one of them alone ran the others."""
    clone.run("bnrepro", "merge-lock", "--install")
    branch(clone, "theirs", "Lines between", "A comment")
    branch(clone, "ours", "right: 1", "right: 2")
    ours = entries(clone)
    clone.run("git", "rebase", "--quiet", "theirs")
    assert {name: entry for name, entry in entries(clone).items() if name != "check"} == {
        name: entry for name, entry in ours.items() if name != "check"
    }
    ran = clone.run("dvc", "repro").stdout
    assert "Running stage 'check'" in ran
    assert ran.count("Running stage") == 1


def merged(tmp_path, base, ours, theirs):
    """The merge of three locks, each a dict of inputs by stage. A stage's output is the integer below its input."""
    files = []
    for name, rates in (("base", base), ("ours", ours), ("theirs", theirs)):
        stages = {
            stage: {"cmd": "true", "params": {"p": {"rate": rate}}, "outs": int(rate)} for stage, rate in rates.items()
        }
        files.append(tmp_path / name)
        files[-1].write_text(dumps_yaml({"schema": "2.0", "stages": stages}) if rates else "")
    try:
        merging.merge(*files)
    finally:
        content = load_yaml(files[1])
    assert content["schema"] == "2.0"
    return {stage: entry["params"]["p"]["rate"] for stage, entry in content["stages"].items()}


def test_each_entry_is_of_the_side_that_changed_it(tmp_path):
    base = {"same": 1e-05, "ours": 1, "theirs": 1, "alike": 1, "gone here": 1, "gone there": 1}
    ours = {"same": 1e-05, "ours": 2, "theirs": 1, "alike": 3, "gone there": 1, "new here": 1}
    theirs = {"same": 1e-05, "ours": 1, "theirs": 2, "alike": 3, "gone here": 1, "new there": 1}
    assert merged(tmp_path, base, ours, theirs) == {
        "same": 1e-05,
        "ours": 2,
        "theirs": 2,
        "alike": 3,
        "new here": 1,
        "new there": 1,
    }


def test_of_two_executions_the_one_with_new_outputs_is_kept(tmp_path):
    base = {"edited here": 1, "edited there": 1, "edited on both sides": 1}
    ours = {"edited here": 1.5, "edited there": 2, "edited on both sides": 1.5}
    theirs = {"edited here": 2, "edited there": 1.5, "edited on both sides": 1.25}
    kept = merged(tmp_path, base, ours, theirs)
    assert (kept["edited here"], kept["edited there"], int(kept["edited on both sides"])) == (2, 2, 1)
    assert merged(tmp_path, {}, {"a": 1.5}, {"a": 1}) == {"a": 1.5}


def test_what_one_side_removed_and_the_other_ran_stays(tmp_path):
    assert merged(tmp_path, {"a": 1, "b": 1, "c": 1}, {"a": 2, "c": 1}, {"b": 2, "c": 1}) == {"a": 2, "b": 2, "c": 1}


def test_a_lock_that_both_sides_began_is_merged_without_a_base(tmp_path):
    assert merged(tmp_path, {}, {"a": 1}, {"b": 1}) == {"a": 1, "b": 1}


def test_other_outputs_on_both_sides_are_a_conflict_that_dvc_can_read(tmp_path):
    with pytest.raises(Failed, match="both sides have results of their own of a, b; ours are kept"):
        merged(tmp_path, {"a": 1, "b": 1, "c": 1}, {"a": 2, "b": 2, "c": 1}, {"a": 3, "b": 3, "c": 3})
    assert load_yaml(tmp_path / "ours")["stages"]["a"]["outs"] == 2
    assert load_yaml(tmp_path / "ours")["stages"]["c"]["outs"] == 3


@pytest.mark.parametrize("text", ["", "stages: [", "<<<<<<< HEAD\nstages: {}\n=======\n", "- a\n", "stages: 1\n"])
def test_what_is_no_lock_is_left_as_it_is(tmp_path, text):
    for name in ("base", "ours"):
        (tmp_path / name).write_text("schema: '2.0'\nstages: {}\n")
    (tmp_path / "theirs").write_text(text)
    with pytest.raises(BadInput, match=r"dvc.lock: a side of the merge .*; ours is kept"):
        merging.merge(*(tmp_path / name for name in ("base", "ours", "theirs")))
    assert (tmp_path / "ours").read_text() == "schema: '2.0'\nstages: {}\n"


def test_a_merge_without_changes_keeps_every_byte(tmp_path):
    """As DVC writes them, numbers below 1e-4 and quotes included."""
    lock = (pipeline.ROOT / "dvc.lock").read_bytes()
    for name in ("base", "ours", "theirs"):
        (tmp_path / name).write_bytes(lock)
    merging.merge(*(tmp_path / name for name in ("base", "ours", "theirs")))
    assert (tmp_path / "ours").read_bytes() == lock


def test_results_in_conflict_stay_whole(tmp_path):
    """Without markers, so that everything can be read until `dvc repro` has made them anew."""
    made = pipeline.Clone(tmp_path)
    made.run("git", "init", "--quiet", "--initial-branch", "main")
    for name, value in (("user.name", "Test"), ("user.email", "test@example.org")):
        made.run("git", "config", name, value)
    (tmp_path / ".gitattributes").write_text((pipeline.ROOT / ".gitattributes").read_text())
    metrics = tmp_path / "reports" / "digits" / "metrics.json"
    metrics.parent.mkdir(parents=True)
    for side in ("main", "theirs", "ours"):
        made.run("git", "switch", "--quiet", *(() if side == "main" else ("--create", side, "main")), check=False)
        metrics.write_text(f'{{"made by": "{side}"}}\n')
        made.commit(side)
    assert "CONFLICT" in made.run("git", "merge", "theirs", check=False).stdout
    assert metrics.read_text() == '{"made by": "ours"}\n'


@pytest.mark.usefixtures("project")
def test_outside_git_there_is_nothing_to_install():
    with pytest.raises(BadInput, match="git config: "):
        merging.install()


# --- why a stage would run --------------------------------------------------------------------------------------------


@OF_DVC
@pytest.mark.slow
def test_it_says_what_changed_old_and_new(clone):
    assert changes.describe() == "Every stage is as dvc.lock has it."
    replace(clone, "params.yaml", "rate: 0.00001, depth: [1, 2]", "rate: 1e-06, depth: [1, 2]")
    replace(clone, "dvc.yaml", "cat left right", "cat right left")
    (clone.folder / "right").unlink()
    entry = entries(clone)["check"]["deps"]
    old = next(dep["md5"] for dep in entry if dep["path"] == "params.yaml")
    new = subprocess.run(["md5sum", "params.yaml"], capture_output=True, text=True, check=True).stdout
    lines = changes.describe().splitlines()
    assert lines[:2] == ["check runs:", f"  params.yaml: {old[:8]} -> {new[:8]}"]
    assert sorted(lines[2:]) == sorted(
        [
            "left runs:",
            "  left.rate: 1e-05 -> 1e-06",
            "right runs:",
            f"  right: {entries(clone)['right']['outs'][0]['md5'][:8]} -> (absent)",
            "both runs:",
            "  its command: cat left right > both -> cat right left > both",
            f"  right: {entries(clone)['right']['outs'][0]['md5'][:8]} -> (absent)",
        ]
    )
    status = clone.run("dvc", "status").stdout
    assert {line.removesuffix(":") for line in status.splitlines() if line and not line.startswith("\t")} == set(
        entries(clone)
    )


@OF_DVC
@pytest.mark.slow
def test_it_says_what_runs_after_what(clone):
    (clone.folder / "constant").write_text("left right left\n")
    lines = [line for line in changes.describe().splitlines() if not line.startswith(" ")]
    assert lines[0] == "check runs:"
    assert set(lines[1:3]) == {f"{name} runs if the outputs of check change" for name in ("left", "right")}
    assert lines[3] == "both runs if the outputs of left and 1 more change"
    (clone.folder / "dvc.lock").unlink()
    assert changes.describe().count("it has no entry in dvc.lock") == 4


@OF_DVC
@pytest.mark.slow
def test_a_lock_that_dvc_cannot_read_ends_in_one_line(clone):
    (clone.folder / "dvc.lock").write_text("<<<<<<< HEAD\n")
    with pytest.raises(BadInput, match=r"dvc.lock"):
        changes.describe()
