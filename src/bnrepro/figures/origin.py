"""What a figure was made from, as text in the figure itself: so a copy of the file alone still names its origin."""

import html
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PIL import Image
from pydantic import ValidationError

from bnrepro.analysis import tables
from bnrepro.errors import BadInput

# Where each format has room for text: `Description` of Dublin Core and of PNG, `Subject` of PDF.
_FIELD = {"svg": "Description", "png": "Description", "pdf": "Subject"}
_NO_CLOCK: dict[str, dict[str, None]] = {"svg": {"Date": None}, "png": {}, "pdf": {"CreationDate": None}}
FORMATS = tuple(_FIELD)

Origin = dict[str, Any]


def of(provenance: dict[str, Any], studies: Iterable[str]) -> Origin:
    """What a figure was made from.

    Args:
        provenance: of the tables that it was drawn from (`bnrepro.claims.summarize.provenance`).
        studies: those that it shows.

    Returns:
        `bnrepro` (version), `dataset`, `data_digest`, `source_digest` (of the code that trains and measures), and in
        `studies`, for each of them, `params_digest` and the number of its `records`. Digests are SHA-256.

    Raises:
        BadInput: the tables' provenance lacks a study.
    """
    if missing := [study for study in studies if study not in provenance["studies"]]:
        raise BadInput(f"provenance.json knows nothing of the study {missing[0]}, which the tables have")
    common = {key: provenance[key] for key in ("bnrepro", "dataset", "data_digest", "source_digest")}
    return {**common, "studies": {study: provenance["studies"][study] for study in studies}}


def metadata(origin: Origin, name: str, kind: str) -> dict[str, str | None]:
    """The metadata of a file of that kind (`svg`, `png`, `pdf`), as matplotlib takes them."""
    return {"Title": name, _FIELD[kind]: json.dumps(origin, sort_keys=True), **_NO_CLOCK[kind]}


def read(path: Path) -> Origin:
    """What a figure's file says of its origin.

    Raises:
        BadInput: it is no figure of this project.
    """
    try:
        found = _text(path)
        origin = json.loads(found)
    except (OSError, ValueError, LookupError, SyntaxError) as error:  # SyntaxError is Pillow's word for a broken PNG
        raise BadInput(f"{path}: not a figure that names its origin ({error})") from error
    try:
        tables.Origin.model_validate(origin)
    except ValidationError as error:
        raise BadInput(f"{path}: not a figure that names its origin") from error
    return origin


def _text(path: Path) -> str:
    kind = path.suffix.removeprefix(".")
    if kind == "png":
        with Image.open(path) as image:
            return image.info[_FIELD[kind]]
    pattern = {"svg": rb"<dc:description>(.*?)</dc:description>", "pdf": rb"/Subject \((.*?)\)"}[kind]
    found = re.search(pattern, path.read_bytes(), re.DOTALL)
    if found is None:
        raise ValueError("its metadata lack it")
    return html.unescape(found[1].decode("utf-8"))
