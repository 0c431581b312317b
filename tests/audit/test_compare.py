"""`bnrepro compare`: tables of two revisions of a real repository."""

import shutil

import pytest

from bnrepro.audit.compare import compare
from bnrepro.errors import BadInput
from tests import pipeline

SERIES = "study depth: Keras model, no normalization, depth 1, learning rate 0.5, moving averages"


@pytest.fixture
def repository(project):
    """A project whose first commit has the committed tables of digits, and whose second has other iterations."""
    clone = pipeline.Clone(project)
    clone.run("git", "init", "--quiet")
    tables = project / "reports" / "digits" / "tables"
    tables.mkdir(parents=True)
    for name in ("steps_to_target.csv", "speedup.csv"):
        shutil.copyfile(pipeline.ROOT / "reports" / "digits" / "tables" / name, tables / name)
    clone.commit("Before")
    clone.run("git", "tag", "before")
    lines = (tables / "steps_to_target.csv").read_text().splitlines(keepends=True)
    header, first = lines[0].rstrip().split(","), lines[1].rstrip().split(",")
    first[header.index("mean_restricted_steps")] = "1234"
    (tables / "steps_to_target.csv").write_text("".join([lines[0], ",".join(first) + "\n", *lines[2:]]))
    return clone


def test_a_series_that_differs_is_told_with_both_values_and_all_others_are_counted(repository):
    found = compare("digits", 0.9, "before", None, None)
    (line,) = (line for line in found.splitlines() if line.startswith("| study"))
    assert line.startswith(f"| {SERIES} | ")
    before, after = line.strip("| ").split(" | ")[1:]
    assert after.startswith("1,234 (")
    assert not before.startswith("1,234")
    assert "times fewer iterations to 90%, digits:" in found
    repository.commit("After")
    assert compare("digits", 0.9, "before", "HEAD", "depth").count("| study") == 1
    assert compare("digits", 0.95, "before", "HEAD", None).count("| study") == 0
    assert compare("digits", 0.9, "HEAD", None, None).count("| study") == 0


def test_an_experiment_of_dvc_is_found_by_its_name(repository):
    """It is a commit that no branch has."""
    repository.commit("After")
    commit = repository.run("git", "rev-parse", "HEAD").stdout.strip()
    repository.run("git", "update-ref", f"refs/exps/{commit[:2]}/{commit[2:]}/ready-made", commit)
    assert SERIES in compare("digits", 0.9, "before", "ready-made", None)


@pytest.mark.parametrize(
    ("dataset", "revision", "study", "said"),
    [
        ("digits", "nowhere", None, "nowhere: no commit of git's, and no experiment"),
        ("digits", "--all", None, "--all: no commit"),
        ("mnist", "before", None, "has no readable reports/mnist/tables/steps_to_target.csv"),
        ("digits", "before", "nothing", "has no study nothing on digits"),
    ],
)
def test_what_is_not_there_is_refused_in_a_line(repository, dataset, revision, study, said):
    with pytest.raises(BadInput, match=said):
        compare(dataset, 0.9, revision, None, study)
