"""What is read back from disk, with nothing taken on trust: the file's own words are checked before they are acted on.

JSON is held against a type, tables column by column, and NumPy's files against the form in which this project writes
them, so that a header cannot ask for more memory than the file has bytes.
"""

import io
import json
import math
import re
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from pydantic import TypeAdapter, ValidationError

if TYPE_CHECKING:
    import pandas as pd


class Unreadable(Exception):
    """A file is missing, or is not what it is read as; the message says why, and does not name the file."""


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
    message = detail["msg"][0].lower() + detail["msg"][1:]
    return f"{_shortened(place)}: {message}" if place else message


# --- tables -----------------------------------------------------------------------------------------------------------


def table(path: Path, columns: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> "pd.DataFrame":
    """A CSV file with these columns and perhaps more, of which empty fields alone are NaN.

    Args:
        columns: by name, the type that every field has to have; an empty one is None.
        optional: the same for columns that need not be there.

    Raises:
        Unreadable: it is missing, no such table, or a field is of another type.
    """
    import pandas as pd

    try:
        found = pd.read_csv(path, keep_default_na=False, na_values=[""], dtype={"study": str}, low_memory=False)
    except (OSError, ValueError, OverflowError) as error:
        raise Unreadable(_reason(error)) from error
    if missing := columns.keys() - set(found.columns):
        raise Unreadable(f"lacks the columns {', '.join(sorted(missing))}")
    if not isinstance(found.index, pd.RangeIndex):
        raise Unreadable("its rows have more fields than its header")
    for name, kind in {**columns, **(optional or {})}.items():
        if name in found:
            _check_column(found[name], kind)
    return found


def _check_column(column: "pd.Series", kind: Any) -> None:
    fields = column.astype(object).where(column.notna(), None).tolist()
    try:
        TypeAdapter(list[kind]).validate_python(fields, strict=True)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        given = "an empty field" if detail["input"] is None else _shortened(repr(detail["input"]))
        message = detail["msg"][0].lower() + detail["msg"][1:]
        raise Unreadable(f"column {column.name}, row {int(detail['loc'][0]) + 1}: {given}; {message}") from error


# --- arrays -----------------------------------------------------------------------------------------------------------

_HEADER = re.compile(rb"\{'descr': '(.{3})', 'fortran_order': False, 'shape': \(((?:\d{1,18}(?:, |,|))*)\), \} *\n")
_KINDS = {kind.encode(): np.dtype(kind) for kind in ("|b1", "|u1", "<i4", "<i8", "<f4", "<f8")}
_MAGIC = b"\x93NUMPY\x01\x00"
# What zipfile lets through of an archive that is none.
_NO_ZIP = (zipfile.BadZipFile, EOFError, OverflowError, RuntimeError, ValueError, struct.error)


def array(path: Path) -> np.ndarray:
    """A file written by `np.save`: in C order, of numbers or bools.

    Raises:
        Unreadable: it is missing or another file.
    """
    try:
        with path.open("rb") as file:
            return _array(file)
    except OSError as error:
        raise Unreadable(_reason(error)) from error


def arrays(path: Path) -> dict[str, np.ndarray]:
    """A file written by `np.savez`, by name: nothing in it is compressed, so that it holds no more than its size.

    Raises:
        Unreadable: it is missing or another file.
    """
    try:
        content = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            names = {member.filename for member in members}
            stored = all(member.compress_type == zipfile.ZIP_STORED for member in members)
            claimed = sum(max(member.file_size, member.compress_size) for member in members)
            if not stored or len(names) < len(members) or claimed > len(content):
                raise Unreadable("not as NumPy writes it: compressed, a name that stands twice, or too large")
            return {member.filename.removesuffix(".npy"): _member(archive, member) for member in members}
    except OSError as error:
        raise Unreadable(_reason(error)) from error
    except _NO_ZIP as error:
        raise Unreadable(f"not a zip file of arrays: {_reason(error)}") from error


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as file:
        return _array(io.BytesIO(file.read()))  # to its end, where its checksum is looked at


def _array(file: BinaryIO) -> np.ndarray:
    magic, length = file.read(len(_MAGIC)), file.read(2)
    header = _HEADER.fullmatch(file.read(int.from_bytes(length, "little")))
    if magic != _MAGIC or header is None or header[1] not in _KINDS:
        raise Unreadable("not the header of an array of numbers")
    kind, shape = _KINDS[header[1]], tuple(int(size) for size in re.findall(rb"\d+", header[2]))
    content = bytearray(file.read())  # which makes the array writable
    if len(content) != math.prod(shape) * kind.itemsize:
        raise Unreadable(f"{len(content)} bytes after a header for {list(shape)} of {kind}")
    if kind == np.bool_ and max(content, default=0) > 1:
        raise Unreadable("a bool that is neither 0 nor 1")
    return np.frombuffer(content, kind).reshape(shape)


# --- words ------------------------------------------------------------------------------------------------------------


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return _shortened(" ".join(str(error).split())) or type(error).__name__


def _shortened(text: str, most: int = 160) -> str:
    text = text if text.isprintable() else repr(text)[1:-1]
    return text if len(text) <= most else f"{text[: most - 3]}..."
