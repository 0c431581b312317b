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


def last_commit(form: str, *changed: str) -> list[str]:
    """The last commit that changed one of these paths, or the last of all, in the words of git's `--format`.

    Returns:
        The words; none where no commit did.

    Raises:
        Failed: git is not installed.
        Refused: there is no repository here.
    """
    return text("log", "-1", "--no-show-signature", f"--format={form}", "--", *changed).split()


def refuse_changes() -> None:
    """Refuse a tree that is not what the last commit has.

    Raises:
        Failed: a file was changed, or one is new among code, reference and reports; or git is not installed.
        Refused: there is no repository here.
    """
    changed = text("status", "--porcelain", "--untracked-files=no")
    # new files there decide too, whatever the user's configuration has git show
    changed += text("status", "--porcelain", "--untracked-files=normal", "--", "src", "data/reference", "reports")
    if names := sorted({line[3:] for line in changed.splitlines()}):
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise Failed(
            f"the tree has changes that no commit has ({', '.join(names[:3])}{more}): commit or undo them first"
        )


def refuse_shallow(lacking: str) -> None:
    """Refuse a clone without its history.

    Args:
        lacking: what the history is needed for, after "which says".

    Raises:
        Failed: it was cloned with `--depth`.
    """
    if text("rev-parse", "--is-shallow-repository").strip() == "true":
        raise Failed(f"this clone lacks its history, which says {lacking}: `git fetch --unshallow` gets it")
