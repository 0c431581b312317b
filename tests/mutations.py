"""Ways in which a file goes wrong, as Hypothesis strategies: from a file's bytes to bytes that are no longer it."""

import copy
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

Key = tuple[Any, ...]

# --- any file ---------------------------------------------------------------------------------------------------------


@st.composite
def bytes_of(draw: st.DrawFn, content: bytes) -> bytes:
    """Damage that knows nothing of the format."""
    start, length = draw(st.integers(0, len(content))), draw(st.integers(0, 64))
    match draw(st.sampled_from(["cut", "flip", "lose", "insert", "double", "empty", "garbage", "wide", "trail"])):
        case "cut":
            return content[:start]
        case "flip":
            place = min(start, len(content) - 1)
            return content[:place] + bytes([content[place] ^ 1 << draw(st.integers(0, 7))]) + content[place + 1 :]
        case "lose":
            return content[:start] + content[start + length :]
        case "insert":
            return content[:start] + draw(st.binary(max_size=16)) + content[start:]
        case "double":
            return content[:start] + content[start : start + length] + content[start:]
        case "empty":
            return b""
        case "garbage":
            return draw(st.binary(min_size=1, max_size=200))
        case "wide":
            return content.decode("latin-1").encode("utf-16")
        case _:
            return content + draw(st.sampled_from([b"\0", b"\n", b"\xff", b"\r\n\x1a", content]))


def put_in_its_place(path: Path, what: str) -> None:
    """What is no file at all."""
    path.unlink()
    match what:
        case "folder":
            path.mkdir()
        case "dangling link":
            path.symlink_to("nowhere")
        case "endless link":
            path.symlink_to(path.name)


NO_FILES = ["nothing", "folder", "dangling link", "endless link"]

# --- JSON and YAML ----------------------------------------------------------------------------------------------------

NUMBERS: list[Any] = [0, 1, -1, 3, 10**9, 10**400, 0.5, -0.5, 1e-300, 1e300, float("nan"), float("inf"), -float("inf")]
WORDS = [
    "",
    "text",
    "1",
    "nan",
    "None",
    "ö\u2028\x00\x1b[31m",
    "x" * 5000,
    "../..",
    "keras",
    "batch",
    "digits",
    "mnist",
]
VALUES = st.recursive(
    st.sampled_from([None, True, False, *NUMBERS, *WORDS]) | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*WORDS, "first", "met"]), inner),
    max_leaves=5,
)


def places(node: Any, above: Key = ()) -> list[Key]:
    """The keys, in full, of everything in a tree of mappings and lists."""
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [place for key, value in inside for place in [(*above, key), *places(value, (*above, key))]]


