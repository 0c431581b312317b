"""What a user can cause, each ending in one line on stderr and the exit status."""

import click


class _OneLine(click.ClickException):
    """Whatever it quotes (a library's reason, a file's name), it is said on one line."""

    def __init__(self, message: str):
        super().__init__(" ".join(message.splitlines()))


class BadInput(_OneLine):
    """The input cannot be used as it is: exit status 2."""

    exit_code = 2


class Failed(_OneLine):
    """The input was fine and the work failed: exit status 1."""

    exit_code = 1


def in_words(error: OSError) -> str:
    """What the system refused, and where it says so. Of a full disk NumPy tells two numbers and nothing else."""
    where = f"{error.filename}: " if error.filename else ""
    reason = error.strerror or str(error)
    if reason.endswith(" written"):
        reason = f"a file could not be written whole; is the disk full? ({reason})"
    return where + reason
