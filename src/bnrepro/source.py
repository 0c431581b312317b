"""Code as text for digests: what it does, without what it says about itself."""

import ast
from pathlib import Path


def syntax(path: Path) -> str:
    """A module's syntax tree, without docstrings, comments and line numbers."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree)