@st.composite
def tree_of(draw: st.DrawFn, tree: Any, values: st.SearchStrategy[Any] = VALUES) -> Any:
    """A tree with one to three values changed, lost, doubled or under another name."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        found = places(tree)
        if not found:
            return tree
        # a place high up is as likely as one of the many at the ends
        depth = draw(st.sampled_from(sorted({len(place) for place in found})))
        *folders, last = draw(st.sampled_from([place for place in found if len(place) == depth]))
        node = tree
        for folder in folders:
            node = node[folder]
        match draw(st.sampled_from(["change", "change", "change", "lose", "double", "rename", "all"])):
            case "change":
                node[last] = copy.deepcopy(draw(values))  # or the next change would be one of the strategy itself
            case "lose":
                del node[last]
            case "double" if isinstance(node, list):
                node.insert(last, copy.deepcopy(node[last]))
            case "rename" | "double" if isinstance(node, dict):
                node[draw(st.sampled_from([f"{last}_", *WORDS[:4]]))] = node.pop(last)
            case "all" if isinstance(node, list):
                node[:] = [copy.deepcopy(draw(values))] * len(node)
    return tree


@st.composite
def json_of(draw: st.DrawFn, content: bytes) -> bytes:
    """Another value somewhere in a JSON file; now and then what no library would write."""
    text = json.dumps(draw(tree_of(json.loads(content))))
    if draw(st.integers(0, 19)) == 0:
        text = draw(
            st.sampled_from(["[" * 100_000, text.replace(":", ": " + "9" * 5000, 1), f'{{"a": {text}, "a": 1}}'])
        )
    return text.encode(draw(st.sampled_from(["utf-8"] * 9 + ["utf-16"])))


# --- tables -----------------------------------------------------------------------------------------------------------

FIELDS = ["", "0", "1", "-1", "0.5", "1.5", "2", "7", "1e300", "-1e300", "inf", "-inf", "nan", "NaN", "NA", "True"]
FIELDS += [
    "text",
    "9" * 400,
    '"',
    "a,b",
    "ö",
    "\x00",
    "mixed",
    "none",
    "both",
    "keras",
    "batch",
    "relu",
    "1e-300",
    "3.0",
]


@st.composite
def csv_of(draw: st.DrawFn, content: bytes) -> bytes:
    """A table with columns, rows or fields changed."""
    header, *rows = list(csv.reader(io.StringIO(content.decode("utf-8"))))
    column = draw(st.integers(0, len(header) - 1))
    row = draw(st.integers(0, max(len(rows) - 1, 0)))
    fields = st.sampled_from(FIELDS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    match draw(st.sampled_from(["field"] * 4 + ["column", "lose", "rename", "add", "rows", "some", "double", "shift"])):
        case "field" if rows:
            rows[row][column] = draw(fields)
        case "column":
            value = draw(fields)
            rows = [[*one[:column], value, *one[column + 1 :]] for one in rows]
        case "lose":
            header, *rows = ([*one[:column], *one[column + 1 :]] for one in [header, *rows])
        case "rename":
            header[column] = draw(st.sampled_from(["", "other", header[0], header[-1], "dropout", "momentum"]))
        case "add":
            header, rows = [*header, draw(fields)], [[*one, draw(fields)] for one in rows]
        case "rows":
            rows = rows[:row] if draw(st.booleans()) else rows[row:]
        case "some" if rows:  # all that have a value, or all that have not
            alike, keep = rows[row][column], draw(st.booleans())
            rows = [one for one in rows if (one[column] == alike) == keep]
        case "double":
            rows = [*rows, *rows] if draw(st.booleans()) else rows[: row + 1] + rows[row:]
        case "shift":
            header = header[1:] if draw(st.booleans()) else [*header, "more", "more"]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue().encode("utf-8")


# --- arrays -----------------------------------------------------------------------------------------------------------


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


VALUES_OF_ARRAYS = [0, 1, 255, -1, 10**9, np.nan, np.inf]


@st.composite
def npy_of(draw: st.DrawFn, content: bytes) -> bytes:
    """An array of another kind, shape or order, or with other values."""
    array = np.load(io.BytesIO(content))
    match draw(st.sampled_from(["kind", "order", "shape", "object", "values", "bytes"])):
        case "kind":
            kind = draw(
                st.sampled_from(["<f4", "<f8", "<i8", "<i4", "|u1", "|b1", ">i4", ">f4", "<U3", "<c8", "<M8[s]"])
            )
            with np.errstate(all="ignore"):
                return npy(array.astype(kind))
        case "order":
            return npy(np.asfortranarray(array))
        case "shape":
            shapes = [array.reshape(-1), array[..., None], array[None], array.T, array.reshape(-1)[:0]]
            if array.ndim:
                shapes += [array[1:], array[:, :1] if array.ndim > 1 else array[:1], np.concatenate([array, array])]
            return npy(np.ascontiguousarray(draw(st.sampled_from(shapes))))
        case "object":
            return npy(np.array([None, {"a": 1}], dtype=object))
        case "values":
            value, place = draw(st.sampled_from(VALUES_OF_ARRAYS)), draw(st.integers(0, max(array.size - 1, 0)))
            some = slice(None) if draw(st.booleans()) else slice(place, place + 1)
            changed = np.array(array, order="C")
            with np.errstate(all="ignore"):
                changed.reshape(-1)[some] = np.array(value).astype(array.dtype)
            return npy(changed)
        case _:
            return draw(bytes_of(content))


def by_format(path: Path, content: bytes) -> st.SearchStrategy[bytes]:
    """Damage that knows a file's format, or that does not."""
    formats: dict[str, Callable[[bytes], st.SearchStrategy[bytes]]] = {
        ".json": json_of,
        ".csv": csv_of,
        ".npy": npy_of,
    }
    own = formats.get(path.suffix)
    return st.one_of(own(content), own(content), bytes_of(content)) if own else bytes_of(content)
