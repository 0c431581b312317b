"""What roc-validator says of a crate, without a network; runs in an environment of the validator's own.

    python validate.py FOLDER PROFILE SEVERITY < context.json

The context goes into the validator's cache, as if it had been downloaded. Writes a JSON list: message and entity of
each issue.
"""

import io
import json
import sys
import tempfile
from pathlib import Path

import requests
import urllib3
from requests_cache import CachedSession
from rocrate_validator import services
from rocrate_validator.models import Severity, ValidationSettings

CONTEXT = "https://w3id.org/ro/crate/1.1/context"


def fill(cache: Path, context: str) -> None:
    response = requests.Response()
    response.url, response.status_code, response._content = CONTEXT, 200, context.encode()
    response.headers["Content-Type"] = "application/ld+json"
    response.raw = urllib3.HTTPResponse(io.BytesIO(), preload_content=False, request_url=CONTEXT)
    response.request = requests.Request("GET", CONTEXT).prepare()
    with CachedSession(str(cache), backend="sqlite") as session:
        session.cache.save_response(response)


def issues(folder: str, profile: str, severity: str, cache: Path) -> list[tuple[str, str]]:
    settings = ValidationSettings(
        rocrate_uri=folder,
        profile_identifier=profile,
        requirement_severity=getattr(Severity, severity),
        offline=True,
        cache_path=cache,
    )
    found = services.validate(settings).get_issues()
    return [(issue.message, str(issue.violatingEntity or "")) for issue in found]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as where:
        fill(Path(where) / "http", sys.stdin.read())
        json.dump(issues(*sys.argv[1:], Path(where) / "http"), sys.stdout)
