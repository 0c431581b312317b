"""Ways in which a file goes wrong, as Hypothesis strategies: from a file's bytes to bytes that are no longer it."""

import copy
import io
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

# --- YAML ------------------------------------------------------------------------------------------------------------

WORDS = ["", "text", "1", "nan"]


def places(node: Any, above: Key = ()) -> list[Key]:
    """The keys, in full, of everything in a tree of mappings and lists."""
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [place for key, value in inside for place in [(*above, key), *places(value, (*above, key))]]


@st.composite
def tree_of(draw: st.DrawFn, tree: Any, values: st.SearchStrategy[Any]) -> Any:
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
                node[draw(st.sampled_from([f"{last}_", *WORDS]))] = node.pop(last)
            case "all" if isinstance(node, list):
                node[:] = [copy.deepcopy(draw(values))] * len(node)
    return tree


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
    return (
        st.one_of(npy_of(content), npy_of(content), bytes_of(content)) if path.suffix == ".npy" else bytes_of(content)
    )
