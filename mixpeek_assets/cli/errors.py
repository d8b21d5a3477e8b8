"""The errors of commands."""

import click

from mixpeek_assets.errors import UserError


class CommandError(UserError):
    """A command cannot run; the message says what to do."""


class WrongUseError(click.ClickException):
    """What was typed cannot be meant; the message says why."""

    exit_code = 2
