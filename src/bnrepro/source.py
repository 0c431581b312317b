"""Code as text for digests: what it does, without what it says about itself."""

import ast
import sys
from pathlib import Path

# From Python 3.13 on `ast.dump` leaves out what is empty.
_IN_FULL = {"show_empty": True} if sys.version_info >= (3, 13) else {}


def syntax(path: Path) -> str:
    """A module's syntax tree, without docstrings, comments and line numbers."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return text(tree)


def text(tree: ast.AST) -> str:
    """`ast.dump` as Python 3.10 and 3.11 have it. 3.12 gives functions a field more, and format strings empty ends."""
    for node in ast.walk(tree):
        if getattr(node, "type_params", None) == []:
            del node.type_params  # type: ignore[attr-defined]
        if isinstance(node, ast.JoinedStr):
            node.values = [part for part in node.values if not (isinstance(part, ast.Constant) and part.value == "")]
    return ast.dump(tree, **_IN_FULL)
