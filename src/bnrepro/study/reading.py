"""A YAML file as a checked model. Whatever is wrong with the file is reported in one line that names the key."""

import math
import reprlib
import warnings
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from bnrepro.errors import BadInput

Model = TypeVar("Model", bound=BaseModel)

_PLAINLY = {  # where pydantic speaks of what only a programmer knows
    "model_type": "a mapping of keys to values is needed",
    "dict_type": "a mapping of keys to values is needed",
    "too_short": "one entry at least is needed",
    "string_type": "a name is needed; in quotes it is one",
}


def read(path: Path, model: type[Model]) -> Model:
    """The content of a YAML file, as a model.

    Raises:
        BadInput: the file cannot be read or holds what the model does not allow; one line names the key, what was
            given and what is allowed.
    """
    try:
        content = load(path)
    except OSError as error:
        raise BadInput(f"{path.name}: {error.strerror}") from error
    except Exception as error:  # ruamel.yaml lets through whatever a malformed scalar makes Python raise
        raise BadInput(f"{path.name}: not readable as YAML: {_reason(error)}") from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise BadInput(f"{path.name}: {_one_line(error, model)}") from error


def load(path: Path) -> Any:
    """The content of a YAML file as DVC reads it: by the same library, in YAML 1.2, where 1e-05 is a number.

    Raises:
        OSError: the file cannot be read.
        Exception: any that the library, or Python on its behalf, has for what is no YAML.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where a file says that it is YAML 1.1, of what 1.1 would not do
        return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def _reason(error: Exception) -> str:
    if isinstance(error, MarkedYAMLError) and (mark := error.problem_mark):
        problem = " ".join(f"{error.context or ''} {error.problem}".split())
        return f"line {mark.line + 1}, column {mark.column + 1}: {problem[:160]}"
    return " ".join(str(error).split()).replace('in "<unicode string>", ', "")


def _one_line(error: ValidationError, model: type[BaseModel]) -> str:
    details = error.errors(include_url=False)
    # a misspelt key is also a missing one, and says more
    first = next((detail for detail in details if detail["type"] == "extra_forbidden"), details[0])
    # pydantic's own marks in a location ("[key]") are of no use to whoever wrote the file
    key = ".".join(_printable(str(part)) for part in first["loc"] if part != "[key]")
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    value = first["input"]
    allowed = _PLAINLY.get(first["type"]) or first["msg"][0].lower() + first["msg"][1:]
    if isinstance(value, float) and not math.isfinite(value):
        allowed = "input should be a finite number"  # whichever bound it breaks
    match first["type"]:
        case "missing":
            return f"{key}: missing{more}"
        case "extra_forbidden":
            return f"{key}: unknown key; allowed here: {', '.join(_keys(model, first['loc'][:-1]))}{more}"
        case "value_error":
            allowed = str(first["ctx"]["error"])
            if not key:  # of the file as a whole: it names its keys itself
                return f"{allowed}{more}"
    try:
        given = "nothing" if value is None else f"{_printable(reprlib.repr(value))} ({type(value).__name__})"
    except ValueError:  # Python's limit for printing an int, and YAML's hexadecimal numbers know none
        given = "a number of thousands of digits"
    return f"{key or 'the file'}: {given} given; {allowed}{more}"


def _printable(text: str) -> str:
    text = text if text.isprintable() else repr(text)[1:-1]
    return text if len(text) <= 60 else text[:57] + "..."


def _keys(model: Any, location: tuple[int | str, ...]) -> list[str]:
    """The keys allowed at a place in the file."""
    for part in location:
        inside = hasattr(model, "model_fields")
        model = model.model_fields[part].annotation if inside else get_args(model)[1]  # of a dict: its values' type
    return sorted(model.model_fields)
