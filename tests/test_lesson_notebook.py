"""The notebook of the lesson: every cell runs, wherever it is opened, and each `assert` in it holds."""

import json
import re
import time

import pytest

from tests import notebooks, pipeline

LESSON = pipeline.ROOT / "docs" / "lesson.ipynb"
SECONDS = 600  # it takes 20, and two minutes are promised; a machine may be busy


def stored():
    return json.loads(LESSON.read_text(encoding="utf-8"))["cells"]


def code(cells):
    return [cell for cell in cells if cell["cell_type"] == "code"]


def test_its_links_lead_somewhere():
    texts = ["".join(cell["source"]) for cell in stored() if cell["cell_type"] == "markdown"]
    targets = {target for text in texts for target in re.findall(r"\]\((?!https?:)([^)#]+)", text)}
    assert targets
    assert {target for target in targets if not (LESSON.parent / target).exists()} == set()


def test_it_is_stored_without_outputs():
    assert [cell["id"] for cell in code(stored()) if cell["outputs"] or cell["execution_count"]] == []


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["docs", "."])
def test_every_cell_runs(folder, tmp_path, tmp_path_factory):
    clone = pipeline.clone(tmp_path, change=None)
    path = tmp_path / folder / LESSON.name
    path.write_bytes(LESSON.read_bytes())
    began = time.monotonic()
    cells = code(notebooks.execute(clone, path, tmp_path_factory.mktemp("home")))
    assert time.monotonic() - began < SECONDS
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert len([output for output in outputs if "image/png" in output.get("data", {})]) == 3
    assert [output for output in outputs if output.get("name") == "stderr"] == []  # no warning disturbs a reader
    changed = clone.run("git", "status", "--porcelain").stdout.split()[1::2]
    assert changed == [str(path.relative_to(tmp_path))]  # it writes nothing into the project
