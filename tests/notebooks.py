"""Runs a notebook as Jupyter runs it."""

import json
import sys
from pathlib import Path

from tests.pipeline import BIN, Clone


def execute(clone: Clone, path: Path, home: Path) -> list[dict]:
    """The cells of a notebook of a clone after its run, in the folder that it lies in. An error of a cell fails.

    Args:
        home: an empty folder, for what Jupyter keeps of its user.
    """
    own = dict.fromkeys(("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"), str(home))
    command = (sys.executable, str(BIN / "jupyter-execute"), "--inplace", "--startup_timeout=600", str(path))
    clone.run(*command, MPLBACKEND="", **own)
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def said(cell: dict) -> str:
    """What a cell printed."""
    return "".join(line for output in cell["outputs"] for line in output.get("text", ""))
