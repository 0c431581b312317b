"""docs/extending.md, "A factor" and "A network": their lines are followed, and what they add is trained."""

import json
import re

import pandas as pd
import pytest
import yaml

from tests import pipeline

pytestmark = pytest.mark.slow
PAGE = (pipeline.ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
SAME_MODEL = """
import json, sys
from bnrepro.data import datasets
from bnrepro.records.loading import load_model
digits = datasets.load("digits")
accuracies = [
    load_model("digits", "convolution", normalization=normalization, seed=0).evaluate(
        digits.test_images / digits.levels, digits.test_labels, verbose=0
    )[1]
    for normalization in ("none", "batch")
]
print(json.dumps(accuracies))
"""


def blocks(section):
    """Of every step of a section: the first file that it names, and the language and text of what it shows."""
    steps = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0].split("\n**")[1:]
    shown = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [(re.search(r"`([^`]*)`", step)[1], *shown.search(step).groups()) for step in steps]


@pytest.fixture(scope="module", params=["A factor", "A network"])
def followed(request, tmp_path_factory):
    """A clone in which someone has followed a section; the section's files, and its study."""
    clone = pipeline.clone(tmp_path_factory.mktemp("followed"))
    before = clone.run("git", "rev-parse", "HEAD").stdout.strip()
    study = {}
    for file, language, text in blocks(request.param):
        if language == "diff":
            patch = clone.folder / ".git" / "block.diff"
            patch.write_text(text, encoding="utf-8")
            clone.run("git", "apply", str(patch))
        elif language == "python":
            (clone.folder / file).write_text(text, encoding="utf-8")
        else:
            study = yaml.safe_load(text)
    clone.params(lambda tree: tree["studies"].update(study))
    clone.commit("As the page says")
    touched = clone.run("git", "diff", "--name-only", before).stdout.split()
    clone.run("dvc", "repro")
    return clone, touched, next(iter(study))


def test_it_costs_four_files_and_trains_networks_of_their_own(followed):
    clone, touched, study = followed
    assert len(touched) == 4
    curves = pd.read_csv(
        clone.folder / "reports" / "digits" / "tables" / "curves" / f"{study}.csv", keep_default_na=False
    )
    column = {"input_dropout": "input_dropout", "convolution": "kind"}[study]
    last = curves[curves["step"] == curves["step"].max()]
    losses = last.groupby([column, "normalization"])["loss"].first()
    assert losses.nunique() == len(losses) >= 2
    report = (clone.folder / "reports" / "digits" / "report.md").read_text(encoding="utf-8")
    assert f"](figures/study_{study}.svg)" in report


def test_a_run_becomes_the_keras_model_that_was_measured(followed):
    clone, _, study = followed
    if study != "convolution":
        pytest.skip("the module of another network has a Keras model of its own")
    measured = json.loads(clone.run("python", "-c", SAME_MODEL).stdout.splitlines()[-1])
    finals = pd.read_csv(clone.folder / "reports" / "digits" / "tables" / "finals.csv", keep_default_na=False)
    finals = finals[finals["study"] == study]
    expected = finals[finals["seed"] == 0].set_index("normalization")["accuracy"]
    assert measured == pytest.approx(expected[["none", "batch"]].astype(float).tolist(), abs=1e-6)
