"""Validated readers for JSON, CSV and NumPy files: a damaged one ends in a message, not in a traceback."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

if TYPE_CHECKING:
    import pandas as pd


class Unreadable(Exception):
    """A file is missing, or is not what it is read as; the message says why, and does not name the file."""


# --- text that a file brings, and that readers are shown --------------------------------------------------------------

MARKUP = frozenset('<>&"`[]|*\\')  # of HTML and of Markdown


def plain(text: str) -> str:
    """A text with `?` for every character of markup or control."""
    return "".join(sign if sign.isprintable() and sign not in MARKUP else "?" for sign in text)


def _is_plain(text: str) -> str:
    if text != plain(text):
        raise ValueError("text without markup and control characters is needed")
    return text


Text = Annotated[str, Field(max_length=1000), AfterValidator(_is_plain)]
Word = Annotated[str, Field(pattern=r"^[0-9A-Za-z._+!-]{1,100}$")]  # a name or a version
Digest = Annotated[str, Field(pattern=r"^[0-9a-z]{1,64}$")]


# --- JSON -------------------------------------------------------------------------------------------------------------


def json_of(path: Path, kind: TypeAdapter[Any]) -> Any:
    """The content of a JSON file that is of a type, as `json.loads` gives it.

    Raises:
        Unreadable: it is missing, no JSON, or not of that type.
    """
    try:
        content = path.read_bytes()
        kind.validate_json(content)
        return json.loads(content)
    except ValidationError as error:  # a ValueError too, of several lines
        raise Unreadable(_first(error)) from error
    except (OSError, ValueError) as error:
        raise Unreadable(_reason(error)) from error


def _first(error: ValidationError) -> str:
    """The first thing that is wrong: where, and what."""
    detail = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in detail["loc"])
    message = detail["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    return f"{_shortened(place)}: {message}" if place else message


# --- tables -----------------------------------------------------------------------------------------------------------


def table(path: Path, columns: Iterable[str]) -> "pd.DataFrame":
    """A CSV file with these columns at least, of which empty fields alone are NaN.

    Raises:
        Unreadable: it is missing, no CSV file, or lacks a column.
    """
    import pandas as pd

    try:
        found = pd.read_csv(path, keep_default_na=False, na_values=[""], dtype={"study": str}, low_memory=False)
    except (OSError, ValueError, OverflowError) as error:
        raise Unreadable(_reason(error)) from error
    if missing := set(columns) - set(found.columns):
        raise Unreadable(f"lacks the columns {', '.join(sorted(missing))}")
    return found


# --- arrays -----------------------------------------------------------------------------------------------------------


def array(path: Path) -> np.ndarray:
    """A file written by `np.save`.

    Raises:
        Unreadable: it is missing or another file.
    """
    try:
        with path.open("rb") as file:
            return np.lib.format.read_array(file, allow_pickle=False)
    except Exception as error:  # NumPy raises what its parsers raise, of a dozen kinds
        raise Unreadable(_reason(error)) from error


def arrays(path: Path) -> dict[str, np.ndarray]:
    """A file written by `np.savez`, by name.

    Raises:
        Unreadable: it is missing or another file.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return dict(archive)
    except Exception as error:  # as above; and zipfile's
        raise Unreadable(_reason(error)) from error


# --- words ------------------------------------------------------------------------------------------------------------


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return _shortened(" ".join(str(error).split())) or type(error).__name__


def _shortened(text: str, length: int = 160) -> str:
    text = text if text.isprintable() else repr(text)[1:-1]
    return text if len(text) <= length else f"{text[: length - 3]}..."
