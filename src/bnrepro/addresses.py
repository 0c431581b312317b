"""Addresses that users name: what kind they are of, and how to show them without the secrets in them."""

import os
import re
from collections.abc import Iterator
from urllib.parse import unquote

_LOCAL_SCHEMES = ("", "file", "mssql", "mysql", "postgresql", "sqlite")
_BEFORE_HOST, _QUERY = re.compile(r"(?<=://)\S*@"), re.compile(r"(://[^\s?]*\?)\S+")
_SECRETS = re.compile(  # a password; what a web server takes for a token; a value of the query that is called a secret
    r"://[^\s:@/]*:(\S*)@|https?://([^\s:@/]+)@|[?&][^\s&=]*(?:key|pass|pwd|secret|sig|token)[^\s&=]*=([^\s&]+)", re.I
)
_HIDDEN = "***"


def is_server(address: str) -> bool:
    """Whether MLflow is asked through a server; otherwise it opens a database or a folder by itself."""
    kind = address.partition(":")[0].partition("+")[0].lower()
    return kind not in _LOCAL_SCHEMES and (":" in address or kind == "databricks")


def without_secrets(text: str) -> str:
    """A text that quotes addresses, or an error that quotes a header, without what only its user may know."""
    text = _QUERY.sub(rf"\1{_HIDDEN}", _BEFORE_HOST.sub(f"{_HIDDEN}@", text))
    for secret in sorted(set(_secrets()), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return text


def _secrets() -> Iterator[str]:
    """The secrets of this process's environment, as a library may quote them; the shortest would match anything."""
    for name, value in os.environ.items():
        found = [group for match in _SECRETS.findall(value) for group in match]
        if name.endswith(("PASSWORD", "SECRET", "ACCESS_KEY", "TOKEN")):
            found.append(value.strip())
        yield from (form for secret in found for form in (secret, unquote(secret)) if len(form) > 3)
