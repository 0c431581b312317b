"""Digests, and code as text for them: what it does, without what it says; and what a module imports."""

import ast
import hashlib
import json
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
# From Python 3.13 on `ast.dump` leaves out what is empty.
_IN_FULL = {"show_empty": True} if sys.version_info >= (3, 13) else {}


def digest(content: Any) -> str:
    """SHA-256 (hex) over what JSON can hold."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def syntax(path: Path) -> str:
    """A module's syntax tree, without docstrings, comments, line numbers and the messages of exceptions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            del node.body[0]
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
    return text(tree)


def text(tree: ast.AST) -> str:
    """`ast.dump` as Python 3.10 and 3.11 have it. 3.12 gives functions a field more, and format strings empty ends."""
    for node in ast.walk(tree):
        if getattr(node, "type_params", None) == []:
            del node.type_params  # type: ignore[attr-defined]
        if isinstance(node, ast.JoinedStr):
            node.values = [part for part in node.values if not (isinstance(part, ast.Constant) and part.value == "")]
    return ast.dump(tree, **_IN_FULL)


def closure(modules: Iterable[str]) -> set[Path]:
    """The files of this package that run when these modules are used: theirs, and those of all that they import.

    An import inside a function counts. One by a name that is computed cannot be seen.

    Args:
        modules: full names, such as `bnrepro.training.run`.
    """
    files: set[Path] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        package, _, _ = name.rpartition(".")
        file = file_of(name)
        if file and file not in files:
            files.add(file)
            waiting += [*imports(file), *([package] if package else [])]
    return files


def file_of(module: str) -> Path | None:
    """The file of one of this package's modules; None for any other name."""
    top, *parts = module.split(".")
    path = PACKAGE.joinpath(*parts)
    candidates = (path.with_suffix(".py"), path / "__init__.py") if parts else (path / "__init__.py",)
    return next((file for file in candidates if top == PACKAGE.name and file.is_file()), None)


@cache
def imports(file: Path) -> frozenset[str]:
    """The names that a file imports, anywhere in it: of `from a import b` both `a` and `a.b`, which may be a module."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(names)
