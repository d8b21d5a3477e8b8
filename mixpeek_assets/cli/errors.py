"""The errors of commands."""

from mixpeek_assets.errors import UserError


class CommandError(UserError):
    """A command cannot run; the message says what to do."""
