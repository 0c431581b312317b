"""What a user can cause, each ending in one line on stderr and the exit status."""

import click


class BadInput(click.ClickException):
    """The input cannot be used as it is: exit status 2."""

    exit_code = 2


class Failed(click.ClickException):
    """The input was fine and the work failed: exit status 1."""

    exit_code = 1
