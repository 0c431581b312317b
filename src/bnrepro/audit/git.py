"""What git says of this clone."""

import subprocess

from bnrepro import paths
from bnrepro.errors import Failed


class Refused(Failed):
    """Git does not do what it was asked for; the message has its reason."""


def output(*arguments: str) -> bytes:
    """What `git` with these arguments writes, in the root of the clone.

    Raises:
        Failed: git is not installed.
        Refused: it fails.
    """
    command = ["git", "-C", str(paths.root()), *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=True).stdout
    except FileNotFoundError as error:
        raise Failed("git is not installed: no commit can be named") from error
    except subprocess.CalledProcessError as error:
        raise Refused(f"git: {error.stderr.decode(errors='replace').strip()}") from error


def text(*arguments: str) -> str:
    """The same as text."""
    return output(*arguments).decode()
