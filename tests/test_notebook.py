"""A notebook, run as Jupyter runs it: what its cells start by `!` inherits its kernel's environment."""

import json

import pytest

from tests import notebooks

pytestmark = pytest.mark.slow

CELLS = [
    "import os; print('backend', os.environ['MPLBACKEND'])",  # the kernel's own
    "!dvc repro --force --single-item plot@digits report@digits; echo status $?",
    "!bnrepro verify digits --runs 0; echo status $?",
    "%env MPLBACKEND=module://not_installed",  # as where Jupyter is in another environment than the project
    "!dvc repro --force --single-item plot@digits report@digits; echo status $?",
    "!bnrepro cite digits/iterations_to_target; echo status $?",
]


def notebook(cells: list[str]) -> dict:
    made = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "execution_count": None, "outputs": [], "source": cell}
        for n, cell in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": made}


def test_cells_draw_report_verify_and_cite(reproduced, clone, tmp_path_factory):
    path = clone.folder / "notebook.ipynb"
    path.write_text(json.dumps(notebook(CELLS)))
    said = [notebooks.said(cell) for cell in notebooks.execute(clone, path, tmp_path_factory.mktemp("home"))]
    assert said[0] == "backend module://matplotlib_inline.backend_inline\n"
    for number in (1, 2, 4, 5):
        assert said[number].rstrip().endswith("status 0"), said[number]
        assert "Traceback" not in said[number]
    path.unlink()
    assert clone.results() == reproduced.results()
